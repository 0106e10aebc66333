"""What is wrong with a page that came back: its HTML, what it shows, what the content policy would stop."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# Shapes of a drawing may close themselves.
DRAWN = {"path", "circle", "rect", "line", "polyline", "polygon", "use", "ellipse"}
NOT_IN_A_PARAGRAPH = {
    "address", "article", "aside", "blockquote", "details", "div", "dl", "fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4",
    "header", "hr", "main", "nav", "ol", "p", "pre", "section", "table", "ul",
}  # fmt: skip
PARENTS = {
    "li": {"ul", "ol", "menu"}, "tr": {"thead", "tbody", "tfoot", "table"}, "td": {"tr"}, "th": {"tr"}, "thead": {"table"},
    "tbody": {"table"}, "caption": {"table"}, "dt": {"dl", "div"}, "dd": {"dl", "div"}, "option": {"select", "optgroup", "datalist"},
    "summary": {"details"}, "legend": {"fieldset"}, "body": {"html"}, "head": {"html"}, "title": {"head"},
}  # fmt: skip
NOT_WITHIN = {"a": {"a", "button"}, "button": {"a", "button"}, "form": {"form"}, "label": {"label"}}
NAMED_BY_ITSELF = {"hidden", "submit", "button", "reset", "image"}
REFERS = ("for", "aria-describedby", "aria-labelledby", "aria-controls", "form", "list")
LEAKED = re.compile(r"%\(\w+\)|object at 0x|Undefined|<Lazy|\bnan\b|\{\{|\}\}")
NOTHING = re.compile(r"\bNone\b")  # an English word, too: told from a leak in the Chinese pages


class Page(HTMLParser):
    """`faults` holds everything that is wrong, in words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.title = ""
        self.lang = ""
        self._headings: Counter[int] = Counter()  # the main ones, by template: 0 is what stands in the page itself
        self._templates = 0
        self._open: list[str] = []
        self._ids: Counter[str] = Counter()
        self._references: list[tuple[str, str]] = []
        self._labelled: set[str] = set()
        self._unlabelled: list[str] = []
        self.feed(text)
        self.close()
        self._conclude(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin(tag, attrs)
        if tag not in VOID | DRAWN:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            self._fault(f"</{tag}> is never written")
        elif not self._open or self._open[-1] != tag:
            self._fault(f"</{tag}> closes <{self._open[-1] if self._open else 'nothing'}>")
            if tag in self._open:
                while self._open.pop() != tag:
                    pass
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "title" and "svg" not in self._open:
            self.title += data
        if "template" in self._open:
            return  # nobody sees it before a script has filled it in
        if found := LEAKED.search(data) or (self.lang != "en" and NOTHING.search(data)):
            self._fault(f"shows {found[0]!r} in {' '.join(data.split())[:80]!r}")

    def _begin(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        parent = self._open[-1] if self._open else ""
        if len(found) != len(attrs):
            self._fault(f"<{tag}> has an attribute twice")
        if tag in PARENTS and parent not in PARENTS[tag] | {"template"} and "svg" not in self._open:  # a template's parts go anywhere
            self._fault(f"<{tag}> in <{parent}>")
        if "p" in self._open and tag in NOT_IN_A_PARAGRAPH and "svg" not in self._open:
            self._fault(f"<{tag}> in <p>")
        if self._open and NOT_WITHIN.get(tag, set()) & set(self._open):
            self._fault(f"<{tag}> within {NOT_WITHIN[tag] & set(self._open)}")
        for name, value in found.items():
            self._attribute(tag, name, value)
        self.lang = found.get("lang", "") if tag == "html" else self.lang
        self._templates += tag == "template"
        if tag == "h1":
            self._headings[self._templates if "template" in self._open else 0] += 1
        if tag == "label" and "for" in found:
            self._labelled.add(found["for"])
        named = "aria-label" in found or "aria-labelledby" in found or "label" in self._open
        if tag in ("input", "select", "textarea") and found.get("type") not in NAMED_BY_ITSELF and not named:
            self._unlabelled.append(found.get("id", "") or found.get("name", "?"))
        if tag == "img" and "alt" not in found:
            self._fault("<img> without alt")
        if tag == "style" or (tag == "script" and "src" not in found):
            self._fault(f"<{tag}> in the page")

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name == "id":
            self._ids[value] += 1
        if name in REFERS:
            self._references += [(name, one) for one in value.split()]
        if name == "style" or name.startswith("on") or value.strip().lower().startswith("javascript:"):
            self._fault(f"<{tag} {name}={value!r}>")
        if name in ("href", "src", "action") and not value and tag not in ("form",):
            self._fault(f"<{tag}> with an empty {name}")
        if LEAKED.search(value) or NOTHING.search(value):
            self._fault(f"<{tag} {name}={value[:80]!r}>")

    def _conclude(self, text: str) -> None:
        if not text.lstrip().lower().startswith("<!doctype html>"):
            self.faults.append("no doctype")
        if self._open:
            self.faults.append(f"never closed: {self._open}")
        self.faults += [f"the id {id_!r} {count} times" for id_, count in self._ids.items() if count > 1]
        self.faults += [f"{name} refers to {id_!r}, which is not there" for name, id_ in self._references if id_ not in self._ids]
        self.faults += [f"nothing says what the field {id_!r} is for" for id_ in self._unlabelled if id_ not in self._labelled]
        name = self.title.partition("·")[0].strip()
        if not name or "·" not in self.title:
            self.faults.append(f"the title is {self.title!r}")
        if self.lang not in ("zh-CN", "en"):
            self.faults.append(f"the language is {self.lang!r}")
        # Of the templates a script shows one at a time: with the page's own heading, each makes one at most.
        headings = self._headings[0] + max((count for template, count in self._headings.items() if template), default=0)
        if headings != 1:
            self.faults.append(f"{headings} main headings")

    def _fault(self, what: str) -> None:
        self.faults.append(f"line {self.getpos()[0]}: {what}")
