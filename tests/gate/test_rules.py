"""What the gate decides, every state beside every fact. R-B3, R-B5, R-B6, R-S4, R-X3. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from portal.badges.lifecycle import BADGE
from portal.exits.lifecycle import EXIT
from portal.gate import rules
from portal.gate.rules import BadgeFacts, Entering, SlipFacts, why_not_badge, why_not_enter, why_not_slip

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)
SINCE = datetime(2026, 11, 23, 1, tzinfo=UTC)


def entering(**changes: Any) -> Entering:
    """Somebody who may enter, but for what is changed."""
    points = [key for key, _label in rules.CHECKLIST_POINTS]
    values: dict[str, Any] = {"refusal": None, "rooms": ("B2",), "room": "B2", "inside": None, "escorted": False, "escort_named": False}
    return Entering(**({**values, "checked": points} | changes))


def badge(state: str = "issued", until: date | None = TODAY, rooms: tuple[str, ...] = ("B2",), revoked: str | None = None) -> BadgeFacts:
    return BadgeFacts(state, until, rooms, revoked)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (badge(), None),
        (badge(until=TODAY + DAY), None),
        (badge(until=TODAY - DAY), "gate.badge_expired"),
        (badge("expired"), "gate.badge_expired"),
        (badge("lost"), "gate.badge_lost"),
        (badge("lost", until=TODAY - DAY, revoked="lost"), "gate.badge_lost"),
        (badge("cancelled", revoked="cancelled"), "gate.badge_over"),
        (badge("returned", revoked="returned"), "gate.badge_over"),
        (badge("suspended"), "gate.badge_suspended"),
        (badge("suspended", until=TODAY - DAY), "gate.badge_expired"),
        (badge("under_review"), "gate.badge_not_issued"),
        (badge("needs_correction"), "gate.badge_not_issued"),
        (badge("refused"), "gate.badge_not_issued"),
        (badge(revoked="reissued"), "gate.reissued"),
        (badge(rooms=()), "gate.no_contract"),
    ],
)
def test_a_badge(facts: BadgeFacts, code: str | None) -> None:
    refusal = why_not_badge(facts, TODAY)
    assert (refusal.code if refusal else None) == code
    refused = why_not_enter(entering(refusal=refusal, inside=("A1", SINCE), checked=()))
    assert (refused.code if refused else None) == (code or "gate.already_inside"), "validity comes before everything else"


def test_only_one_state_of_a_badge_opens_anything() -> None:
    assert [state for state in BADGE.states if why_not_badge(badge(state), TODAY) is None] == ["issued"]


def test_only_the_rooms_of_a_pass() -> None:
    for room, code in (("A1", None), ("B2", None), ("C3", "gate.other_room"), (None, "gate.choose_room")):
        refusal = why_not_enter(entering(rooms=("A1", "B2"), room=room))
        assert (refusal.code if refusal else None) == code


def test_who_is_inside_does_not_come_in_again() -> None:
    """Whatever else is missing: the passback is told first."""
    again = entering(inside=("A1", SINCE), room=None, escorted=True, checked=())
    assert why_not_enter(again) == rules.ALREADY_INSIDE(room="A1", since=SINCE)


def test_who_is_escorted_needs_an_escort() -> None:
    assert why_not_enter(entering(escorted=True)) == rules.CHOOSE_ESCORT
    assert why_not_enter(entering(escorted=True, escort_named=True)) is None
    assert why_not_enter(entering(escort_named=True)) is None


def test_when_somebody_is_past_their_time() -> None:
    """A window's end counts, for a badge the hours; midnight makes no difference."""
    late = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai
    assert rules.past_time_at(late, late + timedelta(hours=1), 12) == late + timedelta(hours=1)
    assert rules.past_time_at(late, None, 12) == late + timedelta(hours=12)


@pytest.mark.parametrize(("minutes", "fits"), [(4, False), (5, True), (24 * 60, True), (24 * 60 + 1, False)])
def test_how_long_a_stay_is_extended(minutes: int, fits: bool) -> None:
    assert (rules.why_not_extend(minutes) is None) is fits


def test_what_is_still_at_the_desk() -> None:
    assert rules.not_given_back(["camera", "红酒"], ["camera"]) == ["红酒"]
    assert rules.not_given_back(["camera"], ["camera", "more"]) == []
    assert rules.why_not_kept(["x" * rules.KEPT_LENGTH] * rules.KEPT_MOST) is None
    assert rules.why_not_kept(["x"] * (rules.KEPT_MOST + 1)) is not None
    assert rules.why_not_kept(["x" * (rules.KEPT_LENGTH + 1)]) is not None


def slip(state: str = "issued", on: date = TODAY, released: datetime | None = None, revoked: str | None = None) -> SlipFacts:
    return SlipFacts(state, on, released, revoked)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (slip(), None),
        (slip(on=TODAY + DAY), "gate.slip_early"),
        (slip(on=TODAY - DAY), "gate.slip_lapsed"),
        (slip("lapsed", on=TODAY - DAY, revoked="lapsed"), "gate.slip_lapsed"),
        (slip("released", released=SINCE, revoked="used"), "gate.slip_used"),
        (slip("awaiting_return", released=SINCE, revoked="used"), "gate.slip_used"),
        (slip("completed", released=SINCE, revoked="used"), "gate.slip_used"),
        (slip("completed", on=TODAY - DAY, released=SINCE, revoked="used"), "gate.slip_used"),
        (slip("cancelled", revoked="cancelled"), "gate.slip_cancelled"),
        (slip("cancelled", on=TODAY - DAY, revoked="cancelled"), "gate.slip_cancelled"),
        (slip("under_review"), "gate.slip_not_issued"),
        (slip("needs_correction"), "gate.slip_not_issued"),
        (slip("refused"), "gate.slip_not_issued"),
        (slip(revoked="reissued"), "gate.reissued"),
    ],
)
def test_a_slip(facts: SlipFacts, code: str | None) -> None:
    refusal = why_not_slip(facts, TODAY)
    assert (refusal.code if refusal else None) == code


def test_only_one_state_of_an_exit_lets_anything_out() -> None:
    assert [state for state in EXIT.states if why_not_slip(slip(state), TODAY) is None] == ["issued"]


def test_codes_are_stable_and_each_refusals_own() -> None:
    """They stand in the log for good: a change of this list is a change of what the log means."""
    assert sorted(rules.BY_CODE) == [
        "gate.already_inside", "gate.badge_expired", "gate.badge_lost", "gate.badge_not_issued", "gate.badge_over", "gate.badge_suspended",
        "gate.barred", "gate.checklist", "gate.choose_escort", "gate.choose_room", "gate.extension_too_long", "gate.forged",
        "gate.guard_refused", "gate.kept_not_back", "gate.mistyped", "gate.mover_not_seen", "gate.no_contract", "gate.not_a_pass",
        "gate.not_all_ticked", "gate.not_identified", "gate.not_inside",
        "gate.not_inside_any_more", "gate.not_on_slip", "gate.nothing_ticked",
        "gate.other_room", "gate.out_unseen", "gate.out_without_in", "gate.reason_missing", "gate.reissued", "gate.slip_cancelled",
        "gate.slip_early", "gate.slip_lapsed", "gate.slip_not_issued", "gate.slip_used", "gate.too_much_kept", "gate.unknown",
        "gate.visit_cancelled", "gate.visit_early", "gate.visit_frozen", "gate.visit_no_contract", "gate.visit_not_approved",
        "gate.visit_over", "gate.visitor_refused", "gate.visitor_withdrawn", "gate.work_order_paper",
    ]  # fmt: skip
    assert len(rules.ALL) == len(rules.BY_CODE)


def test_the_checklist_holds_the_document_and_the_house_rules() -> None:
    assert [key for key, _label in rules.CHECKLIST_POINTS] == ["document", "r_e1", "r_e2", "r_e3", "r_e4"]
