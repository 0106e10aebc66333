"""Emergencies in any state, reached through the services."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from portal.demo.numbers import identity_number
from portal.emergencies import queries, reporting, services
from portal.emergencies.models import Emergency, EmergencyPerson
from portal.emergencies.reporting import Report
from portal.emergencies.services import Expected, Request
from tests.cast import NOW, Cast

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
NUMBER = identity_number(77)  # of somebody whom no client has recorded


def request(cast: Cast, by: str = "admin", **changes: Any) -> Request:
    """What alpha asks for: room B2, one engineer."""
    values: dict[str, Any] = {
        "client_id": cast.alpha.id,
        "room_id": cast.rooms["B2"].id,
        "reason": "核心交换机掉电，业务中断",
        "people": (Expected("罗工", "138 0013 8000"),),
    }
    if not cast.actor(by).is_client:
        values |= {"caller_name": "赵一鸣", "caller_phone": "139 1234 5678", "called_at": NOW - 3 * MINUTE}
    return Request(**(values | changes))


def asked(cast: Cast, by: str = "admin", now: datetime = NOW, **changes: Any) -> Emergency:
    return services.ask(request(cast, by, **changes), cast.actor(by), now)


def approved(cast: Cast, by: str = "admin", now: datetime = NOW, **changes: Any) -> Emergency:
    emergency = asked(cast, by, now, **changes)
    services.approve(emergency, "情况属实", cast.actor("supervisor"), now)
    return emergency


def named(emergency: Emergency) -> EmergencyPerson:
    return queries.people_of(emergency.id)[0]


def identified(cast: Cast, emergency: Emergency, number: str = NUMBER, now: datetime = NOW, *, new: bool = False) -> EmergencyPerson:
    """The guard sees the identity card of the person who was named, or of one who was not."""
    row = None if new else named(emergency)
    return services.identify_at_gate(emergency, row, "罗成" if not new else "伍七", "identity_card", number, cast.actor("guard"), now)


def entered(cast: Cast, now: datetime = NOW, **changes: Any) -> Emergency:
    emergency = approved(cast, now=now, **changes)
    services.note_entered(emergency, identified(cast, emergency, now=now), cast.actor("guard"), now + MINUTE)
    return emergency


def left(cast: Cast, now: datetime = NOW, **changes: Any) -> Emergency:
    emergency = entered(cast, now, **changes)
    services.note_left(emergency, named(emergency), cast.actor("guard"), now + HOUR)
    return emergency


def report(now: datetime = NOW, **changes: Any) -> Report:
    values: dict[str, Any] = {"text": "更换电源模块，业务恢复", "serials": (), "worked_until": now + HOUR - 5 * MINUTE}
    return Report(**(values | changes))


def reported(cast: Cast, now: datetime = NOW) -> Emergency:
    emergency = left(cast, now)
    reporting.report(emergency, report(now), cast.actor("admin"), now + 2 * HOUR)
    return emergency


def in_state(cast: Cast, state: str, now: datetime = NOW) -> Emergency:
    """An emergency of alpha in the given state."""
    supervisor = cast.actor("supervisor")
    if state == "asked":
        return asked(cast, now=now)
    if state == "refused":
        emergency = asked(cast, now=now)
        services.refuse(emergency, "可等到工作时间", supervisor, now)
        return emergency
    if state == "cancelled":
        emergency = asked(cast, now=now)
        services.cancel(emergency, "远程恢复了", cast.actor("admin"), now)
        return emergency
    if state in ("approved", "lapsed"):
        emergency = approved(cast, now=now)
        if state == "lapsed":
            services.lapse_due(now + 5 * HOUR)
        return emergency
    if state == "in_use":
        return entered(cast, now)
    if state == "report_due":
        return left(cast, now)
    emergency = reported(cast, now)
    if state == "closed":
        reporting.close(emergency, "", supervisor, now + 3 * HOUR)
    return emergency
