"""The gate's records in the reader's words: events, why somebody was refused, on what they are inside, what is at the desk."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import datetime

from portal.emergencies import rules as emergency_rules
from portal.gate import limits, rules
from portal.gate.models import GateEvent, Presence
from portal.gate.offline import rules as offline
from portal.kernel import clock, formats
from portal.kernel.errors import Refusal
from portal.kernel.i18n import N_, _
from portal.kernel.lifecycle import State, Tone

KINDS = {
    "scan": (N_("Scanned"), Tone.REST),
    "entry": (N_("Entered"), Tone.OK),
    "exit": (N_("Left the room"), Tone.OK),
    "release": (N_("Equipment released"), Tone.OK),
    "return": (N_("Equipment returned"), Tone.OK),
    "refusal": (N_("Turned away"), Tone.STOP),
}
# Why somebody is not let in on an emergency is that area's to say.
EMERGENCY = {value.code: value for value in vars(emergency_rules).values() if isinstance(value, Refusal)}
_SENTENCE = re.compile(r"(?<=。)|(?<=[.?]) |: |：")
GROUNDS = {"badge": N_("Badge"), "visit": N_("Visit"), "emergency": N_("Emergency")}


def kind_view(happened: GateEvent) -> State:
    label, tone = KINDS[happened.kind]
    return State(happened.kind, _(label), Tone.WAIT if happened.kind == "exit" and happened.code else tone)


def reason(happened: GateEvent) -> str:
    """Why an event was a refusal or out of order, in words; what the guard wrote counts most."""
    if happened.facts.get("reason"):
        return str(happened.facts["reason"])
    refusal = refusal_of(happened.code)
    if refusal is None:
        return ""
    said = defaultdict(lambda: "…", {name: formats.kept(value) for name, value in happened.facts.get("said", {}).items()})
    return _(refusal.sentence) % said if "%(" in refusal.sentence else str(_(refusal.sentence))


def refusal_of(code: str) -> Refusal | None:
    """What a code in the log stands for: the gate's own, a phone's without a network, an emergency's."""
    return rules.BY_CODE.get(code) or offline.BY_CODE.get(code) or EMERGENCY.get(code)


def reasons() -> list[tuple[str, str]]:
    """Every code that the log may hold with its first sentence, what differs from case to case left out; in order of the words."""
    known = {**rules.BY_CODE, **offline.BY_CODE, **EMERGENCY}
    blank: defaultdict[str, str] = defaultdict(lambda: "…")
    words = {code: str(_(refusal.sentence)) for code, refusal in known.items()}
    first = {code: _SENTENCE.split(text % blank if "%(" in text else text, maxsplit=1)[0] for code, text in words.items()}
    return sorted(first.items(), key=lambda pair: pair[1])


def ground_label(kind: str) -> str:
    return str(_(GROUNDS[kind]))


def kept_label(item: str) -> str:
    """A thing that was left at the desk: one of the usual ones in words, anything else as it was written."""
    return str(_(rules.KEPT_ITEMS[item])) if item in rules.KEPT_ITEMS else item


def out_by(stay: Presence) -> datetime:
    """By when somebody is expected out."""
    return rules.past_time_at(stay.created_at, stay.until_at, limits.badge_hours())


def stay_view(stay: Presence) -> State:
    """Where a stay stands: inside, past its time, over."""
    if stay.left_at is not None:
        return State("left", _("Has left"), Tone.REST)
    if out_by(stay) <= clock.now():
        return State("past", _("Past their time"), Tone.STOP)
    return State("inside", _("Inside"), Tone.OK)
