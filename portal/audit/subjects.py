"""What an audit entry can be about: the kind in words, and the page of the record, where it has one."""

from __future__ import annotations

from dataclasses import dataclass

from portal.audit.tags import LIFECYCLES, all_tags, told
from portal.kernel.i18n import N_, _


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """`endpoint` shows the record with its id as `argument`; a kind without one has no page of its own."""

    label: str
    endpoint: str = ""
    argument: str = ""


KINDS: dict[str, SubjectKind] = {
    "access_review": SubjectKind(N_("Access review"), "reviews.show", "review_id"),
    "badge": SubjectKind(N_("Badge"), "badges.show", "badge_id"),
    "calendar_day": SubjectKind(N_("Day of the calendar")),
    "client": SubjectKind(N_("Client"), "clients.show", "client_id"),
    "contract": SubjectKind(N_("Contract"), "contracts.show", "contract_id"),
    "chat_channel": SubjectKind(N_("Chat channel"), "oncall.channel", "channel_id"),
    "duty_week": SubjectKind(N_("Week of the rota")),
    "emergency": SubjectKind(N_("Emergency access"), "emergencies.show", "emergency_id"),
    "equipment": SubjectKind(N_("Equipment"), "equipment.show", "equipment_id"),
    "evidence_pack": SubjectKind(N_("Evidence pack"), "evidence.pack", "pack_id"),
    "exit": SubjectKind(N_("Exit slip"), "exits.show", "exit_id"),
    "file": SubjectKind(N_("File")),
    "freeze": SubjectKind(N_("Freeze")),
    "model": SubjectKind(N_("Equipment model"), "equipment.model", "model_id"),
    "network_import": SubjectKind(N_("Import")),
    "offline_mistake": SubjectKind(N_("Offline mistake"), "gate_offline.mistake", "mistake_id"),
    "offline_release": SubjectKind(N_("Release without a network")),
    "person": SubjectKind(N_("Person"), "clients.person", "person_id"),
    "presence": SubjectKind(N_("Stay"), "gate.stay", "stay_id"),
    "prefix": SubjectKind(N_("Prefix"), "network.prefix", "prefix_id"),
    "rack": SubjectKind(N_("Rack"), "facility.rack", "rack_id"),
    "retention": SubjectKind(N_("Retention")),
    "room": SubjectKind(N_("Room"), "facility.room", "room_id"),
    "rules": SubjectKind(N_("Rules text"), "accounts.rules_version", "rules_id"),
    "shift": SubjectKind(N_("Shift"), "shifts.show", "shift_id"),
    "site": SubjectKind(N_("Site")),
    "switch": SubjectKind(N_("Switch"), "network.switch", "switch_id"),
    "ticket": SubjectKind(N_("Request"), "tickets.show", "ticket_id"),
    "ticket_settings": SubjectKind(N_("Service desk settings")),
    "user": SubjectKind(N_("User"), "accounts.user", "user_id"),
    "violation": SubjectKind(N_("Violation"), "conduct.show", "violation_id"),
    "visit": SubjectKind(N_("Visit"), "visits.show", "visit_id"),
    "visitor": SubjectKind(N_("Person of a visit")),
    "visit_extension": SubjectKind(N_("More time for a visit")),
    "work_order": SubjectKind(N_("Work order"), "workorders.show", "order_id"),
    "work_order_item": SubjectKind(N_("Item of a work order")),
}
# What tags are about that begin with another word than that kind of record: all of an area, or one.
_ABOUT = {
    "accounts": ("user",), "calendar": ("calendar_day",), "channel": ("chat_channel",), "conduct": ("person", "badge"),
    "contact": ("client",), "facility": ("room", "rack", "site"), "network": ("prefix", "switch", "network_import"), "rota": ("duty_week",),
    "rules.accepted": ("user",), "visit.hours_changed": ("site",), "visit.rule_changed": ("client",),
}  # fmt: skip
_STATES = {lifecycle.name: lifecycle.states for lifecycle in LIFECYCLES}


def kind_label(kind: str) -> str:
    """The kind in the reader's words; an unknown one as it is."""
    return _(KINDS[kind].label) if kind in KINDS else kind


def state_label(kind: str, state: str) -> str:
    """A state of that kind in the reader's words."""
    found = _STATES.get(kind, {}).get(state)
    return _(found.label) if found else state


def _kinds_of(tag: str) -> tuple[str, ...]:
    """What the entries with a tag are about."""
    area = tag.partition(".")[0]
    return _ABOUT.get(tag) or _ABOUT.get(area, (area,))


def tag_choices(kind: str, chosen: str) -> list[tuple[str, str]]:
    """What can happen to a kind of record, in the order of the words; of all kinds together these are too many for a page. What is
    chosen already is among them."""
    found = {tag for tag in all_tags() if kind and kind in _kinds_of(tag)} | ({chosen} & set(all_tags()))
    return sorted(((tag, f"{kind_label(_kinds_of(tag)[0])}: {told(tag)}") for tag in found), key=lambda choice: choice[1])
