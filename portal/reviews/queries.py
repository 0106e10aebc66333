"""Reading access reviews: staff who may see all, client users their own client's."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.badges.models import Badge
from portal.clients.models import Client, Person
from portal.contracts.models import Contract
from portal.desk.items import Counts, DueItem, Figure, Waits, told
from portal.gate.models import Presence
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.i18n import _, ngettext
from portal.kernel.policy import CLIENT_ROLES, STAFF_ROLES, Actor, Permission, Role
from portal.reviews import rules
from portal.reviews.lifecycle import ACCESS_REVIEW, ANSWERABLE
from portal.reviews.models import AccessReview, AccessReviewLine

REVIEWED_BADGES = ("issued", "suspended")  # what opens the gate, or will again
BY_REVIEW = ACCESS_REVIEW.tag("lapse")

Holder, DecidedBy = aliased(Person), aliased(User)

_SHOWN = 4  # reviews that a desk names one by one


def select_reviews(actor: Actor) -> Select[*tuple[Any, ...]]:
    """Reviews, each with the client's name (none for staff), its lines and how many of them are answered."""
    lines = select(func.count()).where(AccessReviewLine.review_id == AccessReview.id)
    statement = select(
        AccessReview,
        Client.name.label("client"),
        lines.scalar_subquery().label("lines"),
        lines.where(answered()).scalar_subquery().label("answered"),
    ).outerjoin(Client, Client.id == AccessReview.client_id)
    return statement.where(visible_to(actor))


def visible_to(actor: Actor) -> ColumnElement[bool]:
    return AccessReview.client_id == actor.client_id if actor.is_client else AccessReview.id.is_not(None)


def answered() -> ColumnElement[bool]:
    """Lines that need no answer any more."""
    return AccessReviewLine.decision.in_(("confirmed", "removed", "ended"))


def get_review(actor: Actor, review_id: uuid.UUID) -> Row[*tuple[Any, ...]]:
    """A review with client, lines and answers counted. Raises NotFound, for another client's too."""
    row = session().execute(select_reviews(actor).where(AccessReview.id == review_id)).one_or_none()
    if row is None:
        raise NotFound(review_id)
    return row


def select_lines(review_id: uuid.UUID) -> Select[*tuple[Any, ...]]:
    """The lines of a review that was loaded for this actor: line, badge, person (the holder of a badge), user, who decided, last use.

    Last use is the last entry on the badge or of the person, and the user's last sign-in.
    """
    used_badge = select(func.max(Presence.created_at)).where(Presence.badge_id == AccessReviewLine.badge_id).scalar_subquery()
    used_person = select(func.max(Presence.created_at)).where(Presence.person_id == AccessReviewLine.person_id).scalar_subquery()
    return (
        select(
            AccessReviewLine,
            Badge,
            Holder,
            User,
            DecidedBy.name.label("decided_by"),
            func.coalesce(used_badge, used_person, User.last_signed_in_at).label("last_used"),
        )
        .outerjoin(Badge, Badge.id == AccessReviewLine.badge_id)
        .outerjoin(Holder, or_(Holder.id == AccessReviewLine.person_id, Holder.id == Badge.person_id))
        .outerjoin(User, User.id == AccessReviewLine.user_id)
        .outerjoin(DecidedBy, DecidedBy.id == AccessReviewLine.decided_by_id)
        .where(AccessReviewLine.review_id == review_id)
    )


def lines_of(review_id: uuid.UUID) -> list[Row[*tuple[Any, ...]]]:
    """All lines of a review, badges first, then people, then users, in the order in which they were written down."""
    rows = session().execute(select_lines(review_id).order_by(AccessReviewLine.id).execution_options(populate_existing=True))
    order = list(rules.KINDS)
    return sorted(rows, key=lambda row: order.index(row[0].kind))


def subject_of(row: Row[*tuple[Any, ...]]) -> rules.Subject:
    """Whom a line is about."""
    line, badge, person, user = row[0], row[1], row[2], row[3]
    if user is not None:
        return rules.Subject(line.kind, user.name, user.id, user.role)
    name = f"{badge.number} {person.name}" if badge is not None else person.name
    return rules.Subject(line.kind, name)


def is_over(row: Row[*tuple[Any, ...]]) -> bool:
    """Whether the access that a line is about ended by other means."""
    badge, person, user = row[1], row[2], row[3]
    if badge is not None:
        return badge.state not in REVIEWED_BADGES
    return user.state != "active" if user is not None else person.left_at is not None


def clients_to_review(quarter: str, today: date) -> Select[uuid.UUID]:
    """Clients with a contract in force that were clients when the quarter began, and have no review of it yet."""
    since = rules.first_day(quarter)
    in_force = exists().where(
        Contract.client_id == Client.id, Contract.state == "in_force", Contract.starts_on <= today, Contract.ends_on >= today
    )
    before = exists().where(Contract.client_id == Client.id, Contract.state.not_in(("draft", "cancelled")), Contract.starts_on <= since)
    opened = exists().where(AccessReview.client_id == Client.id, AccessReview.quarter == quarter)
    return select(Client.id).where(in_force, before, ~opened).order_by(Client.id)


def badges_to_review(client_id: uuid.UUID) -> Select[uuid.UUID]:
    return select(Badge.id).where(Badge.client_id == client_id, Badge.state.in_(REVIEWED_BADGES)).order_by(Badge.id)


def people_to_review(client_id: uuid.UUID) -> Select[uuid.UUID]:
    """Who may be named on a visit, an exit or a badge and holds no badge; who holds one is confirmed or removed with it."""
    holders = select(Badge.person_id).where(Badge.client_id == client_id, Badge.state.in_(REVIEWED_BADGES))
    people = select(Person.id).where(Person.client_id == client_id, Person.left_at.is_(None), Person.id.not_in(holders))
    return people.order_by(Person.id)


def users_to_review(client_id: uuid.UUID | None) -> Select[uuid.UUID]:
    """Whose account is enabled: the client's, or the staff's."""
    side = CLIENT_ROLES if client_id else STAFF_ROLES
    return select(User.id).where(User.client_id == client_id, User.role.in_(side), User.state == "active").order_by(User.id)


def stopped_because_of(kind: str, subject_id: uuid.UUID) -> str | None:
    """The audit tag of what stopped a badge, a user or a person last, where that followed from another change (`BY_REVIEW`: a review)."""
    tags = {"badge": "badge.suspend", "user": "user.disable", "person": "person.left"}
    last = (
        select(AuditEntry.after["because_of"].as_string())
        .where(
            AuditEntry.subject_kind == kind,
            AuditEntry.subject_id == subject_id,
            AuditEntry.tag.in_({tags[kind], f"{tags[kind]}_colleague"}),
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    return session().scalar(last)


def unconfirmed_badges(badge_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these badges a review stopped, or left stopped, because nobody confirmed them, and nobody has since."""
    lines = select(AccessReviewLine.badge_id).where(
        AccessReviewLine.badge_id.in_(list(badge_ids)), AccessReviewLine.decision == "suspended"
    )
    return set(session().scalars(lines))


def waiting_for(actor: Actor, now: datetime) -> list[Waits]:
    """Reviews whose answers wait for this actor: a client's administrator, the supervisor, who answers for supervisors.

    A supervisor answers for the only administrator of each client: the first few are named, the rest stand in one line.
    """
    if not actor.may(Permission.ACCESS_REVIEW_CONFIRM):
        return []
    ours = AccessReview.client_id.is_not(None) if not actor.is_client else AccessReview.client_id.is_(None)
    by_urgency = (AccessReview.due_on, ours, AccessReview.id)
    lines = select(func.count()).where(AccessReviewLine.review_id == AccessReview.id)
    rows = select(
        AccessReview.id,
        AccessReview.quarter,
        AccessReview.state,
        AccessReview.due_on,
        Client.name.label("client"),
        lines.scalar_subquery().label("lines"),
        lines.where(answered()).scalar_subquery().label("answered"),
        func.row_number(type_=Integer).over(order_by=by_urgency).label("place"),
        func.count().over().label("all"),
    ).outerjoin(Client, Client.id == AccessReview.client_id)
    rows = rows.where(visible_to(actor), AccessReview.state.in_(ANSWERABLE), _waits_for(actor))
    return [Waits(rows.order_by(*by_urgency).limit(_SHOWN + 1), _due)]


def _waits_for(actor: Actor) -> ColumnElement[bool]:
    """Reviews with a line that this actor answers for, their own never."""
    line = exists().where(AccessReviewLine.review_id == AccessReview.id, ~answered_or_none())
    user = line.where(User.id == AccessReviewLine.user_id, User.id != actor.user_id)
    if actor.is_client:
        not_mine = or_(AccessReviewLine.user_id.is_(None), AccessReviewLine.user_id != actor.user_id)
        return and_(AccessReview.client_id == actor.client_id, line.where(not_mine))
    if actor.role is Role.SUPERVISOR:
        other = aliased(User)
        another = exists().where(
            other.client_id == User.client_id, other.role == User.role, other.state == "active", other.id != User.id
        )  # fmt: skip
        only_admin = user.where(User.role == Role.CLIENT_ADMIN.value, ~another)
        return or_(and_(AccessReview.client_id.is_(None), user), and_(AccessReview.client_id.is_not(None), only_admin))
    return and_(AccessReview.client_id.is_(None), user.where(User.role == Role.SUPERVISOR.value))


def answered_or_none() -> ColumnElement[bool]:
    """As `answered`, false where nobody has answered."""
    return func.coalesce(AccessReviewLine.decision, "").in_(("confirmed", "removed", "ended"))


def counts(actor: Actor, now: datetime) -> Counts | None:
    """For supervisor and auditor: reviews that are overdue, of those that are not done."""
    if actor.is_client or not actor.may(Permission.ACCESS_REVIEW_READ):
        return None
    open_ones = select(func.count()).where(AccessReview.state.in_(ANSWERABLE))

    def told(number: int, overdue: int) -> list[Figure]:
        sub = _("%(count)s overdue", count=overdue) if overdue else ""
        return [Figure(_("Access reviews open"), number, sub, "/reviews/", "stop" if overdue else "")] if number else []

    return Counts((open_ones, open_ones.where(AccessReview.due_on < clock.today(now))), told)


def unit_name(client: str | None) -> str:
    """Whose review it is, in the reader's words."""
    return client or _("The data center’s staff")


def _due(row: Any) -> DueItem:
    state, due = told(ACCESS_REVIEW.states[row.state]), clock.end_of(row.due_on)
    if row.place > _SHOWN:
        title = ngettext("%(num)s more access review", "%(num)s more access reviews", row.all - _SHOWN)
        return DueItem(title, _("They wait for your answers, too."), state, due, "/reviews/")
    title = _("Access review %(quarter)s", quarter=row.quarter)
    sub = _("%(unit)s · %(answered)s of %(lines)s answered", unit=unit_name(row.client), answered=row.answered, lines=row.lines)
    return DueItem(title, sub, state, due, f"/reviews/{ids.to_text(row.id)}")
