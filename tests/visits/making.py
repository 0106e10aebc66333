"""Visits in any state, reached through the services."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from portal.clients.services import NewPerson
from portal.demo.numbers import identity_number
from portal.kernel.db import session
from portal.visits import services, settings
from portal.visits.models import Visit, VisitExtension, Visitor
from portal.visits.naming import Named, visitors_of
from portal.visits.services import Approval, LaterEnd, VisitRequest
from tests.cast import NOW, Cast
from tests.papers import staged

START = datetime.fromisoformat("2026-11-24T09:00+08:00")
END = datetime.fromisoformat("2026-11-24T18:00+08:00")


def new(number: int, name: str = "", **changes: Any) -> Named:
    """Someone whom the client has not named before."""
    email = changes.pop("email", "")
    values: dict[str, Any] = {
        "client_id": None,
        "name": name or f"访客{number}",
        "document_kind": "identity_card",
        "document_number": identity_number(number),
    }
    return Named(None, NewPerson(**(values | changes)), email)


def asked(cast: Cast, *names: str, by: str = "admin", **changes: Any) -> VisitRequest:
    """A complete request of the first client to enter B2 tomorrow, for people of the cast (王珺 by default), in the open transaction."""
    people = [cast.people[name] for name in names or ("wang",)]
    client_id = people[0].client_id
    contract = next(c for c in cast.contracts.values() if c.client_id == client_id)
    values: dict[str, Any] = {
        "client_id": client_id,
        "room_id": contract.room_id,
        "reason": "更换故障电源",
        "starts_at": START,
        "ends_at": END,
        "people": tuple(Named(person.id) for person in people),
        "letter_id": None if client_id == cast.solo.id else staged("letter", cast.actor(by), NOW),
    }
    values |= changes
    values["people"] = tuple(
        Named(one.person_id, NewPerson(**{**_fields(one.new), "client_id": client_id}), one.email) if one.new else one
        for one in values["people"]
    )
    return VisitRequest(**values)


def requested(cast: Cast, *names: str, by: str = "admin", **changes: Any) -> Visit:
    return services.request(asked(cast, *names, by=by, **changes), cast.actor(by), NOW)


def approved(cast: Cast, *names: str, by: str = "admin", now: datetime = NOW, **changes: Any) -> Visit:
    """With everybody on it, not escorted unless the room says so."""
    visit = requested(cast, *names, by=by, **changes)
    services.approve(visit, approval(visit), cast.actor("service"), now)
    return visit


def approval(visit: Visit, *left_out: str, escorted: bool = False) -> Approval:
    """Of everybody but those with these names."""
    chosen = [visitor.id for visitor in visitors_of(visit.id) if visitor.state == "expected" and visitor.person.name not in left_out]
    return Approval(frozenset(chosen), escorted)


def in_state(cast: Cast, state: str, *names: str, **changes: Any) -> Visit:
    service, admin = cast.actor("service"), cast.actor("admin")
    if state in ("approved", "over"):
        visit = approved(cast, *names, **changes)
        if state == "over":
            services.over_due(visit.ends_at)
            session().refresh(visit)
        return visit
    visit = requested(cast, *names, **changes)
    if state == "needs_correction":
        services.ask_correction(visit, "介绍信看不清", service, NOW)
    elif state == "refused":
        services.refuse(visit, "事由不明", service, NOW)
    elif state == "cancelled":
        services.cancel(visit, "改期", admin, NOW)
    return visit


def longer(cast: Cast, visit: Visit, by: timedelta = timedelta(hours=2), *, asker: str = "admin") -> VisitExtension:
    return services.ask_for_more_time(visit, LaterEnd(visit.ends_at + by, "备件晚到"), cast.actor(asker), NOW)


def rule(cast: Cast, *, people: int = 3, hours: int = 12, visits: int = 2) -> None:
    """The first client's requests of that size are approved by rule."""
    settings.set_rule(cast.alpha, settings.RuleFacts(True, people, hours, visits), cast.actor("service"), NOW)


def people(visit: Visit) -> list[Visitor]:
    return visitors_of(visit.id)


def _fields(person: NewPerson) -> dict[str, Any]:
    return {name: getattr(person, name) for name in ("name", "document_kind", "document_number", "phone", "employer")}
