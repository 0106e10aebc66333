"""What the rules say about violations and what follows from them (R-S7). Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

# Which rule was broken. The keys are stored; the words are what the house rules say.
BROKEN: dict[str, str] = {
    "r_e1": N_("R-E1 Camera, video camera or strong magnet brought in"),
    "r_e2": N_("R-E2 Smoking or litter"),
    "r_e3": N_("R-E3 No shoe covers"),
    "r_e4": N_("R-E4 Equipment outside the rack, or power tapped"),
    "r_s3": N_("R-S3 Another client's account or IP address used"),
    "r_s4": N_("R-S4 Entered, or touched equipment, without authorisation"),
    "r_s5": N_("R-S5 Equipment, network or parameters changed on their own"),
    "r_s6": N_("R-S6 Public facilities taken, moved or damaged"),
    "r_b4": N_("R-B4 Badge lent to someone else"),
    "other": N_("Another rule"),
}
SEVERITIES: dict[str, str] = {"minor": N_("Minor"), "serious": N_("Serious"), "grave": N_("Grave")}
NOTE, WARNING, SUSPENSION, BAN, POLICE = "note", "warning", "suspension", "ban", "police"
MEASURES: dict[str, str] = {
    NOTE: N_("Noted, nothing follows"),
    WARNING: N_("Warning"),
    SUSPENSION: N_("Suspension of entry"),
    BAN: N_("Ban"),
    POLICE: N_("Handed to the police"),
}

MOST_EVIDENCE = 10  # files of one violation: enough to prove it, few enough to be looked at
MOST_APPEAL_FILES = 3
# Calendar days, and no setting: how long a decision is open must not hang on which holidays fall into it, nor differ between two
# clients of one site. A fortnight holds ten working days in an ordinary month.
APPEAL_DAYS = 14
MOST_DAYS = 365  # a longer suspension is a ban, and is decided as one

BARRED = Refusal("conduct.barred", N_("%(name)s cannot be given access at present. The data center's supervisor can say more."))
NO_MEASURE = Refusal("conduct.no_measure", N_("Choose at least one measure."), field="measures")
NOTE_ALONE = Refusal("conduct.note_alone", N_("Where something follows it is not merely noted: take one or the other."), field="measures")
SUSPENDED_AND_BANNED = Refusal("conduct.suspended_and_banned", N_("Choose a suspension or a ban, not both."), field="measures")
DAYS_NEEDED = Refusal(
    "conduct.days", N_("Say for how many days entry is suspended, from 1 to %(most)s. Longer than that is a ban."), field="days"
)
DAYS_NOT_NEEDED = Refusal("conduct.days_alone", N_("Days belong to a suspension: choose it, or leave the days empty."), field="days")
WHO_UNKNOWN = Refusal(
    "conduct.who_unknown",
    N_("Nobody knows yet whose document this is, so no gate could tell this person. Name the person first, then suspend or ban."),
    field="measures",
)
DECIDER_ANSWERS = Refusal(
    "conduct.decider_answers", N_("You made the decision that is appealed against. Another supervisor answers the appeal.")
)
NOT_MILDER = Refusal(
    "conduct.not_milder",
    N_("That is no less than what was decided. Choose something milder, or uphold the decision."),
    field="measures",
)
POLICE_STAYS = Refusal(
    "conduct.police_stays", N_("What was handed to the police cannot be taken back here; keep it ticked."), field="measures"
)
TOO_LATE = Refusal("conduct.appeal_late", N_("The time for an appeal ended on %(day)s. Speak to the supervisor."))
APPEAL_TEXT = Refusal("conduct.appeal_text", N_("Say why the decision should be changed."), field="text")
IN_FUTURE = Refusal("conduct.in_future", N_("That moment is still to come. Say when it happened."), field="happened_at")
NO_PLACE = Refusal("conduct.no_place", N_("Choose the room, or say where it was."), field="place")
NO_DESCRIPTION = Refusal("conduct.no_description", N_("Say what happened."), field="description")
NO_NAME = Refusal("conduct.no_name", N_("Say what is known of the person: a name, a company, how they looked."), field="person_name")
FILE_TAKEN = Refusal("conduct.file_taken", N_("That file belongs to a record already. Choose it again."))
EVIDENCE_FULL = Refusal("conduct.evidence_full", N_("There are %(most)s files already, as many as one record holds."))
EVIDENCE_CLOSED = Refusal("conduct.evidence_closed", N_("Nothing is to be decided any more, so no evidence can be added."))
NOT_YOURS = Refusal("conduct.not_yours", N_("Only who recorded it, or a supervisor, withdraws a record."))
NAMED_ALREADY = Refusal("conduct.named_already", N_("This person is known already."))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is decided. `days` goes with a suspension alone."""

    measures: frozenset[str]
    days: int | None = None

    @property
    def bars(self) -> bool:
        return bool(self.measures & {SUSPENSION, BAN})


def why_not_outcome(outcome: Outcome, *, known: bool) -> list[Refusal]:
    """Whether the measures go together. `known`: the person's document is known, so that a gate can tell them."""
    refusals = []
    if not outcome.measures or not outcome.measures <= set(MEASURES):
        refusals.append(NO_MEASURE)
    if NOTE in outcome.measures and len(outcome.measures) > 1:
        refusals.append(NOTE_ALONE)
    if {SUSPENSION, BAN} <= outcome.measures:
        refusals.append(SUSPENDED_AND_BANNED)
    if SUSPENSION in outcome.measures and not (outcome.days is not None and 1 <= outcome.days <= MOST_DAYS):
        refusals.append(DAYS_NEEDED(most=MOST_DAYS))
    if SUSPENSION not in outcome.measures and outcome.days is not None:
        refusals.append(DAYS_NOT_NEEDED)
    if outcome.bars and not known:
        refusals.append(WHO_UNKNOWN)
    return refusals


def why_not_milder(before: Outcome, after: Outcome) -> Refusal | None:
    """Whether `after` reduces `before`: nothing heavier, something lighter. What the police have they keep."""
    if (POLICE in before.measures) != (POLICE in after.measures):
        return POLICE_STAYS if POLICE in before.measures else NOT_MILDER
    return None if _weight(after) < _weight(before) else NOT_MILDER


def _weight(outcome: Outcome) -> tuple[int, int]:
    """How heavy it is: its heaviest measure, then its days."""
    order = [NOTE, WARNING, SUSPENSION, BAN]
    return max((order.index(m) for m in outcome.measures if m in order), default=0), outcome.days or 0


def last_appeal_day(decided_on: date) -> date:
    """The last of the site's days on which the client may appeal; it counts to its end."""
    return decided_on + timedelta(days=APPEAL_DAYS)


def last_suspended_day(decided_on: date, days: int) -> date:
    """The last of the site's days of a suspension; it ends with that day. The day of the decision is given on top."""
    return decided_on + timedelta(days=days)


def may_answer(actor_id: object, decided_by_id: object, others: Collection[object]) -> bool:
    """Who decided does not answer the appeal as long as someone else (`others`) could."""
    return actor_id != decided_by_id or not others
