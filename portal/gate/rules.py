"""What the gate decides. Pure: facts in, verdict out. The codes are stable and stand in the log."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

NOT_A_PASS = Refusal("gate.not_a_pass", N_("This is not a pass of this portal, or it cannot be read. Scan again or type the short code."))
MISTYPED = Refusal("gate.mistyped", N_("The code is mistyped. Compare it with the paper and type it again."))
FORGED = Refusal("gate.forged", N_("The signature is wrong: this pass was not issued by this portal. Keep it and tell the supervisor."))
UNKNOWN = Refusal("gate.unknown", N_("The portal knows no such pass. Keep it and tell the supervisor."))
REISSUED = Refusal("gate.reissued", N_("This is an old print: a newer one was issued. Ask for the newer paper."))
BARRED = Refusal("gate.barred", N_("This person is not to be let in at present. Ask the supervisor."))
BADGE_LOST = Refusal("gate.badge_lost", N_("This badge was reported as lost. Keep it and tell customer service."))
BADGE_SUSPENDED = Refusal("gate.badge_suspended", N_("This badge is suspended. The holder may ask customer service."))
BADGE_OVER = Refusal("gate.badge_over", N_("This badge is no longer valid (cancelled, returned or handed on). Keep the card."))
BADGE_EXPIRED = Refusal("gate.badge_expired", N_("This badge expired on %(day)s."))
BADGE_NOT_ISSUED = Refusal("gate.badge_not_issued", N_("This badge is not issued."))
NO_CONTRACT = Refusal("gate.no_contract", N_("There is no contract in force behind this badge."))
VISIT_EARLY = Refusal("gate.visit_early", N_("This visit begins at %(at)s. Nobody goes in before."))
VISIT_OVER = Refusal("gate.visit_over", N_("This visit was over at %(at)s."))
VISIT_CANCELLED = Refusal("gate.visit_cancelled", N_("This visit was cancelled."))
VISIT_NOT_APPROVED = Refusal("gate.visit_not_approved", N_("This visit is not approved."))
VISITOR_WITHDRAWN = Refusal("gate.visitor_withdrawn", N_("This person was taken off the visit."))
VISITOR_REFUSED = Refusal("gate.visitor_refused", N_("This person was not approved for the visit."))
VISIT_NO_CONTRACT = Refusal("gate.visit_no_contract", N_("There is no contract in force for this room behind this visit."))
VISIT_FROZEN = Refusal("gate.visit_frozen", N_("The room is frozen until %(until)s: no planned entries, emergencies only."))
NOT_IDENTIFIED = Refusal("gate.not_identified", N_("Choose who it is, or record their identity document first."))
OTHER_SITE = Refusal("gate.other_room", N_("This pass does not open room %(room)s."))
ALREADY_INSIDE = Refusal(
    "gate.already_inside", N_("According to the log this person is inside already (%(room)s, since %(since)s). Check who it is.")
)
NOT_INSIDE = Refusal("gate.not_inside", N_("According to the log this person is not inside."))
OUT_WITHOUT_IN = Refusal("gate.out_without_in", N_("Came out without an entry in the log."))
OUT_UNSEEN = Refusal("gate.out_unseen", N_("Booked out without a pass."))
CHOOSE_ESCORT = Refusal("gate.choose_escort", N_("This visitor is escorted: choose who goes with them."), field="escort")
KEPT_NOT_BACK = Refusal("gate.kept_not_back", N_("Give back what was left at the desk, and tick each thing: %(count)s not ticked yet."))
TOO_MUCH_KEPT = Refusal("gate.too_much_kept", N_("At most %(limit)s things of %(length)s characters each can be noted."), field="kept")
REASON_MISSING = Refusal("gate.reason_missing", N_("Give the reason."), field="reason")
NOT_INSIDE_ANY_MORE = Refusal("gate.not_inside_any_more", N_("%(name)s has left already."))
EXTENSION_TOO_LONG = Refusal(
    "gate.extension_too_long", N_("A stay can be extended by %(least)s to %(most)s minutes at a time."), field="minutes"
)
CHECKLIST = Refusal("gate.checklist", N_("Confirm every point of the checklist first."))
CHOOSE_ROOM = Refusal("gate.choose_room", N_("Choose the room."), field="room")
SLIP_NOT_ISSUED = Refusal("gate.slip_not_issued", N_("No exit slip was issued for this application."))
SLIP_USED = Refusal("gate.slip_used", N_("This exit slip was used already, on %(at)s. It lets out once."))
SLIP_CANCELLED = Refusal("gate.slip_cancelled", N_("This exit slip was cancelled."))
SLIP_LAPSED = Refusal("gate.slip_lapsed", N_("This exit slip was for %(day)s and is no longer valid."))
SLIP_EARLY = Refusal("gate.slip_early", N_("This exit slip is for %(day)s, not for today."))
MOVER_NOT_SEEN = Refusal("gate.mover_not_seen", N_("Compare the mover's identity document with the slip first."))
NOTHING_TICKED = Refusal("gate.nothing_ticked", N_("Tick each item that you have seen."))
NOT_ALL_TICKED = Refusal(
    "gate.not_all_ticked", N_("Not ticked yet: %(missing)s. Tick what you have seen, or say that the rest stays inside.")
)
NOT_ON_SLIP = Refusal("gate.not_on_slip", N_("Serial number %(serial)s is not on this slip: it stays inside."))
WORK_ORDER_PAPER = Refusal("gate.work_order_paper", N_("This is a work order: it tells what comes in. It lets nobody in and nothing out."))
GUARD_REFUSED = Refusal("gate.guard_refused", N_("Refused by duty staff."))

ALL = tuple(value for value in list(globals().values()) if isinstance(value, Refusal))
BY_CODE = {refusal.code: refusal for refusal in ALL}

CHECKLIST_POINTS: tuple[tuple[str, str], ...] = (
    ("document", N_("Identity document seen; it is the person in the photo")),
    ("r_e1", N_("No cameras, video cameras or strong magnets (R-E1)")),
    ("r_e2", N_("Told: no smoking, no litter (R-E2)")),
    ("r_e3", N_("Shoe covers on (R-E3)")),
    ("r_e4", N_("Told: no equipment outside the rack, no tapping of power (R-E4)")),
)

# What is left at the desk most often (R-E1); anything else is written down.
KEPT_ITEMS: dict[str, str] = {
    "camera": N_("Camera"),
    "video_camera": N_("Video camera"),
    "magnet": N_("Magnet"),
    "smoking": N_("Cigarettes, lighter"),
    "food": N_("Food and drink"),
}
KEPT_MOST, KEPT_LENGTH = 12, 60
EXTENSION_LEAST, EXTENSION_MOST = 5, 24 * 60  # minutes


@dataclass(frozen=True, slots=True)
class BadgeFacts:
    """What the gate needs to know of a badge. `rooms`: codes of the rooms whose contract is in force today."""

    state: str
    valid_until: date | None
    rooms: Sequence[str]
    pass_revoked_for: str | None


def why_not_badge(facts: BadgeFacts, today: date) -> Refusal | None:
    """Whether a badge opens anything at all now (R-B3, R-B5, R-B6, R-S4). Validity comes before everything that may be put right."""
    if facts.state == "lost":
        return BADGE_LOST
    if facts.state == "expired" or (facts.valid_until is not None and facts.valid_until < today):
        return BADGE_EXPIRED(day=facts.valid_until)
    if facts.state in ("cancelled", "returned"):
        return BADGE_OVER
    if facts.state == "suspended":
        return BADGE_SUSPENDED
    if facts.state != "issued":
        return BADGE_NOT_ISSUED
    if facts.pass_revoked_for is not None:
        return REISSUED
    return None if facts.rooms else NO_CONTRACT


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """What the gate needs to know of somebody on a visit. `frozen_until`: the end of a freeze that lies over the room now."""

    visit_state: str
    visitor_state: str
    starts_at: datetime
    ends_at: datetime
    contract_in_force: bool
    frozen_until: datetime | None
    pass_revoked_for: str | None


def why_not_visit(facts: VisitFacts, now: datetime) -> Refusal | None:
    """Whether a visitor may enter at `now` (R-A1): approved, from the beginning of the window on and before its end, to the second."""
    if facts.visitor_state == "withdrawn":
        return VISIT_CANCELLED if facts.visit_state == "cancelled" else VISITOR_WITHDRAWN
    if facts.visitor_state == "refused":
        return VISITOR_REFUSED
    if facts.visit_state in ("over", "approved") and (facts.visit_state == "over" or now >= facts.ends_at):
        return VISIT_OVER(at=facts.ends_at)
    if facts.visit_state == "cancelled":
        return VISIT_CANCELLED
    if facts.visit_state != "approved" or facts.visitor_state != "approved":
        return VISIT_NOT_APPROVED
    if facts.pass_revoked_for is not None:
        return REISSUED
    if now < facts.starts_at:
        return VISIT_EARLY(at=facts.starts_at)
    if not facts.contract_in_force:
        return VISIT_NO_CONTRACT
    return VISIT_FROZEN(until=facts.frozen_until) if facts.frozen_until is not None else None


@dataclass(frozen=True, slots=True)
class Entering:
    """What the gate needs to know of someone who wants in. `refusal`: why their pass opens nothing, if it does not.

    `room` is the room's code, None when none was chosen; `inside`: (room, since) if the log has them inside.
    """

    refusal: Refusal | None
    rooms: Sequence[str]
    room: str | None
    inside: tuple[str, datetime] | None
    escorted: bool
    escort_named: bool
    checked: Collection[str]


def why_not_enter(facts: Entering) -> Refusal | None:
    """Whether someone may enter now. Validity comes before the passback, and that before what the guard can put right (R-A3, R-S4)."""
    if facts.refusal is not None:
        return facts.refusal
    if facts.inside is not None:
        return ALREADY_INSIDE(room=facts.inside[0], since=facts.inside[1])
    if facts.room is None:
        return CHOOSE_ROOM
    if facts.room not in facts.rooms:
        return OTHER_SITE(room=facts.room)
    if facts.escorted and not facts.escort_named:
        return CHOOSE_ESCORT
    return None if {key for key, _label in CHECKLIST_POINTS} <= set(facts.checked) else CHECKLIST


def why_not_kept(items: Sequence[str]) -> Refusal | None:
    """Whether what was left at the desk can be noted so."""
    if len(items) > KEPT_MOST or any(len(item) > KEPT_LENGTH for item in items):
        return TOO_MUCH_KEPT(limit=KEPT_MOST, length=KEPT_LENGTH)
    return None


def not_given_back(kept: Sequence[str], given_back: Collection[str]) -> list[str]:
    """What is still at the desk."""
    return [item for item in kept if item not in given_back]


def past_time_at(entered_at: datetime, until_at: datetime | None, badge_hours: int) -> datetime:
    """From when on someone inside is past their time: the end of their window, for a badge so many hours after the entry (R-A3)."""
    return until_at if until_at is not None else entered_at + timedelta(hours=badge_hours)


def why_not_extend(minutes: int) -> Refusal | None:
    if EXTENSION_LEAST <= minutes <= EXTENSION_MOST:
        return None
    return EXTENSION_TOO_LONG(least=EXTENSION_LEAST, most=EXTENSION_MOST)


@dataclass(frozen=True, slots=True)
class SlipFacts:
    """What the gate needs to know of an exit slip."""

    state: str
    leaves_on: date
    released_at: datetime | None
    pass_revoked_for: str | None


def why_not_slip(facts: SlipFacts, today: date) -> Refusal | None:
    """Whether a slip lets anything out now: issued, on its date, once (R-X3)."""
    if facts.released_at is not None:
        return SLIP_USED(at=facts.released_at)
    if facts.state == "cancelled":
        return SLIP_CANCELLED
    if facts.state == "lapsed" or (facts.state == "issued" and facts.leaves_on < today):
        return SLIP_LAPSED(day=facts.leaves_on)
    if facts.state != "issued":
        return SLIP_NOT_ISSUED
    if facts.pass_revoked_for is not None:
        return REISSUED
    return SLIP_EARLY(day=facts.leaves_on) if facts.leaves_on > today else None
