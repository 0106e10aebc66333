"""As much of a page as a browser needs to work it: elements, links, forms with their controls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from portal.demo.scenario.telling import Unexpected

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
INLINE = frozenset({"a", "b", "code", "del", "em", "i", "ins", "small", "strong"})
UNSEEN = frozenset({"script", "style", "head", "svg"})


@dataclass(eq=False)
class Element:
    """An element with what stands in it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    parts: list[Element | str] = field(default_factory=list)

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def all(self, tag: str = "", css: str = "") -> Iterator[Element]:
        """The elements in it with this tag and class, in order."""
        for part in self.parts:
            if isinstance(part, Element):
                if tag in ("", part.tag) and (not css or css in part.get("class").split()):
                    yield part
                yield from part.all(tag, css)

    def first(self, tag: str = "", css: str = "") -> Element | None:
        return next(self.all(tag, css), None)

    @property
    def text(self) -> str:
        """What can be read in it, on one line."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for part in self.parts:
            if isinstance(part, str):
                yield part
            elif part.tag not in UNSEEN:
                apart = "" if part.tag in INLINE else " "  # a block's text does not run into its neighbour's
                yield apart
                yield from part._texts()
                yield apart


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].parts.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].parts.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        place = next((place for place in range(len(self._open) - 1, 0, -1) if self._open[place].tag == tag), 0)
        if place:
            del self._open[place:]

    def handle_data(self, data: str) -> None:
        self._open[-1].parts.append(data)


def read(markup: str) -> Element:
    """The tree of a page."""
    tree = _Tree()
    tree.feed(markup)
    tree.close()
    return tree.root


@dataclass
class Control:
    """A field of a form, one box of several, or a button. `options` of a list to choose from: value -> label."""

    name: str
    value: str
    kind: str
    label: str = ""
    on: bool = True
    options: dict[str, str] = field(default_factory=dict)

    @property
    def is_button(self) -> bool:
        return self.kind in ("submit", "image")

    @property
    def is_box(self) -> bool:
        return self.kind in ("checkbox", "radio")


@dataclass
class Form:
    """A form as it stands on the page, with what is filled in already."""

    action: str
    method: str
    id: str
    controls: list[Control]

    def named(self, name: str) -> list[Control]:
        return [control for control in self.controls if control.name == name]

    def option(self, name: str, label: str) -> str:
        """The value of the one choice whose label holds this text. Raises Unexpected."""
        found = [value for control in self.named(name) for value, text in control.options.items() if label in text]
        found += [control.value for control in self.named(name) if control.is_box and label in control.label]
        if len(found) != 1:
            raise Unexpected(f"{len(found)} choices of {name} say “{label}”")
        return found[0]

    def fill(self, values: Mapping[str, str | list[str]]) -> None:
        """Fills fields in as a person could: only what is there, only what can be chosen. Several of one name take a list."""
        for name, given in values.items():
            controls, wanted = self.named(name), [given] if isinstance(given, str) else given
            if not controls:
                raise Unexpected(f"the form {self.action} has no field {name}")
            if controls[0].is_box:
                _tick(name, controls, wanted)
            elif len(wanted) > len(controls):
                raise Unexpected(f"the form {self.action} has {len(controls)} fields {name}, not {len(wanted)}")
            else:
                for control, value in zip(controls, wanted, strict=False):
                    if control.options and value not in control.options:
                        raise Unexpected(f"{value!r} cannot be chosen in {name}")
                    control.value = value

    def button(self, name: str = "", value: str = "") -> Control:
        """The first button with this name and, if given, value; without a name the first of all."""
        found = [c for c in self.controls if c.is_button and name in ("", c.name) and value in ("", c.value)]
        if not found:
            raise Unexpected(f"the form {self.action} has no button {name} {value}".rstrip())
        return found[0]

    def data(self, pressed: Control | None) -> dict[str, list[str]]:
        """What a browser would send."""
        sent: dict[str, list[str]] = {}
        for control in self.controls:
            if control.name and control.kind != "file" and (control is pressed or (control.on and not control.is_button)):
                sent.setdefault(control.name, []).append(control.value)
        return sent


def _tick(name: str, boxes: list[Control], wanted: list[str]) -> None:
    missing = set(wanted) - {box.value for box in boxes}
    if missing:
        raise Unexpected(f"{', '.join(sorted(missing))} cannot be chosen in {name}")
    for box in boxes:
        box.on = box.value in wanted


def forms(root: Element) -> list[Form]:
    """All forms of a page, each with the controls that stand elsewhere but belong to it."""
    labels = {label.get("for"): label.text for label in root.all("label") if label.get("for")}
    wrapped = {id(control): label.text for label in root.all("label") for control in label.all("input")}
    inside = {id(element): form for form in root.all("form") for element in form.all()}
    by_id = {form.get("id"): form for form in root.all("form") if form.get("id")}
    made = {id(form): Form(form.get("action"), form.get("method", "get").lower(), form.get("id"), []) for form in root.all("form")}
    for element in root.all():
        owner = by_id.get(element.get("form")) or inside.get(id(element))
        if owner is not None and element.tag in ("input", "select", "textarea", "button") and "disabled" not in element.attributes:
            label = labels.get(element.get("id")) or wrapped.get(id(element), "")
            made[id(owner)].controls.append(_control(element, label))
    return list(made.values())


def _control(element: Element, label: str) -> Control:
    name = element.get("name")
    if element.tag == "select":
        options = [(option.get("value", option.text), option) for option in element.all("option")]
        chosen = [value for value, option in options if "selected" in option.attributes] or [value for value, _option in options[:1]]
        return Control(name, chosen[0] if chosen else "", "select", label, options={value: option.text for value, option in options})
    if element.tag == "textarea":
        return Control(name, "".join(part for part in element.parts if isinstance(part, str)).removeprefix("\n"), "textarea", label)
    kind = element.get("type", "submit" if element.tag == "button" else "text")
    if kind in ("checkbox", "radio"):
        return Control(name, element.get("value", "on"), kind, label, on="checked" in element.attributes)
    return Control(name, element.get("value"), kind, label or element.text)
