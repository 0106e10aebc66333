"""What decides about visits beforehand: a site's visiting hours, and a client's rule for approval without a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.audit import services as audit
from portal.clients.models import Client
from portal.facility.models import Site
from portal.kernel.constraints import add_unless_there
from portal.kernel.db import session
from portal.kernel.errors import Forbidden
from portal.kernel.ids import new as new_id
from portal.kernel.policy import Actor, Permission
from portal.visits.models import ClientVisitRule, SiteVisitHours


@dataclass(frozen=True, slots=True)
class HoursFacts:
    """Local minutes of the day; weekdays as digits, 1 for Monday; the step in minutes."""

    opens: int
    closes: int
    weekdays: str
    working_days_only: bool
    slot_minutes: int


@dataclass(frozen=True, slots=True)
class RuleFacts:
    active: bool
    people_most: int
    hours_most: int
    visits_a_week: int


def set_hours(site: Site, facts: HoursFacts, actor: Actor, now: datetime) -> None:
    """Sets when visits may begin and end at a site. Visits that were approved before keep their windows."""
    _authorise(actor)
    values = {name: getattr(facts, name) for name in HoursFacts.__dataclass_fields__}
    added = add_unless_there(SiteVisitHours, id=new_id(), created_at=now, site_id=site.id, **values)
    row = session().scalars(select(SiteVisitHours).where(SiteVisitHours.site_id == site.id).with_for_update()).one()
    before = {} if added else _change(row, values)
    if added or before:
        after = values if added else {name: values[name] for name in before}
        audit.record("visit.hours_changed", "site", site.id, site.code, actor, now, before=before, after=after)


def lift_hours(site: Site, actor: Actor, now: datetime) -> None:
    """From now on visits may begin and end at any time of any day."""
    _authorise(actor)
    row = session().scalars(select(SiteVisitHours).where(SiteVisitHours.site_id == site.id).with_for_update()).one_or_none()
    if row is not None:
        session().delete(row)
        audit.record("visit.hours_lifted", "site", site.id, site.code, actor, now)


def set_rule(client: Client, facts: RuleFacts, actor: Actor, now: datetime) -> None:
    """Sets what of a client's requests the portal approves at once."""
    _authorise(actor)
    values = {name: getattr(facts, name) for name in RuleFacts.__dataclass_fields__}
    added = add_unless_there(ClientVisitRule, id=new_id(), created_at=now, client_id=client.id, **values)
    row = session().scalars(select(ClientVisitRule).where(ClientVisitRule.client_id == client.id).with_for_update()).one()
    before = {} if added else _change(row, values)
    if added or before:
        after = values if added else {name: values[name] for name in before}
        label = f"{client.number} {client.name}"
        audit.record("visit.rule_changed", "client", client.id, label, actor, now, client_id=client.id, before=before, after=after)


def _change(row: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Sets what differs; what it was."""
    before = {name: getattr(row, name) for name, value in values.items() if getattr(row, name) != value}
    for name in before:
        setattr(row, name, values[name])
    session().flush()
    return before


def _authorise(actor: Actor) -> None:
    if not actor.may(Permission.VISIT_SETTINGS):
        raise Forbidden(Permission.VISIT_SETTINGS)
