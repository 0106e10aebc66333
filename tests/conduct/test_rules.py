"""What goes together in a decision, what is milder, and until when."""

from __future__ import annotations

from datetime import date

import pytest

from portal.conduct import rules
from portal.conduct.rules import Outcome, may_answer, why_not_milder, why_not_outcome


def outcome(*measures: str, days: int | None = None) -> Outcome:
    return Outcome(frozenset(measures), days)


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (outcome(), "conduct.no_measure"),
        (outcome("hanging"), "conduct.no_measure"),
        (outcome("note", "warning"), "conduct.note_alone"),
        (outcome("suspension", "ban", days=3), "conduct.suspended_and_banned"),
        (outcome("suspension"), "conduct.days"),
        (outcome("suspension", days=0), "conduct.days"),
        (outcome("suspension", days=366), "conduct.days"),
        (outcome("warning", days=3), "conduct.days_alone"),
    ],
)
def test_what_does_not_go_together(what: Outcome, code: str) -> None:
    assert [refusal.code for refusal in why_not_outcome(what, known=True)] == [code]


def test_what_goes_together() -> None:
    for what in (outcome("note"), outcome("ban", "police", "warning"), outcome("suspension", days=1), outcome("suspension", days=365)):
        assert not why_not_outcome(what, known=True)


def test_nobody_is_barred_whom_no_gate_could_tell() -> None:
    assert [r.code for r in why_not_outcome(outcome("ban"), known=False)] == ["conduct.who_unknown"]
    assert not why_not_outcome(outcome("warning", "police"), known=False)


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (outcome("ban"), outcome("suspension", days=365), None),
        (outcome("suspension", days=7), outcome("suspension", days=6), None),
        (outcome("suspension", days=7), outcome("warning"), None),
        (outcome("warning"), outcome("note"), None),
        (outcome("ban", "police"), outcome("warning", "police"), None),
        (outcome("suspension", days=7), outcome("suspension", days=7), "conduct.not_milder"),
        (outcome("suspension", days=7), outcome("ban"), "conduct.not_milder"),
        (outcome("ban"), outcome("warning", "police"), "conduct.not_milder"),
        (outcome("ban", "police"), outcome("warning"), "conduct.police_stays"),
    ],
)
def test_milder(before: Outcome, after: Outcome, code: str | None) -> None:
    refusal = why_not_milder(before, after)
    assert (refusal.code if refusal else None) == code


def test_days() -> None:
    assert rules.last_appeal_day(date(2026, 12, 24)) == date(2027, 1, 7)
    assert rules.last_suspended_day(date(2026, 12, 30), 7) == date(2027, 1, 6)


def test_who_answers() -> None:
    assert may_answer("b", "a", ["b"])
    assert not may_answer("a", "a", ["b"])
    assert may_answer("a", "a", [])
