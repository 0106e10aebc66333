"""Violations in any state, reached through the services."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from portal.clients.models import Person
from portal.clients.services import NewPerson, add_person
from portal.conduct import services
from portal.conduct.models import Violation
from portal.conduct.rules import Outcome
from portal.conduct.services import NewAppeal, NewViolation, Verdict
from portal.kernel.policy import Role
from portal.passes.queries import live_pass
from tests.cast import NOW, Cast, add_user

BAN, WARNING, WEEK = Outcome(frozenset({"ban"})), Outcome(frozenset({"warning"})), Outcome(frozenset({"suspension"}), 7)


def command(cast: Cast, person: str | None = "wang", **changes: Any) -> NewViolation:
    holder = cast.people[person] if person else None
    values: dict[str, Any] = {
        "client_id": holder.client_id if holder else cast.alpha.id,
        "person_id": holder.id if holder else None,
        "person_name": "" if holder else "穿灰色工装的男子",
        "rule": "r_e2",
        "severity": "serious",
        "happened_at": NOW - timedelta(hours=1),
        "room_id": cast.rooms["B2"].id,
        "place": "",
        "description": "在机房内吸烟。",
        "witness": "孙强",
        "note": "监控已调取",
    }
    return NewViolation(**(values | changes))


def recorded(cast: Cast, person: str | None = "wang", by: str = "guard", **changes: Any) -> Violation:
    return services.record(command(cast, person, **changes), cast.actor(by), NOW)


def decided(cast: Cast, outcome: Outcome = WEEK, person: str = "wang", now: datetime = NOW, **changes: Any) -> Violation:
    violation = recorded(cast, person, **changes)
    services.decide(violation, Verdict(outcome, "屡次违反规定"), cast.actor("supervisor"), now)
    return violation


def appealed(cast: Cast, outcome: Outcome = WEEK, person: str = "wang") -> Violation:
    violation = decided(cast, outcome, person)
    services.appeal(violation, NewAppeal("当时并未吸烟。"), cast.actor("admin"), NOW)
    return violation


def second_supervisor(cast: Cast) -> None:
    """Another supervisor, so that who decided does not answer the appeal."""
    cast.users["supervisor2"] = add_user("supervisor2@rackpass.example", "程远", Role.SUPERVISOR, None, NOW)


def same_person_for_beta(cast: Cast) -> Person:
    """王珺 works for the other company too: the same document, another record."""
    number = cast.people["wang"].document_number
    command = NewPerson(client_id=cast.beta.id, name="王珺", document_kind="identity_card", document_number=number, phone="")
    cast.people["wang_beta"] = add_person(command, cast.actor("service"), NOW)
    return cast.people["wang_beta"]


def pass_code(badge: Any) -> str:
    """The short code of a record's live pass."""
    found = live_pass(badge.id)
    assert found is not None
    return found.short_code
