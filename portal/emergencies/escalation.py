"""Telling the supervisors, one after the other, until somebody answers (R-A2)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import func, select

from portal.accounts import queries as accounts
from portal.accounts.models import User
from portal.audit import services as audit
from portal.clients.models import Client
from portal.emergencies import emails, terms
from portal.emergencies.models import Emergency, EmergencyCall
from portal.facility.models import Room
from portal.kernel import ids
from portal.kernel.db import session
from portal.kernel.policy import SYSTEM, Role
from portal.oncall import queries as oncall
from portal.oncall import services as channels
from portal.outbox.services import notify

BATCH = 100


def call_next(emergency: Emergency, now: datetime) -> list[User]:
    """Tells the next supervisor on the list by mail, on the desk and in the chats; after the last one all of them, again and again.

    The list is that of now: whoever came on call meanwhile is on it. The emergency is locked, or new. Returns who was told.
    """
    order = [user for user in oncall.on_call(now) if user.id != emergency.asked_by_id]
    called = set(session().scalars(select(EmergencyCall.user_id).where(EmergencyCall.emergency_id == emergency.id)))
    step = (session().scalar(select(func.max(EmergencyCall.step)).where(EmergencyCall.emergency_id == emergency.id)) or 0) + 1
    fresh = [user for user in order if user.id not in called]
    told = fresh[:1] or order
    session().add_all(EmergencyCall(created_at=now, emergency_id=emergency.id, step=step, user_id=user.id) for user in told)
    emergency.next_call_at = now + terms.answer_within()
    session().flush()
    client, room = session().get_one(Client, emergency.client_id), session().get_one(Room, emergency.room_id)
    everyone = "、".join(_names([*called, *(user.id for user in told)]))
    data = {"number": emergency.number, "client": client.name, "room": room.code, "reason": emergency.reason, "told": everyone or "—"}
    recipients = [accounts.recipient_of(user) for user in told] or accounts.recipients_with_role(Role.ADMINISTRATOR)
    notify(emails.ASKED, recipients, now, path=path(emergency), data=data)
    channels.tell_channels(emails.ASKED, now, path=path(emergency), data=data)
    audit.record(
        "emergency.told", "emergency", emergency.id, emergency.number, SYSTEM, now, client_id=emergency.client_id,
        after={"told": "、".join(user.name for user in told) or "—", "step": step},
    )  # fmt: skip
    return told


def call_due(now: datetime) -> int:
    """Every emergency that nobody has answered in time goes to the next supervisor. Returns how many."""
    due = (
        select(Emergency)
        .where(Emergency.state == "asked", Emergency.next_call_at <= now)
        .order_by(Emergency.next_call_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    found = list(session().scalars(due.execution_options(populate_existing=True)))
    for emergency in found:
        call_next(emergency, now)
    return len(found)


def path(emergency: Emergency) -> str:
    return f"/emergencies/{ids.to_text(emergency.id)}"


def _names(user_ids: list[uuid.UUID]) -> list[str]:
    return list(session().scalars(select(User.name).where(User.id.in_(user_ids)).order_by(User.name)))
