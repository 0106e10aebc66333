"""Reading badges, always as far as the actor may see."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Uuid, bindparam, case, func, select, union
from sqlalchemy.orm import joinedload, selectinload

from portal.badges import rules
from portal.badges.lifecycle import LIVE
from portal.badges.models import Badge, BadgeGrant
from portal.clients.models import Client, Person
from portal.contracts.models import Contract
from portal.desk.items import Counts, DueItem, Figure, Waits, told
from portal.kernel import ids
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.filters import begins, is_number
from portal.kernel.i18n import _
from portal.kernel.policy import Actor, Permission

REVIEW_WITHIN = timedelta(hours=4)


def select_badges(actor: Actor) -> Select[Badge]:
    """What the actor's list of badges is made from, with holder and client."""
    statement = select(Badge).join(Badge.person).join(Badge.client).options(joinedload(Badge.person), joinedload(Badge.client))
    return statement.where(Badge.client_id == actor.client_id) if actor.is_client else statement


def badge_like(text: str) -> ColumnElement[bool]:
    """The badges that a text means: by the beginning of their number or of their holder's name, or by their client's name."""
    if is_number(text):
        return begins(Badge.number, text.upper())
    of_holders = select(Badge.id).join(Person, Person.id == Badge.person_id).where(begins(Person.name, text))
    return Badge.id.in_(union(of_holders, select(Badge.id).where(Badge.client_id.in_(Client.named(text)))))


def get_badge(actor: Actor, badge_id: uuid.UUID) -> Badge:
    """One badge with holder, client, contracts and rooms. Raises NotFound, for another client's too."""
    loaded = selectinload(Badge.grants).joinedload(BadgeGrant.contract).joinedload(Contract.room)
    badge = session().scalars(select_badges(actor).options(loaded).where(Badge.id == badge_id)).one_or_none()
    if badge is None:
        raise NotFound(badge_id)
    return badge


def get_badges(actor: Actor, badge_ids: Iterable[uuid.UUID]) -> list[Badge]:
    """Several at once, for printing a sheet: those of `badge_ids` that the actor may see, by number."""
    loaded = selectinload(Badge.grants).joinedload(BadgeGrant.contract).joinedload(Contract.room)
    return list(session().scalars(select_badges(actor).options(loaded).where(Badge.id.in_(list(badge_ids))).order_by(Badge.number)))


# Made once: at the gate the making would take as long as the reading.
_LOCK_AT_GATE = select(Badge.id).where(Badge.id == bindparam("badge", type_=Uuid())).with_for_update()
_AT_GATE = (
    select(Badge)
    .where(Badge.id == bindparam("badge", type_=Uuid()))
    .options(
        joinedload(Badge.person),
        joinedload(Badge.client),
        joinedload(Badge.grants).joinedload(BadgeGrant.contract).joinedload(Contract.room),
    )
    .execution_options(populate_existing=True)
)


def for_gate(badge_id: uuid.UUID) -> Badge:
    """A badge for the gate's decision: its row locked, with holder, client, contracts and rooms. Raises NotFound."""
    session().execute(_LOCK_AT_GATE, {"badge": badge_id})
    badge = session().scalars(_AT_GATE, {"badge": badge_id}).unique().one_or_none()
    if badge is None:
        raise NotFound(badge_id)
    return badge


def places_left(client: Client) -> int:
    """How many more badges the client may apply for (R-B2)."""
    live = session().scalar(select(func.count()).where(Badge.client_id == client.id, Badge.state.in_(LIVE)))
    return rules.limit(client.kind) - (live or 0)


def live_badge_of(person_id: uuid.UUID) -> Badge | None:
    return session().scalars(select(Badge).where(Badge.person_id == person_id, Badge.state.in_(LIVE))).one_or_none()


def replacement_of(badge: Badge) -> Badge | None:
    """The application or badge that stands in for a lost one, if there is one that was not refused or given up."""
    own = select(Badge).where(
        Badge.client_id == badge.client_id, Badge.replaces_id == badge.id, Badge.state.not_in(("refused", "cancelled"))
    )
    return session().scalars(own.order_by(Badge.id.desc()).limit(1)).one_or_none()


def not_returned(contract_id: uuid.UUID) -> list[Badge]:
    """Badges under this contract whose card is still out, or that still hold a place (R-B7). A lost card cannot come back."""
    granted = select(BadgeGrant.badge_id).where(BadgeGrant.contract_id == contract_id)
    out = Badge.state.in_(LIVE) | (Badge.issued_at.is_not(None) & Badge.card_back_at.is_(None) & (Badge.state != "lost"))
    statement = select(Badge).where(Badge.id.in_(granted), out).options(joinedload(Badge.person)).order_by(Badge.id)
    return list(session().scalars(statement))


def to_print(actor: Actor) -> list[Badge]:
    """Issued badges whose card was not printed yet, oldest first, at most 200."""
    statement = select_badges(actor).where(Badge.state == "issued", Badge.printed_at.is_(None)).order_by(Badge.id).limit(200)
    return list(session().scalars(statement))


def waiting_for(actor: Actor, now: datetime) -> list[Waits]:
    """Applications that wait for customer service's review, or for the client's correction."""
    columns = (Badge.id, Badge.number, Badge.state, Badge.slot, Badge.created_at)
    rows = select(*columns, Client.name.label("client"), Client.kind.label("kind"), Person.name.label("person"))
    rows = rows.join(Client, Client.id == Badge.client_id).join(Person, Person.id == Badge.person_id).order_by(Badge.id).limit(20)
    if actor.may(Permission.BADGE_REVIEW):
        return [Waits(rows.where(Badge.state == "under_review"), _due)]
    if actor.is_client:
        return [Waits(rows.where(Badge.state == "needs_correction", Badge.client_id == actor.client_id), _due)]
    return []


def counts(actor: Actor, now: datetime) -> Counts | None:
    """The badges' figures on the desk."""
    if actor.may(Permission.BADGE_REVIEW):
        waiting = select(func.count()).where(Badge.state == "under_review")
        return Counts((waiting,), lambda number: [Figure(_("Badges to review"), number, "", "/badges/?state=under_review")])
    if actor.is_client:
        live = select(func.count()).where(Badge.client_id == actor.client_id, Badge.state.in_(LIVE))
        limit = select(case(rules.LIMITS, value=Client.kind)).where(Client.id == actor.client_id)
        return Counts((live, limit), lambda number, most: [Figure(_("Badges"), number, _("of %(limit)s", limit=most), "/badges/")])
    return None


def holders(client_id: uuid.UUID) -> list[Person]:
    """The client's people who could get a badge: not left, without a live one."""
    taken = select(Badge.person_id).where(Badge.client_id == client_id, Badge.state.in_(LIVE))
    statement = select(Person).where(Person.client_id == client_id, Person.left_at.is_(None), Person.id.not_in(taken))
    return list(session().scalars(statement.order_by(Person.name, Person.id)))


def review_due(badge: Badge) -> datetime | None:
    """By when customer service answers an application; None for a badge that does not wait for it."""
    return badge.created_at + REVIEW_WITHIN if badge.state == "under_review" else None


def _due(row: Any) -> DueItem:
    title = _("Badge application %(number)s", number=row.number)
    sub = _(
        "%(client)s · %(person)s · badge %(slot)s of %(limit)s",
        client=row.client,
        person=row.person,
        slot=row.slot,
        limit=rules.limit(row.kind),
    )
    return DueItem(title, sub, told(Badge.LIFECYCLE.states[row.state]), review_due(row), f"/badges/{ids.to_text(row.id)}")
