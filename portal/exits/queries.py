"""Reading exits, always as far as the actor may see."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, union
from sqlalchemy.orm import joinedload, selectinload

from portal.clients.models import Client
from portal.desk.items import Counts, DueItem, Figure, Waits, told
from portal.equipment.models import Equipment
from portal.exits import rules
from portal.exits.lifecycle import OPEN
from portal.exits.models import Exit, ExitItem
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.filters import begins, is_number
from portal.kernel.i18n import N_, _
from portal.kernel.lifecycle import State, Tone
from portal.kernel.policy import Actor, Permission

KINDS: dict[str, str] = {"withdrawal": N_("Withdrawal"), "repair": N_("Repair"), "replacement": N_("Replacement")}


def select_exits(actor: Actor) -> Select[Exit]:
    """What the actor's list is made from. Duty staff see issued slips and what came of them, not applications."""
    statement = select(Exit).join(Exit.client).options(joinedload(Exit.client))
    if actor.is_client:
        return statement.where(Exit.client_id == actor.client_id)
    if actor.may(Permission.GATE_VERIFY):
        return statement.where(Exit.state.in_(("issued", "released", "awaiting_return", "completed")))
    return statement


def exit_like(text: str) -> ColumnElement[bool]:
    """The exits that a text means: by the beginning of their number or of the mover's name, or by the client's name."""
    if is_number(text):
        return begins(Exit.number, text.upper())
    of_client = select(Exit.id).where(Exit.client_id.in_(Client.named(text)))
    return Exit.id.in_(union(of_client, select(Exit.id).where(begins(Exit.mover_name, text))))


def get_exit(actor: Actor, exit_id: uuid.UUID) -> Exit:
    """One exit with client, contract and lines. Raises NotFound, for another client's too."""
    statement = select_exits(actor).options(joinedload(Exit.contract), selectinload(Exit.items)).where(Exit.id == exit_id)
    found = session().scalars(statement).one_or_none()
    if found is None:
        raise NotFound(exit_id)
    return found


def for_gate(exit_id: uuid.UUID) -> Exit:
    """An exit for the gate's decision: its row locked, with client and lines. Raises NotFound."""
    session().execute(select(Exit.id).where(Exit.id == exit_id).with_for_update())
    statement = select(Exit).options(joinedload(Exit.client), selectinload(Exit.items)).where(Exit.id == exit_id)
    found = session().scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound(exit_id)
    return found


def equipment_of(found: Exit) -> dict[uuid.UUID, Equipment]:
    """The equipment behind the lines, with model and place, by its id."""
    wanted = [item.equipment_id for item in found.items if item.equipment_id] + [i.replacement_id for i in found.items if i.replacement_id]
    loaded = select(Equipment).options(joinedload(Equipment.model), joinedload(Equipment.rack))
    return {thing.id: thing for thing in session().scalars(loaded.where(Equipment.id.in_(wanted)))}


def pickable(client_id: uuid.UUID) -> list[Equipment]:
    """The client's equipment that could leave: in service and in no other exit; the first 300 by serial number, the rest by list."""
    held = select(ExitItem.equipment_id).where(ExitItem.holds, ExitItem.equipment_id == Equipment.id)
    statement = (
        select(Equipment).options(joinedload(Equipment.model)).where(Equipment.client_id == client_id, Equipment.state == "in_service")
    )
    return list(session().scalars(statement.where(~held.exists()).order_by(Equipment.serial).limit(300)))


def open_for_contract(contract_id: uuid.UUID) -> list[Exit]:
    """Exits of a contract that are not over: a contract with one cannot be closed (R-X5)."""
    return list(session().scalars(select(Exit).where(Exit.contract_id == contract_id, Exit.state.in_(OPEN)).order_by(Exit.id)))


def expected_on(day: date) -> list[Exit]:
    """Slips that are valid on a day and not used yet."""
    statement = select(Exit).options(joinedload(Exit.client)).where(Exit.state == "issued", Exit.leaves_on == day).order_by(Exit.id)
    return list(session().scalars(statement.limit(200)))


def held_by_exit(equipment_ids: list[uuid.UUID]) -> dict[uuid.UUID, Exit]:
    """Equipment id -> the open exit that holds it."""
    statement = select(ExitItem.equipment_id, Exit).join(Exit, Exit.id == ExitItem.exit_id)
    rows = session().execute(statement.where(ExitItem.holds, ExitItem.equipment_id.in_(equipment_ids)))
    return {equipment_id: found for equipment_id, found in rows if equipment_id is not None}


def waiting_for(actor: Actor, now: datetime) -> list[Waits]:
    """Lists to check, returns to put in place, corrections to make: for whom it is to do."""
    today = clock.today(now)
    columns = (Exit.id, Exit.number, Exit.kind, Exit.state, Exit.leaves_on, Exit.return_due_on, Exit.mover_name)
    rows = select(*columns, Client.name.label("client")).join(Client, Client.id == Exit.client_id)
    rows = rows.order_by(Exit.leaves_on, Exit.id).limit(20)
    if actor.may(Permission.EXIT_INSPECT):
        overdue = (Exit.state == "awaiting_return") & (Exit.return_due_on < today)
        return [Waits(rows.where((Exit.state == "under_review") | overdue), partial(_due, today))]
    if actor.may(Permission.EXIT_PLACE_REPLACEMENT):
        back = select(ExitItem.exit_id).where(ExitItem.back_at_gate_at.is_not(None), ExitItem.settled_at.is_(None))
        return [Waits(rows.where(Exit.state == "awaiting_return", Exit.id.in_(back)), partial(_due, today, at_gate=True))]
    if actor.is_client:
        due = (Exit.state == "awaiting_return") & (Exit.return_due_on <= today)
        return [Waits(rows.where(Exit.client_id == actor.client_id, (Exit.state == "needs_correction") | due), partial(_due, today))]
    return []


def counts(actor: Actor, now: datetime) -> Counts | None:
    """The exits' figures on the desk."""
    if actor.may(Permission.EXIT_INSPECT):
        to_check = select(func.count()).where(Exit.state == "under_review")

        def checked(waiting: int, leaving: int) -> list[Figure]:
            sub = _("%(count)s leave today", count=leaving) if leaving else ""
            return [Figure(_("Exit lists to check"), waiting, sub, "/exits/?state=under_review", "stop" if leaving else "")]

        return Counts((to_check, to_check.where(Exit.leaves_on <= clock.today(now))), checked)
    if actor.may(Permission.GATE_VERIFY):
        slips = select(func.count()).where(Exit.state == "issued", Exit.leaves_on == clock.today(now))
        return Counts((slips,), lambda number: [Figure(_("Slips for today"), number, "", "/exits/?state=issued")])
    return None


def due_at(found: Exit) -> datetime | None:
    """When something is due: a list's check by the morning of its day, a return by the end of its own; None when nothing is."""
    if found.state == "awaiting_return" and found.return_due_on:
        return clock.end_of(found.return_due_on) - timedelta(minutes=1)  # on that day, not at midnight of the next
    return clock.at_local(found.leaves_on, 9) if found.state == "under_review" else None


def _due(today: date, row: Any, *, at_gate: bool = False) -> DueItem:
    overdue = rules.is_overdue(row.state, row.return_due_on, today)
    view = State("overdue", _("Return overdue"), Tone.STOP) if overdue else told(Exit.LIFECYCLE.states[row.state])
    if at_gate:
        view = State("at_gate", _("Back at the gate"), Tone.WAIT)
    due = due_at(row) or clock.at_local(row.leaves_on, 9)
    title = _("%(kind)s %(number)s", kind=_(KINDS[row.kind]), number=row.number)
    sub = _("%(client)s · mover %(mover)s", client=row.client, mover=row.mover_name)
    return DueItem(title, sub, view, due, f"/exits/{ids.to_text(row.id)}")
