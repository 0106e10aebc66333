"""Templates: nothing that the strict content policy forbids, no text that a person sees outside gettext."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from jinja2 import Environment, nodes

from tests.architecture.sources import ROOT, Source, plant, portal, templates, without_jinja

SAID_IN = {"title", "alt", "placeholder", "aria-label", "aria-description", "label"}
NOT_READ = {"script", "style", "template"}
A_WORD = re.compile(r"[A-Za-z]{2,}|[\u3400-\u9fff]")
A_SENTENCE = re.compile(r"[A-Z][a-z]+|[\u3400-\u9fff]")
MARKS = {"_", "gettext", "ngettext", "_l", "N_"}
# Words that are the same in every language, or are an example of what to type.
AS_IT_IS = {"English", "中文", "7K3F-9Q2M-XY", "IP", "VLAN", "Mbit/s", "CSV", "PDF"}
# What an operator reads at the terminal is English.
TERMINAL = {"portal.cli", "portal.running"}
# Whose arguments a person reads, and which of them.
SHOWN = {
    "Refusal": (1,), "State": (1,), "Action": (1, 2), "Message": (1, 2), "Column": (1,), "Choice": (1,), "Text": (1,), "DateRange": (1,),
    "Figure": (0, 2), "DueItem": (0, 1), "ActionView": (0,), "flash": (0,), "Place": (1,), "StringField": (0,), "TextField": (0,),
    "TextAreaField": (0,), "SelectField": (0,), "SelectMultipleField": (0,), "RadioField": (0,), "BooleanField": (0,), "DateField": (0,),
    "IntegerField": (0,), "PasswordField": (0,), "UploadField": (0,), "PickField": (0,), "EmailField": (0,), "DateTimeLocalField": (0,),
    "DataRequired": (0,), "InputRequired": (0,),
}  # fmt: skip


class Page(HTMLParser):
    """What of a template breaks the policy, and what of it people read."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forbidden: list[str] = []
        self.said: list[str] = []
        self._inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        line = self.getpos()[0]
        for name, value in found.items():
            if name == "style" or name.startswith("on") or value.strip().lower().startswith("javascript:"):
                self.forbidden.append(f"{line}: <{tag} {name}=...>")
            if name in SAID_IN:
                self._say(value, line)
        if tag == "style" or (tag == "script" and "src" not in found):
            self.forbidden.append(f"{line}: <{tag}>")
        if tag in NOT_READ:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self._say(data, self.getpos()[0])

    def _say(self, text: str, line: int) -> None:
        text = " ".join(text.split())
        if A_WORD.search(text) and text not in AS_IT_IS:
            self.said.append(f"{line}: {text}")


def texts_in_expressions(template: str) -> Iterator[str]:
    """Strings in Jinja that look like something to read and do not go through gettext."""
    yield from _texts(Environment().parse(template))


def _texts(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in MARKS:
        for child in (*node.kwargs, *([node.dyn_kwargs] if node.dyn_kwargs else [])):
            yield from _texts(child)
        return
    if isinstance(node, nodes.Compare | nodes.Test | nodes.Import | nodes.FromImport | nodes.Include | nodes.Extends):
        return
    if (
        isinstance(node, nodes.Const)
        and isinstance(node.value, str)
        and A_SENTENCE.search(node.value)
        and node.value.strip() not in AS_IT_IS
    ):
        yield f"{node.lineno}: {node.value}"
    for child in node.iter_child_nodes():
        yield from _texts(child)


def texts_in_code(source: Source) -> Iterator[str]:
    """Literals that stand where people read them: labels, refusals, messages, flashes."""
    for module in source.modules.values():
        if module.name in TERMINAL or module.area == "demo":
            continue
        for call in ast.walk(module.tree):
            if not isinstance(call, ast.Call):
                continue
            name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""
            for place in SHOWN.get(name, ()):
                if place < len(call.args) and _literal(call.args[place]):
                    yield f"{module.name}:{call.lineno}"
            for keyword in call.keywords:
                if keyword.arg in ("label", "description", "said", "message") and _literal(keyword.value):
                    yield f"{module.name}:{call.lineno}"


def _literal(node: Any) -> bool:
    if isinstance(node, ast.JoinedStr):
        return any(_literal(part) for part in node.values)
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(A_SENTENCE.search(node.value))


@pytest.mark.parametrize(("name", "text"), [pytest.param(name, text, id=name) for name, text in templates()])
def test_templates(name: str, text: str) -> None:
    page = Page(without_jinja(text))
    assert not page.forbidden
    assert not page.said
    assert not list(texts_in_expressions(text))


def test_what_people_read_in_the_code_is_marked() -> None:
    assert not list(texts_in_code(portal()))


def test_static_files_bring_no_code_by_the_back_door() -> None:
    """No script makes code from text, and no style sheet loads from elsewhere."""
    for path in sorted((ROOT / "portal/static").rglob("*.js")):
        assert not re.search(r"\beval\(|new Function\(|setAttribute\(.style.|\.innerHTML\s*=|document\.write", path.read_text()), path.name
    for path in sorted((ROOT / "portal/static").rglob("*.css")):
        assert not re.search(r"url\(\s*['\"]?(https?:)?//|@import", path.read_text()), path.name


@pytest.mark.parametrize(
    "planted",
    [
        '<p style="color: red"></p>',
        '<a href="#" onclick="go()"></a>',
        '<a href="javascript:go()"></a>',
        "<style>p {}</style>",
        "<script>go()</script>",
        '{% if x %}<td {% if y %}style="width: {{ w }}px"{% endif %}></td>{% endif %}',
    ],
)
def test_finds_what_the_policy_forbids(planted: str) -> None:
    assert Page(without_jinja(planted)).forbidden


@pytest.mark.parametrize(
    "planted",
    [
        "<p>Room {{ room }}</p>",
        "<p>{% if x %}机房{% endif %}</p>",
        '<img alt="A photo">',
        "<button title=\"{{ _('ok') }}\">Go</button>",
    ],
)
def test_finds_a_text_beside_gettext(planted: str) -> None:
    assert Page(without_jinja(planted)).said


@pytest.mark.parametrize(
    "planted",
    ["{{ ui.panel('Facts') }}", "{% set title = '机房' %}", "{{ _('Room %(r)s', r='Main room') }}", "{{ x or 'Nothing' }}"],
)
def test_finds_a_text_in_an_expression(planted: str) -> None:
    assert list(texts_in_expressions(planted))


@pytest.mark.parametrize(
    "clean",
    [
        '<p class="quiet">{{ _(\'Room %(r)s\', r=room.code) }} · {{ "—" }}</p>',
        "{% if state == 'Issued' %}{{ ui.state(view, 'small') }}{% endif %}",
        "<script src=\"{{ url_for('static', filename='app.js') }}\" defer></script>",
    ],
)
def test_lets_pass_what_is_right(clean: str) -> None:
    page = Page(without_jinja(clean))
    assert [page.forbidden, page.said, list(texts_in_expressions(clean))] == [[], [], []]


def test_finds_a_text_in_the_code(tmp_path: Any) -> None:
    source = plant(
        tmp_path,
        badges__rules='A = Refusal("badge.limit", "Too many badges")\nB = Refusal("badge.limit", N_("Too many badges"))',
        badges__views='flash("Done")\nflash(f"Badge {number} is issued")\nflash(_("Done"))\nColumn("number", "Number")',
    )
    assert list(texts_in_code(source)) == [
        "portal.badges.rules:1",
        "portal.badges.views:1",
        "portal.badges.views:2",
        "portal.badges.views:4",
    ]
