"""Offline mistakes: kept, told to the supervisor, and settled by them with a reason. Never dropped, never silently accepted."""

from __future__ import annotations

from datetime import datetime

from portal.accounts import queries as accounts
from portal.gate.models import GateEvent
from portal.gate.offline import emails, rules
from portal.gate.offline.models import OfflineMistake
from portal.kernel import change, ids
from portal.kernel.numbers import next_number
from portal.kernel.policy import Actor, Role
from portal.outbox.services import notify


def note(event: GateEvent, actor: Actor, now: datetime) -> OfflineMistake:
    """Opens the mistake of an event that the portal objects to or cannot read, and tells every supervisor by e-mail and on their desk."""
    assert event.objection is not None, "there is nothing to settle"
    mistake = OfflineMistake(number=next_number("OM", now), event_id=event.id, client_id=event.client_id, objection=event.objection)
    facts = {"code": event.objection, "pass": event.subject_label}
    change.open_record(mistake, "note", actor, now, facts=facts)
    label = " ".join(filter(None, (event.subject_label, event.person_name))) or "—"
    data = {"number": mistake.number, "guard": actor.name, "objection": event.objection, "label": label}
    message = emails.UNREADABLE if event.objection == rules.UNREADABLE.code else emails.ADMITTED
    notify(message, accounts.recipients_with_role(Role.SUPERVISOR), now, path=path(mistake), data=data)
    return mistake


def settle(mistake: OfflineMistake, reason: str, actor: Actor, now: datetime) -> None:
    """The supervisor has seen to it; `reason` says what happened and what was done. Raises Conflict when somebody settled it before."""
    change.move(mistake, "settle", actor, now, reason=reason, values={"settled_by_id": actor.user_id, "settled_at": now})


def path(mistake: OfflineMistake) -> str:
    return f"/gate/offline/mistakes/{ids.to_text(mistake.id)}"
