"""One person at a browser: pages are read, links followed, forms filled in and sent as they stand there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import httpx

from portal.demo.scenario import html
from portal.demo.scenario.html import Control, Element, Form
from portal.demo.scenario.telling import Outcome, Unexpected

File = tuple[str, bytes]  # its name and what is in it


@dataclass(frozen=True)
class Page:
    """What the portal answered."""

    path: str
    status: int
    codes: tuple[str, ...]
    root: Element

    @property
    def main(self) -> Element:
        """The page without rail, bar and menus."""
        return self.root.first("main") or self.root

    @property
    def heading(self) -> str:
        found = self.root.first("h1")
        return found.text if found else ""

    @property
    def number(self) -> str:
        """The record's number at the head of its page."""
        found = self.root.first("h1")
        code = found.first(css="code") if found else None
        if code is None:
            raise Unexpected(f"{self.path} shows no number")
        return code.text

    @property
    def state(self) -> str:
        """The record's state at the head of its page."""
        head = self.root.first(css="page-head")
        found = head.first(css="state") if head else None
        return found.text if found else ""

    @property
    def said(self) -> str:
        """What the page says has been done, or cannot be done."""
        wrong = [item for box in self.root.all(css="summary-errors") for item in box.all("li")]
        stops = [box for box in self.root.all(css="callout") if "stop" in box.get("class").split()]
        lesser = [list(self.root.all(css=css)) for css in ("line-error", "error")]
        for found in (wrong, *lesser, stops, list(self.root.all(css="verdict")), list(self.root.all(css="callout"))):
            if found:
                return " ".join(element.text for element in found)
        return self.heading

    @property
    def flash(self) -> str:
        """What the page says has just been done."""
        found = self.root.first(css="flashes")
        return found.text if found else ""

    @property
    def verdict(self) -> str:
        """The gate's colour: ok, wait or stop."""
        return next((element.get("data-verdict") for element in self.root.all() if element.get("data-verdict")), "")

    @cached_property
    def forms(self) -> list[Form]:
        return html.forms(self.root)

    @cached_property
    def facts(self) -> dict[str, str]:
        """The labelled facts of a record."""
        return {
            label.text: value.text
            for facts in self.root.all("dl", "facts")
            for label, value in zip(facts.all("dt"), facts.all("dd"), strict=True)
        }

    @cached_property
    def rows(self) -> list[dict[str, str]]:
        """The rows of the page's tables, each cell under its column's name."""
        rows = [{cell.get("data-label"): cell.text for cell in row.all("td") if cell.get("data-label")} for row in self.root.all("tr")]
        return [row for row in rows if row]

    def form(self, field: str = "", *, button: str = "", action: str = "", id: str = "") -> Form:
        """The one form with this field or button, sent to an address that ends so, or with this id. Raises Unexpected."""
        found = [
            form
            for form in self.forms
            if (not field or any(c.name == field and not c.is_button for c in form.controls))
            and (not button or any(c.name == button and c.is_button for c in form.controls))
            and form.action.endswith(action)
            and id in ("", form.id)
        ]
        if len(found) != 1:
            raise Unexpected(f"{self.path} has {len(found)} forms {field or button or action or id}: {self.said}")
        return found[0]

    def link(self, text: str = "", *, to: str = "") -> str:
        """Where the first link of this text, or to an address of this pattern, leads. Raises Unexpected."""
        for link in self.root.all("a"):
            if text in ("", link.text) and re.search(to, link.get("href")):
                return link.get("href")
        raise Unexpected(f"{self.path} has no link {text or to}: {self.said}")

    def done(self) -> Page:
        """Itself, if nothing was refused. Raises Unexpected."""
        if self.status != 200 or self.codes:
            raise Unexpected(f"{self.path} answered {self.status} {', '.join(self.codes)}: {self.said}")
        return self

    def outcome(self, figure: str = "") -> Outcome:
        """What it refused, with its reason in words."""
        return Outcome(figure or self.said, ", ".join(self.codes))


class Browser:
    """Cookies are kept, redirects followed. Use it with `with`, or close it."""

    def __init__(self, base_url: str) -> None:
        self._client = httpx.Client(
            base_url=base_url, follow_redirects=True, timeout=30, headers={"Accept-Language": "en", "User-Agent": "Rackpass demo"}
        )

    def close(self) -> None:
        self._client.close()

    def get(self, path: str) -> Page:
        return self._page(self._client.get(path))

    def submit(
        self,
        page: Page,
        form: Form,
        values: Mapping[str, str | list[str]] | None = None,
        *,
        files: Mapping[str, File] | None = None,
        press: Control | None = None,
    ) -> Page:
        """Fills the form in and sends it, by its first button unless another is named."""
        form.fill(values or {})
        missing = [name for name in files or {} if not any(control.kind == "file" for control in form.named(name))]
        if missing:
            raise Unexpected(f"the form of {page.path} takes no file {missing[0]}")
        data = form.data(press or next((control for control in form.controls if control.is_button), None))
        target = str(self._client.base_url.join(page.path).join(form.action)) if form.action else page.path
        if form.method == "get":
            return self._page(self._client.get(target.partition("?")[0], params=data))
        return self._page(self._client.post(target, data=data, files=files or None))

    def press(self, page: Page, form: Form, name: str, value: str = "") -> Page:
        """Sends a form by one of its buttons."""
        return self.submit(page, form, press=form.button(name, value))

    def document(self, path: str) -> bytes:
        """A PDF. Raises Unexpected when it is something else."""
        answer = self._client.get(path)
        if answer.status_code != 200 or answer.headers.get("Content-Type") != "application/pdf" or answer.content[:5] != b"%PDF-":
            raise Unexpected(f"{path} answered {answer.status_code} {answer.headers.get('Content-Type')}, not a PDF")
        return answer.content

    def _page(self, answer: httpx.Response) -> Page:
        path = answer.url.raw_path.decode()
        if answer.status_code not in (200, 422):
            raise Unexpected(f"{answer.request.method} {path} answered {answer.status_code}")
        codes = tuple(code.strip() for code in answer.headers.get("X-Refusal", "").split(",") if code.strip())
        return Page(path, answer.status_code, codes, html.read(answer.text))
