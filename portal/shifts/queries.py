"""Reading shifts: who is on duty, what happened during a shift, what is open."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload

from portal.accounts.models import User
from portal.clients.models import Client
from portal.conduct.models import Violation
from portal.desk.items import Counts, DueItem, Figure, Waits, told
from portal.emergencies.models import Emergency
from portal.exits import queries as exits
from portal.exits.models import Exit
from portal.facility.models import Room, Site
from portal.gate import queries as gate
from portal.gate.models import GateEvent, Presence
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.filters import begins
from portal.kernel.i18n import _
from portal.kernel.policy import Actor, Permission
from portal.shifts.lifecycle import LIVE
from portal.shifts.models import Shift
from portal.shifts.rules import MOST_LISTED

P = Permission
KINDS = ("entry", "exit", "refusal", "release", "return")


def live_shift(site_id: uuid.UUID) -> Shift | None:
    """Who is on duty at a site, with site and guard; None when nobody is."""
    return session().scalars(_loaded().where(Shift.site_id == site_id, Shift.state.in_(LIVE))).one_or_none()


def shift_of(user_id: uuid.UUID, now: datetime) -> Shift | None:
    """The shift that the user is on at `now`, with site and guard; it lasts until the next guard has taken over."""
    theirs = _loaded().where(Shift.guard_id == user_id, Shift.state.in_(LIVE), Shift.started_at <= now)
    return session().scalars(theirs).one_or_none()


def live_shifts() -> list[Shift]:
    """All who are on duty, by site."""
    return list(session().scalars(_loaded().join(Shift.site).where(Shift.state.in_(LIVE)).order_by(Site.code)))


def sites_without() -> list[Site]:
    """The sites where nobody is on duty."""
    taken = select(Shift.site_id).where(Shift.state.in_(LIVE))
    return list(session().scalars(select(Site).where(Site.id.not_in(taken)).order_by(Site.code)))


def select_shifts() -> Select[Shift]:
    """What the list is made from."""
    return _loaded().join(Shift.site).join(Shift.guard)


def shift_like(text: str) -> Any:
    return begins(Shift.number, text.upper())


def get_shift(shift_id: uuid.UUID) -> Shift:
    """One shift with site and guards. Raises NotFound."""
    shift = session().scalars(_loaded().where(Shift.id == shift_id)).one_or_none()
    if shift is None:
        raise NotFound(shift_id)
    return shift


def gather(shift: Shift, now: datetime) -> dict[str, Any]:
    """What is signed over: what happened since the shift began, who is inside, what is open. Plain values, moments as ISO texts.

    `counts`: by kind of event. `refusals`, `releases`, `violations`: the latest, at most `rules.MOST_LISTED` each. `inside`: everyone
    who is, whether their time is over, and what lies at the desk for them. `open`: emergencies that were approved and not used
    yet; slips for today not used yet and overdue returns, of all sites, since a slip belongs to none before it is used.
    """
    here = select(Room.id).where(Room.site_id == shift.site_id)
    during = (GateEvent.created_at >= shift.started_at, GateEvent.created_at <= now)
    # What names no room (a refusal, a release) belongs to the guard's site.
    at_site = or_(GateEvent.room_id.in_(here), GateEvent.room_id.is_(None) & (GateEvent.guard_id == shift.guard_id))
    counted = session().execute(select(GateEvent.kind, func.count()).where(*during, at_site).group_by(GateEvent.kind))
    counts = {row[0]: row[1] for row in counted}

    def latest(kind: str) -> list[dict[str, Any]]:
        events = select(GateEvent).where(GateEvent.kind == kind, *during, at_site).order_by(GateEvent.id.desc()).limit(MOST_LISTED)
        return [
            {"at": e.created_at.isoformat(), "label": e.subject_label, "person": e.person_name, "code": e.code}
            for e in session().scalars(events)
        ]

    found = select(Violation).where(Violation.created_at >= shift.started_at, Violation.created_at <= now)
    found = found.where(or_(Violation.room_id.in_(here), Violation.recorded_by_id == shift.guard_id)).order_by(Violation.id)
    today = clock.today(now)
    overdue = select(Exit).where(Exit.state == "awaiting_return", Exit.return_due_on < today).order_by(Exit.return_due_on, Exit.id)
    return {
        "until": now.isoformat(),
        "counts": {kind: counts.get(kind, 0) for kind in KINDS},
        "refusals": latest("refusal"),
        "releases": latest("release"),
        "violations": [{"number": v.number, "person": v.person_name, "id": ids.to_text(v.id)} for v in session().scalars(found)],
        "inside": _inside(shift.site_id, now),
        "open": {
            "emergencies": [
                {"number": number}
                for number in session().scalars(
                    select(Emergency.number).where(Emergency.state == "approved", Emergency.room_id.in_(here)).order_by(Emergency.id)
                )
            ],
            "slips": [{"number": e.number, "client": e.client.name} for e in exits.expected_on(today)[:MOST_LISTED]],
            "overdue": [
                {"number": e.number, "due": e.return_due_on.isoformat() if e.return_due_on else ""}
                for e in session().scalars(overdue.limit(MOST_LISTED))
            ],
        },
    }


def _inside(site_id: uuid.UUID, now: datetime) -> list[dict[str, Any]]:
    """Everyone who is inside at the site at `now`; `past`: their time is over; `kept`: what lies at the desk for them."""
    rows = session().execute(
        select(Presence, Client.name, Room.code, gate.is_past(now))
        .join(Client, Client.id == Presence.client_id)
        .join(Room, Room.id == Presence.room_id)
        .where(Presence.created_at <= now, or_(Presence.left_at.is_(None), Presence.left_at > now), Room.site_id == site_id)
        .order_by(Presence.created_at, Presence.id)
    )
    return [
        {
            "person": stay.person_name, "client": client, "room": room, "since": stay.created_at.isoformat(), "past": bool(past),
            "kept": list(stay.kept_items) if stay.kept_back_at is None else [],
        }
        for stay, client, room, past in rows
    ]  # fmt: skip


def waiting_for(actor: Actor, now: datetime) -> list[Waits]:
    """For duty staff: shifts that wait to be taken over, but for their own."""
    if not actor.may(P.SHIFT_HAND_OVER):
        return []
    rows = select(Shift.id, Shift.number, Shift.handed_over_at, Site.code.label("site"), User.name.label("guard"))
    rows = rows.join(Site, Site.id == Shift.site_id).join(User, User.id == Shift.guard_id)
    return [Waits(rows.where(Shift.state == "handed_over", Shift.guard_id != actor.user_id).order_by(Shift.id).limit(20), _due)]


def _due(row: Any) -> DueItem:
    title, state = _("Shift %(number)s", number=row.number), told(Shift.LIFECYCLE.states["handed_over"])
    return DueItem(title, f"{row.site} · {row.guard}", state, row.handed_over_at, path(row))


def counts(actor: Actor, now: datetime) -> Counts | None:
    """How many are on duty, for who may read shifts."""
    if not actor.may(P.SHIFT_READ):
        return None
    on_duty = select(func.count()).select_from(Shift).where(Shift.state.in_(LIVE))
    return Counts((on_duty,), lambda number: [Figure(_("On duty"), number, "", "/shifts/")])


def path(shift: Shift) -> str:
    return f"/shifts/{ids.to_text(shift.id)}"


def _loaded() -> Select[Shift]:
    return select(Shift).options(joinedload(Shift.site), joinedload(Shift.guard), joinedload(Shift.next_guard))
