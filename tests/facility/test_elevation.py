"""The drawings: well-formed, escaped, without styles of their own, each thing where it stands."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from portal.facility import plan
from portal.facility.elevation import CAP, UNIT, Block, Words, draw_face

WORDS = Words(title="Rack B2-07, front", description="2 of 42 units are held", free="%(count)s U free")
NS = "{http://www.w3.org/2000/svg}"


def drawn(*blocks, units=42, face="front", words=WORDS):
    return ElementTree.fromstring(
        draw_face(units, blocks, face, words, "k").replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    )


def block(**changes):
    values = {"unit": 5, "height": 2, "face": "both", "kind": "equipment", "label": "Dell PowerEdge R750", "code": "CN7X40181"}
    return Block(**(values | changes))


def body(svg):
    return next(rect for rect in svg.iter(f"{NS}rect") if rect.get("class") == "e-body")


def test_a_block_stands_on_its_units():
    svg = drawn(block(unit=5, height=2))
    assert (float(body(svg).get("y")), float(body(svg).get("height"))) == (CAP + (42 - 6) * UNIT + 1, 2 * UNIT - 2)
    lowest = body(drawn(block(unit=1, height=1)))
    assert float(lowest.get("y")) == CAP + 41 * UNIT + 1


@pytest.mark.parametrize(("face", "front", "rear"), [("both", 1, 1), ("front", 1, 0), ("rear", 0, 1), ("side", 0, 0)])
def test_a_block_shows_on_its_faces(face, front, rear):
    height = 0 if face == "side" else 2
    for side, count in (("front", front), ("rear", rear)):
        assert sum(rect.get("class") == "e-body" for rect in drawn(block(face=face, height=height), face=side).iter(f"{NS}rect")) == count


def test_every_unit_has_its_number():
    numbers = [text.text for text in drawn(units=47).iter(f"{NS}text") if (text.get("class") or "").startswith("e-number")]
    assert numbers == [f"{unit:02d}" for unit in range(1, 48)]


def test_the_alternative_in_words():
    svg = drawn(block())
    assert svg.get("aria-labelledby") == "k-t k-d"
    assert (svg.find(f"{NS}title").text, svg.find(f"{NS}desc").text) == (WORDS.title, WORDS.description)
    assert (
        next(part for part in svg if part.get("class") == "e-block equipment").get("aria-label")
        == "05–06U · Dell PowerEdge R750 · CN7X40181"
    )


def test_what_has_a_record_is_a_link():
    linked = drawn(block(url="/equipment/01", marked=True))
    [anchor] = linked.iter(f"{NS}a")
    assert (anchor.get("href"), anchor.get("aria-current")) == ("/equipment/01", "true")
    assert not list(drawn(block(kind="occupied", label="Occupied", code="")).iter(f"{NS}a"))


def test_free_room_is_counted():
    texts = [text.text for text in drawn(block(unit=5, height=2), units=12).iter(f"{NS}text") if text.get("class") == "e-free"]
    assert texts == ["4 U free", "6 U free"]
    assert not [text for text in drawn(block(unit=3, height=9), units=12).iter(f"{NS}text") if text.get("class") == "e-free"]


def test_hostile_texts_stay_texts():
    nasty = "\"><script>alert(1)</script>'&"
    source = draw_face(42, [block(label=nasty, code=nasty, note=nasty, url="/x?" + nasty)], "front", Words(nasty, nasty, nasty), "k")
    assert "<script" not in source
    assert drawn(block(label=nasty, url=nasty))


@pytest.mark.parametrize("kind", ["equipment", "away", "planned", "reserved", "occupied"])
def test_no_styles_of_its_own(kind):
    source = draw_face(42, [block(kind=kind, height=height, unit=6 * height) for height in (1, 2, 4)], "front", WORDS, "k")
    assert "style=" not in source
    assert not re.search(r"\son[a-z]+=", source)


@pytest.mark.parametrize("height", [1, 2, 3])
@pytest.mark.parametrize("label", ["Rockwell Automation " * 4, "海" * 60, "", "x"])
def test_long_names_are_cut_and_told_whole(label, height):
    svg = drawn(block(height=height, label=label, code="S" * 40, note="客户" * 40))
    for text in (node for node in svg.iter() if (node.get("class") or "") in ("e-name", "e-code", "e-note")):
        wide = sum(1.0 if ord(c) > 0x2E7F else 0.58 for c in text.text or "") * 11
        assert wide <= 280
    assert label in next(part for part in svg.iter() if (part.get("class") or "").startswith("e-block")).get("aria-label")


def test_a_small_rack():
    tile = plan.Tile(units=42, held=[(1, 4), (10, 10)], fullness=5 / 42, power=0.97, title='B2 "07" <x>')
    svg = ElementTree.fromstring(plan.draw_tile(tile))
    assert "load-1" in svg.get("class")
    assert len([rect for rect in svg.iter("rect") if rect.get("class") is None]) == 2
    assert svg.find("title").text == 'B2 "07" <x>'
    assert any(rect.get("class") == "t-power stop" for rect in svg.iter("rect"))


@pytest.mark.parametrize(("share", "step"), [(0, 0), (0.01, 1), (0.25, 1), (0.26, 2), (0.5, 2), (0.75, 3), (0.76, 4), (1, 4), (1.2, 4)])
def test_the_scale_of_load(share, step):
    assert plan.level(share) == step


@pytest.mark.parametrize(("share", "tone"), [(0, "ok"), (0.79, "ok"), (0.8, "wait"), (0.949, "wait"), (0.95, "stop"), (1.1, "stop")])
def test_the_alarm_of_power(share, tone):
    assert plan.alarm(share) == tone
