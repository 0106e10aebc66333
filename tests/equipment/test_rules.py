"""Serial numbers as people type them and as they are kept: pure."""

from __future__ import annotations

import pytest

from portal.equipment.rules import SERIAL_LENGTH, normalise_serial, search_text, why_not_serial


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("cn7x-40181", "CN7X-40181"),
        ("  CN7X 40181\t", "CN7X40181"),
        ("ＣＮ７Ｘ－４０", "CN7X-40"),
        ("sn\u3000001", "SN001"),
        ("", ""),
    ],
)
def test_a_serial_is_kept_in_one_way(typed, kept):
    assert normalise_serial(typed) == kept
    assert normalise_serial(kept) == kept


@pytest.mark.parametrize("typed", ["CN7X-40181", "2102311-TNA8", "ab", "A/B.C_1:2#3+4*(5)&6", "x" * SERIAL_LENGTH])
def test_what_is_a_serial(typed):
    assert why_not_serial(typed) is None


@pytest.mark.parametrize("typed", ["", "x", " ", "-ABC", "序列号", "A;B", "x" * (SERIAL_LENGTH + 1), "A\x00B"])
def test_what_is_none(typed):
    refusal = why_not_serial(typed)
    assert refusal is not None
    assert refusal.field == "serial"


def test_what_a_model_is_found_by():
    assert search_text("Dell", "PowerEdge  R750 ", "") == "dell poweredge r750"
    assert search_text("Huawei", "2288H V5", "H22-05") == "huawei 2288h v5 h22-05"
