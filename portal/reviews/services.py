"""Access reviews: the worker opens, chases and ends them; people answer line by line, and what they remove ends at once.

Every answer and every change by the worker takes the review's row lock first: answers and the end of the grace never cross.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.engine import CursorResult

from portal.accounts import queries as accounts
from portal.accounts import services as account_services
from portal.accounts.models import User
from portal.audit import services as audit
from portal.badges import queries as badges
from portal.badges import services as badge_services
from portal.clients import services as clients
from portal.clients.models import Client
from portal.conduct import queries as conduct
from portal.conduct import services as conduct_services
from portal.kernel import change, clock, ids
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import Conflict, Forbidden, NotFound, Refusal, Refused
from portal.kernel.numbers import next_number
from portal.kernel.policy import SYSTEM, Actor, Permission, Role
from portal.outbox.messages import Message, Recipient
from portal.outbox.services import notify
from portal.reviews import emails, queries, rules
from portal.reviews.lifecycle import ACCESS_REVIEW
from portal.reviews.models import AccessReview, AccessReviewLine

BATCH = 50
LAPSE, REMOVE, CONFIRM = queries.BY_REVIEW, "access_review.line_removed", "access_review.line_confirmed"

_due_days, _grace_days = 14, 14


def configure(due_days: int, grace_days: int) -> None:
    """Sets how many days a review may take, and how many more pass until what was not confirmed is suspended."""
    global _due_days, _grace_days
    _due_days, _grace_days = due_days, grace_days


def open_due(now: datetime) -> int:
    """Opens this quarter's reviews: the staff's, and that of each client with a contract in force. Returns how many.

    Again is harmless: there is one a quarter and client, and the database has the last word. For the worker.
    """
    today = clock.today(now)
    quarter = rules.quarter_of(today)
    count = 0
    if session().scalar(select(AccessReview.id).where(AccessReview.quarter == quarter, AccessReview.client_id.is_(None))) is None:
        open_review(quarter, None, now)
        count += 1
    for client_id in list(session().scalars(queries.clients_to_review(quarter, today).limit(BATCH))):
        open_review(quarter, client_id, now)
        count += 1
    return count


def open_review(quarter: str, client_id: uuid.UUID | None, now: datetime) -> AccessReview:
    """Opens one review with its lines; one without any is closed at once. Raises Refused (ALREADY_OPEN)."""
    due_on, grace_until = rules.dates(clock.today(now), _due_days, _grace_days)
    review = AccessReview(
        number=next_number("AR", now), quarter=quarter, client_id=client_id, due_on=due_on, grace_until=grace_until
    )  # fmt: skip
    found = {"user_id": list(session().scalars(queries.users_to_review(client_id)))}
    if client_id is not None:
        found["badge_id"] = list(session().scalars(queries.badges_to_review(client_id)))
        found["person_id"] = list(session().scalars(queries.people_to_review(client_id)))
    count = sum(len(subjects) for subjects in found.values())
    refusal = rules.ALREADY_OPEN
    with guarded({"uq_access_reviews_client": refusal, "uq_access_reviews_staff": refusal}):
        change.open_record(review, "open", SYSTEM, now, facts={"title": quarter, "items": count, "due": due_on, "until": grace_until})
    session().add_all(
        AccessReviewLine(created_at=now, review_id=review.id, kind=column.removesuffix("_id"), **{column: subject_id})
        for column, subjects in found.items()
        for subject_id in subjects
    )
    session().flush()
    if count:
        _tell(emails.OPENED, review, count, now)
    else:
        change.move(review, "run_out", SYSTEM, now)
    return review


@dataclass(frozen=True, slots=True)
class Answers:
    """Lines whose access stays, and lines whose access ends now; the others wait. `note` is the reason of what is removed."""

    keep: frozenset[uuid.UUID]
    remove: frozenset[uuid.UUID]
    note: str = ""


def answer(review: AccessReview, answers: Answers, actor: Actor, now: datetime) -> int:
    """Carries out answers to some lines, or to all; the last one completes the review. Returns how many were new.

    What is kept and was suspended for want of an answer is resumed; what is removed ends at once: a badge is cancelled, a person is
    marked as having left, an account is disabled. Who may is told by `rules.why_not_answer`.
    Raises Refused with every reason, NotFound, Forbidden, Conflict.
    """
    if not actor.may(Permission.ACCESS_REVIEW_CONFIRM):
        raise Forbidden(Permission.ACCESS_REVIEW_CONFIRM)
    if actor.is_client and review.client_id != actor.client_id:
        raise NotFound(review.id)
    change.lock(review)
    if not ACCESS_REVIEW.allows(review.state, "complete"):
        raise change.conflict(review, "complete")
    _note_ended(review, now)
    rows = {row[0].id: row for row in queries.lines_of(review.id)}
    chosen = dict.fromkeys(answers.keep, "confirmed") | dict.fromkeys(answers.remove, "removed")
    if not chosen.keys() <= rows.keys():
        raise NotFound(review.id)
    wanted = {id_: decision for id_, decision in chosen.items() if _is_new(rows[id_], decision)}
    refusals = [refusal for id_, decision in wanted.items() if (refusal := _why_not(rows[id_], decision, review, actor))]
    if not chosen:
        refusals.append(rules.NOTHING_ANSWERED)
    if refusals:
        raise Refused(*refusals)
    # People first: with a person who is removed goes the badge they hold, and its line with it.
    for id_ in sorted(wanted, key=lambda id_: (rows[id_][0].kind != "person", id_)):
        row, decision = rows[id_], wanted[id_]
        session().refresh(row[0])
        if not _is_new(row, decision):
            continue
        (_keep if decision == "confirmed" else _remove)(row, review, answers.note, actor, now)
        _decide(row[0], decision, queries.subject_of(row).name, review, actor, now)
    _note_ended(review, now)
    if _open_lines(review) == 0 and review.state in ACCESS_REVIEW.actions["complete"].sources:
        change.move(review, "complete", actor, now)
    return len(wanted)


def lapse_due(now: datetime) -> int:
    """Ends the reviews whose grace is over: what nobody confirmed is suspended until somebody does. Returns how many. For the worker."""
    over = select(AccessReview).where(AccessReview.state == "open", AccessReview.grace_until < clock.today(now))
    count = 0
    for review in session().scalars(over.order_by(AccessReview.due_on, AccessReview.id).limit(10).with_for_update(skip_locked=True)).all():
        _note_ended(review, now)
        suspended = sum(_suspend(row, review, now) for row in queries.lines_of(review.id) if row[0].decision is None)
        if _open_lines(review) == 0:
            change.move(review, "run_out", SYSTEM, now)
        else:
            change.move(review, "lapse", SYSTEM, now, facts={"items": suspended})
            _tell(emails.LAPSED, review, suspended, now)
        count += 1
    return count


def chase_due(now: datetime) -> int:
    """Asks after overdue reviews, once a week each; notes what ended by other means. Returns how many were asked after. For the worker."""
    late = select(AccessReview).where(AccessReview.state == "open", AccessReview.due_on < clock.today(now))
    asked = AccessReview.chased_at.is_(None) | (AccessReview.chased_at <= now - rules.CHASE_EVERY)
    count = 0
    for review in session().scalars(late.where(asked).order_by(AccessReview.due_on).limit(BATCH).with_for_update(skip_locked=True)).all():
        _note_ended(review, now)
        left = _open_lines(review)
        if left == 0:
            change.move(review, "run_out", SYSTEM, now)
            continue
        review.chased_at = now
        _record("access_review.chased", review, SYSTEM, now, {"items": left, "due": review.due_on})
        _tell(emails.CHASED, review, left, now)
        count += 1
    return count


def path(review: AccessReview) -> str:
    return f"/reviews/{ids.to_text(review.id)}"


def _is_new(row: Row[*tuple[Any, ...]], decision: str) -> bool:
    """Whether an answer says something that is not on record; what ended by other means needs none."""
    return bool(row[0].decision not in (decision, "ended"))


def _why_not(row: Row[*tuple[Any, ...]], decision: str, review: AccessReview, actor: Actor) -> Refusal | None:
    subject = queries.subject_of(row)
    if refusal := rules.why_not_answer(actor, review.client_id, subject):
        return refusal
    return None if row[0].decision in rules.OPEN_DECISIONS else rules.ANSWERED_MEANWHILE(name=subject.name)


def _keep(row: Row[*tuple[Any, ...]], review: AccessReview, note: str, actor: Actor, now: datetime) -> None:
    """Access stays. What the end of the grace had suspended goes on, unless something else stopped it since.

    So does a badge that was suspended by a bar of its holder which is over: the unanswered review alone kept it. While the bar is on,
    its end gives the badge back.
    """
    line, badge, person, user = row[0], row[1], row[2], row[3]
    subject = badge or user or person
    if badge is not None:
        change.lock(badge)  # a bar of its holder that ends at this moment sees the answer, or is seen by it
    if line.decision != "suspended":
        return
    stopped_by = queries.stopped_because_of(line.kind, subject.id)
    outlasted_bar = badge is not None and stopped_by == conduct_services.BARRED and conduct.is_kept_from_bar(badge.id, now)
    if stopped_by != LAPSE and not outlasted_bar:
        return
    if badge is not None and badge.state == "suspended":
        if badge_services.last_contract_day(badge, now) is None:
            raise Refused(rules.CANNOT_RESUME(name=badge.number))
        badge_services.resume_by_rule(badge, note or _reason(review), CONFIRM, actor, now)
        if outlasted_bar:
            conduct_services.note_given_back(badge.id, now)
    elif user is not None and user.state == "disabled":
        account_services.enable_by_rule(user, note or _reason(review), CONFIRM, actor, now)
    elif line.kind == "person" and person.left_at is not None:
        clients.take_back_by_rule(person, CONFIRM, actor, now)


def _remove(row: Row[*tuple[Any, ...]], review: AccessReview, note: str, actor: Actor, now: datetime) -> None:
    line, badge, person, user = row[0], row[1], row[2], row[3]
    reason = note or _reason(review)
    if user is not None:
        if user.state == "active":
            account_services.disable_by_rule(user, reason, REMOVE, actor, now)
        return
    if line.kind == "person":
        clients.mark_left_by_rule(person, REMOVE, actor, now)
        badge = badges.live_badge_of(person.id)
    if badge is not None and badge.LIFECYCLE.allows(badge.state, "cancel"):
        badge_services.cancel(badge, reason, actor, now)


def _suspend(row: Row[*tuple[Any, ...]], review: AccessReview, now: datetime) -> int:
    """Stops what nobody confirmed. The last who could still put things right keeps their account: their line stays open."""
    line, badge, person, user = row[0], row[1], row[2], row[3]
    reason = _reason(review)
    if user is not None:
        if user.role in _INDISPENSABLE and account_services.is_last_of_its_role(user):
            _record("access_review.kept_last", review, SYSTEM, now, {"name": user.name, "role": user.role})
            return 0
        account_services.disable_by_rule(user, reason, LAPSE, SYSTEM, now)
    elif badge is not None:
        change.lock(badge)  # the end of a bar of its holder may be giving it back
        if badge.state == "issued":
            badge_services.suspend_by_rule(badge, reason, LAPSE, now)
    else:
        clients.mark_left_by_rule(person, LAPSE, SYSTEM, now)
    _decide(line, "suspended", queries.subject_of(row).name, review, SYSTEM, now)
    return 1


_INDISPENSABLE = {Role.ADMINISTRATOR.value, Role.SUPERVISOR.value, Role.CLIENT_ADMIN.value}


def _note_ended(review: AccessReview, now: datetime) -> None:
    """Marks the lines whose badge, person or account is over by other means."""
    for row in queries.lines_of(review.id):
        line = row[0]
        if (line.decision is None and queries.is_over(row)) or (line.decision == "suspended" and _over_for_good(row)):
            _decide(line, "ended", queries.subject_of(row).name, review, SYSTEM, now)


def _over_for_good(row: Row[*tuple[Any, ...]]) -> bool:
    """A suspended line whose badge died meanwhile has nothing to resume."""
    return row[1] is not None and row[1].state not in queries.REVIEWED_BADGES


def _decide(line: AccessReviewLine, decision: str, name: str, review: AccessReview, actor: Actor, now: datetime) -> None:
    """Writes the answer down, if the line still is what was read; together with its audit entry."""
    was = line.decision
    same = AccessReviewLine.decision == was if was is not None else AccessReviewLine.decision.is_(None)
    changed = session().execute(
        update(AccessReviewLine)
        .where(AccessReviewLine.id == line.id, same)
        .values(decision=decision, decided_by_id=actor.user_id, decided_at=now)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(changed, CursorResult)
    if changed.rowcount != 1:
        raise Conflict(name, decision, review.state, ACCESS_REVIEW.states[review.state].label)
    session().refresh(line)
    _record(f"access_review.line_{decision}", review, actor, now, {"kind": line.kind, "item": name})


def _open_lines(review: AccessReview) -> int:
    lines = select(AccessReviewLine.decision).where(AccessReviewLine.review_id == review.id)
    return sum(decision in rules.OPEN_DECISIONS for decision in session().scalars(lines))


def _reason(review: AccessReview) -> str:
    return f"访问权限复核 {review.quarter} / access review {review.number}"


def _record(tag: str, review: AccessReview, actor: Actor, now: datetime, after: dict[str, Any]) -> None:
    audit.record(tag, "access_review", review.id, review.number, actor, now, client_id=review.client_id, after=after)


def _tell(message: Message, review: AccessReview, lines: int, now: datetime) -> None:
    client = session().get(Client, review.client_id) if review.client_id else None
    data = {
        "quarter": review.quarter,
        "number": review.number,
        "unit": client.name if client else "数据中心 / Data center",
        "lines": lines,
        "due": review.due_on.isoformat(),
        "grace": review.grace_until.isoformat(),
    }
    notify(message, _waiting(review), now, path=path(review), data=data)


def _waiting(review: AccessReview) -> Iterable[Recipient]:
    """Who answers. A client without an administrator who could is customer service's to call."""
    if review.client_id is None:
        roles: Collection[Role] = (Role.SUPERVISOR,) if not _only_supervisors_left(review) else (Role.ADMINISTRATOR,)
        return [recipient for role in roles for recipient in accounts.recipients_with_role(role)]
    admins = accounts.recipients_admins(review.client_id)
    return admins or accounts.recipients_with_role(Role.CUSTOMER_SERVICE)


def _only_supervisors_left(review: AccessReview) -> bool:
    """Whether what is open of the staff's review are the supervisors' own accounts, for which administrators answer."""
    open_ = (
        select(User.role)
        .join(AccessReviewLine, AccessReviewLine.user_id == User.id)
        .where(AccessReviewLine.review_id == review.id, ~queries.answered_or_none())
    )
    return set(session().scalars(open_)) == {Role.SUPERVISOR.value}
