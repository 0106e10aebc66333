"""Who hears what about a visit: the client's users, customer service, and the visitors themselves where they left an address."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from portal.accounts import queries as accounts
from portal.clients.models import Client
from portal.facility.models import Room
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.i18n import DEFAULT_LOCALE
from portal.kernel.policy import Role
from portal.outbox.messages import Attached, Message, Recipient
from portal.outbox.services import notify
from portal.visits import attachments, emails
from portal.visits.models import Visit, Visitor


def path(visit: Visit) -> str:
    return f"/visits/{ids.to_text(visit.id)}"


def site_time(moment: datetime) -> str:
    """A moment as the site's clock says it, as messages and the audit keep it."""
    return f"{clock.local(moment):%Y-%m-%d %H:%M}"


def tell_service(message: Message, visit: Visit, now: datetime, **data: Any) -> None:
    client = session().get_one(Client, visit.client_id)
    notify(
        message, accounts.recipients_with_role(Role.CUSTOMER_SERVICE), now, path=path(visit), data=_data(visit, client=client.name, **data)
    )


def tell_client(message: Message, visit: Visit, now: datetime, *attached: Attached, **data: Any) -> None:
    notify(message, accounts.recipients_of_client(visit.client_id), now, path=path(visit), data=_data(visit, **data), attached=attached)


def send_passes(message: Message, visit: Visit, visitors: Iterable[Visitor], now: datetime) -> None:
    """All passes to the client, each visitor's own to the visitor. What is attached is made when the e-mail is sent."""
    visitors = list(visitors)
    names = ", ".join(visitor.person.name for visitor in visitors)
    tell_client(message, visit, now, attachments.all_passes(visit), names=names)
    for visitor in visitors:
        tell_visitor(emails.PASS, visit, visitor, now, attachments.one_pass(visitor))


def tell_visitor(message: Message, visit: Visit, visitor: Visitor, now: datetime, *attached: Attached) -> None:
    """To a person without an account, if they left an address: no link, and in Chinese, as all we know of them is in it."""
    if not visitor.email:
        return
    client = session().get_one(Client, visit.client_id)
    data = _data(visit, client=client.name, name=visitor.person.name)
    notify(message, [Recipient(visitor.email, DEFAULT_LOCALE)], now, path="", data=data, on_desk=False, attached=attached)


def _data(visit: Visit, **data: Any) -> dict[str, Any]:
    room = session().get_one(Room, visit.room_id)
    own = {"number": visit.number, "room": room.code, "start": site_time(visit.starts_at), "end": site_time(visit.ends_at)}
    return own | data
