"""Places in words, free room, codes of series: pure."""

from __future__ import annotations

import pytest

from portal.facility import rules
from portal.facility.rules import Run
from portal.kernel.errors import Refusal


@pytest.mark.parametrize(
    ("unit", "height", "text"),
    [(21, 2, "B2-07 / 21–22U"), (9, 1, "B2-07 / 09U"), (1, 42, "B2-07 / 01–42U"), (5, 0, "B2-07 / 0U")],
)
def test_a_place_in_words(unit, height, text):
    assert rules.place_label("B2-07", unit, height) == text


def test_units_in_short():
    assert rules.range_text({1, 2, 3, 7}) == "01–03U, 07U"
    assert rules.range_text(set()) == ""
    assert list(rules.runs([5, 3, 4, 4, 9])) == [(3, 5), (9, 9)]


def test_full_depth_fills_both_faces():
    assert rules.faces_of(2, True, "front") == ("front", "rear")
    assert rules.faces_of(2, False, "rear") == ("rear",)
    assert rules.faces_of(0, True, "front") == ("side",)


@pytest.mark.parametrize(
    ("unit", "height", "code"),
    [
        (1, 1, None),
        (42, 1, None),
        (41, 2, None),
        (0, 1, "outside"),
        (-3, 1, "outside"),
        (42, 2, "outside"),
        (43, 1, "outside"),
        (1, 43, "outside"),
    ],
)
def test_a_rack_has_its_units_and_no_more(unit, height, code):
    refusal = rules.why_not_hold("A", 42, set(), unit, height, ("front", "rear"))
    assert (refusal.code if refusal else None) == (f"facility.{code}_rack" if code else None)


def test_a_taken_unit_is_named():
    refusal = rules.why_not_hold("B2-07", 42, {(6, "rear")}, 5, 3, ("front", "rear"))
    assert refusal is not None
    assert (refusal.code, refusal.data["place"]) == ("facility.units_taken", "B2-07 / 06U")
    assert rules.why_not_hold("B2-07", 42, {(6, "rear")}, 5, 3, ("front",)) is None


@pytest.mark.parametrize(
    ("held", "needed", "fits"), [(0, 6000, True), (5999, 1, True), (6000, 0, True), (6000, 1, False), (0, 6001, False)]
)
def test_power_to_the_watt(held, needed, fits):
    assert (rules.why_not_power("A", 6000, held, needed) is None) == fits


@pytest.mark.parametrize(
    ("taken", "height", "full", "fit"),
    [
        (set(), 1, True, (1, "front")),
        ({(1, "front")}, 1, True, (2, "front")),
        ({(1, "rear")}, 1, True, (2, "front")),
        ({(1, "rear")}, 1, False, (1, "front")),
        ({(unit, "front") for unit in range(1, 11)}, 2, False, (1, "rear")),
        ({(5, "front")}, 6, True, None),
        ({(5, "front")}, 5, True, (6, "front")),
        (set(), 10, True, (1, "front")),
        (set(), 11, True, None),
        ({(1, "front")}, 0, False, (1, "side")),
        ({(1, "side")}, 0, False, (2, "side")),
    ],
)
def test_the_first_fit_in_ten_units(taken, height, full, fit):
    assert rules.first_fit(10, taken, height, full) == fit


def test_what_fits_can_be_held():
    taken = {(2, "front"), (2, "rear"), (5, "rear"), (8, "front")}
    for height in range(1, 6):
        for full in (True, False):
            fit = rules.first_fit(10, taken, height, full)
            if fit is not None:
                assert rules.why_not_hold("A", 10, taken, fit[0], height, rules.faces_of(height, full, fit[1])) is None


def test_free_stretches():
    assert rules.free_runs(6, {(3, "front"), (3, "rear"), (5, "front")}) == [
        Run(1, 2, "both"),
        Run(4, 1, "both"),
        Run(6, 1, "both"),
        Run(5, 1, "rear"),
    ]


def test_a_series_of_codes():
    assert rules.expand_codes("B2-{08-11}") == ["B2-08", "B2-09", "B2-10", "B2-11"]
    assert rules.expand_codes(" B2-07 ") == ["B2-07"]
    assert rules.expand_codes("{1-2}A") == ["1A", "2A"]


@pytest.mark.parametrize("pattern", ["", "B{2", "B{5-4}", "B{1-101}", "B2-{01-20}-with-a-long-tail", "x" * 17, "{1-2}{3-4}"])
def test_what_is_no_series(pattern):
    assert isinstance(rules.expand_codes(pattern), Refusal)
