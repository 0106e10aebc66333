"""Finding whom a record is about: for who stands before them, so by little."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.badges.models import Badge
from portal.clients import queries as clients
from portal.clients.models import Client, Person
from portal.facility.models import Room
from portal.gate.models import Presence
from portal.kernel.db import session
from portal.kernel.filters import begins, is_number


def people_like(text: str) -> list[Person]:
    """Whom a record may be about: by a part of the name, a badge's number, or a document's last digits or whole number. At most ten."""
    statement = select(Person).join(Person.client).options(joinedload(Person.client))
    if is_number(text):
        statement = statement.where(Person.id.in_(select(Badge.person_id).where(begins(Badge.number, text.upper()))))
    elif len(text) < 2 and text.isascii():
        return []
    else:
        statement = statement.where(clients.person_like(text))
    return list(session().scalars(statement.order_by(Person.name, Person.id).limit(10)))


def inside_now() -> list[tuple[Presence, str, str]]:
    """Who is inside, the last who came first: stay, client's name, room's code. At most twenty."""
    statement = (
        select(Presence, Client.name, Room.code)
        .join(Client, Client.id == Presence.client_id)
        .join(Room, Room.id == Presence.room_id)
        .where(Presence.left_at.is_(None))
    )
    return [(row[0], row[1], row[2]) for row in session().execute(statement.order_by(Presence.id.desc()).limit(20))]
