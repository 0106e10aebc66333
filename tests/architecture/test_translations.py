"""Every marked text has its Chinese, with the same placeholders; each check is shown to fail on a planted fault."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from babel import Locale
from babel.support import Translations

from tools import catalogue

MARKS = {"_", "_l", "N_", "gettext", "lazy_gettext", "ngettext"}


def computed_texts(source: str) -> list[int]:
    """The lines where a text is marked that is put together at run time, which no catalogue can hold."""
    return [
        call.lineno
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in MARKS
        and any(isinstance(text, ast.JoinedStr | ast.BinOp) for text in call.args[: 2 if call.func.id == "ngettext" else 1])
    ]


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A small portal with three texts and a catalogue in which all is well."""
    (tmp_path / "babel.cfg").write_text((catalogue.ROOT / "babel.cfg").read_text())
    (tmp_path / "portal").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "portal/rules.py").write_text('SAID = N_("Too " "early")\nngettext("%(num)d badge", "%(num)d badges", 2)\n')
    (tmp_path / "templates/page.html").write_text("<p>{{ _('Room %(room)s', room=room) }}</p>")
    texts = catalogue.extract(tmp_path)
    chinese = {"Too early": "太早", "%(num)d badge": "%(num)d 张出入证", "Room %(room)s": "机房 %(room)s"}
    catalogue.write(catalogue.refresh(texts, catalogue.Catalog(), chinese), tmp_path / "messages.po")
    assert check(tmp_path) == []
    return tmp_path


def check(root: Path) -> list[str]:
    return list(catalogue.faults_of(catalogue.extract(root), catalogue.read(root / "messages.po")))


def plant(root: Path, old: str, new: str) -> None:
    po = root / "messages.po"
    text = po.read_text()
    assert old in text
    po.write_text(text.replace(old, new))


def test_every_text_is_in_the_catalogue_and_translated() -> None:
    faults = list(catalogue.faults_of(catalogue.extract(), catalogue.read()))
    assert not faults, "\n".join(["run `make messages` and fill in what it names:", *faults])


def test_no_text_is_computed() -> None:
    faults = [
        f"{path.relative_to(catalogue.ROOT)}:{line}"
        for path in sorted((catalogue.ROOT / "portal").rglob("*.py"))
        for line in computed_texts(path.read_text())
    ]
    assert not faults, "mark the whole text and give its parts as %(name)s: " + ", ".join(faults)


def test_finds_a_text_that_is_not_in_the_catalogue(planted: Path) -> None:
    (planted / "templates/new.html").write_text("{% if x %}{{ _('New here') }}{% endif %}")
    assert check(planted) == ["templates/new.html: not in the catalogue: 'New here'"]


def test_finds_a_text_without_its_chinese(planted: Path) -> None:
    plant(planted, 'msgstr "太早"', 'msgstr ""')
    assert check(planted) == ["portal/rules.py: not translated: 'Too early'"]


def test_finds_a_text_that_the_code_lost(planted: Path) -> None:
    (planted / "templates/page.html").unlink()
    assert check(planted) == ["in the catalogue, but no longer in the code: 'Room %(room)s'"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("机房 %(room)s", "机房"),
        ("机房 %(room)s", "机房 %(raum)s"),
        ("%(num)d 张出入证", "两张出入证"),
    ],
)
def test_finds_a_placeholder_that_differs(planted: Path, old: str, new: str) -> None:
    plant(planted, old, new)
    (fault,) = check(planted)
    assert "placeholders differ" in fault


def test_finds_a_placeholder_that_cannot_be_filled_in(planted: Path) -> None:
    plant(planted, "机房 %(room)s", "机房 %(room) 100%")
    assert any("cut short" in fault for fault in check(planted))


def test_finds_a_text_that_is_computed() -> None:
    source = '_(f"Room {room}")\n_("Room " + room)\nngettext("a", "b" % n, n)\n_("Room %(room)s", room=f"{a}")\n'
    assert computed_texts(source) == [1, 2, 3]


def test_a_template_that_cannot_be_read_is_named(planted: Path) -> None:
    (planted / "templates/broken.html").write_text("{% if %}")
    faults: list[str] = []
    assert "Room %(room)s" in catalogue.extract(planted, faults)
    assert len(faults) == 1
    assert faults[0].startswith("templates/broken.html: cannot be read")


def test_bringing_it_up_to_date_keeps_what_is_translated_and_guesses_nothing(planted: Path) -> None:
    po = planted / "messages.po"
    before = po.read_text()
    catalogue.write(catalogue.refresh(catalogue.extract(planted), catalogue.read(po)), po)
    assert po.read_text() == before
    (planted / "portal/rules.py").write_text('SAID = N_("Too early now")\n')
    catalogue.write(catalogue.refresh(catalogue.extract(planted), catalogue.read(po)), po)
    assert 'msgid "Too early now"\nmsgstr ""' in po.read_text()
    assert "太早" not in po.read_text()
    assert "fuzzy" not in po.read_text()


def test_the_compiled_catalogue_is_what_the_portal_reads(planted: Path) -> None:
    folder = planted / "translations"
    catalogue.compile_to_mo(planted / "messages.po", folder / catalogue.MO_FILE.relative_to(catalogue.ROOT / "portal/translations"))
    texts = Translations.load(folder, [Locale.parse("zh_CN")])
    assert texts.gettext("Too early") == "太早"
    assert texts.ngettext("%(num)d badge", "%(num)d badges", 2) == "%(num)d 张出入证"
