"""What people do with badges: apply, review, issue, lose, hand on, return."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from portal.accounts import queries as accounts
from portal.audit import services as audit
from portal.badges import emails, rules
from portal.badges.lifecycle import LIVE
from portal.badges.models import Badge, BadgeGrant
from portal.clients.models import Client, Person
from portal.conduct import queries as conduct
from portal.contracts import queries as contracts
from portal.contracts.models import Contract
from portal.files import services as files
from portal.kernel import change, clock, ids
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import NotFound, Refusal, Refused
from portal.kernel.numbers import next_number
from portal.kernel.policy import SYSTEM, Actor, Role
from portal.outbox.messages import Message
from portal.outbox.services import notify
from portal.passes import fonts
from portal.passes.services import issue_pass, revoke_pass
from portal.reviews import queries as reviews


@dataclass(frozen=True, slots=True)
class Application:
    """What an application says. `replaces_id`: the lost badge that this one stands in for."""

    client_id: uuid.UUID
    person_id: uuid.UUID | None
    contract_ids: tuple[uuid.UUID, ...]
    photo_id: uuid.UUID | None
    identity_copy_id: uuid.UUID | None
    letter_id: uuid.UUID | None
    replaces_id: uuid.UUID | None = None


def apply_for_badge(command: Application, actor: Actor, now: datetime) -> Badge:
    """Opens an application (R-B1). The limit R-B2 holds under simultaneous ones: the client's row is locked, and the slot is unique.

    Raises Refused with every reason at once.
    """
    client = _lock_client(command.client_id, actor)
    slot = _free_slot(client)
    person, granted = _check(command, client, None, now)
    badge = Badge(
        number=next_number("BA", now),
        client_id=client.id,
        person_id=person.id,
        slot=slot,
        replaces_id=_lost_badge(command.replaces_id, client),
        applied_by_id=actor.user_id,
        **_papers(command, client, actor, now),
    )
    with guarded({"uq_badges_slot": _full(client), "uq_badges_person": rules.PERSON_HAS_BADGE(name=person.name)}):
        change.open_record(badge, "apply", actor, now, facts={"person": person.name, "slot": slot})
    _grant(badge, granted, now)
    _tell_service(badge, client, person, now)
    return badge


def resend(badge: Badge, command: Application, actor: Actor, now: datetime) -> None:
    """Sends a corrected application again. It kept its slot meanwhile."""
    change.lock(badge)
    client = _lock_client(badge.client_id, actor)
    person, granted = _check(command, client, badge, now)
    with guarded({"uq_badges_person": rules.PERSON_HAS_BADGE(name=person.name)}):
        values = {"person_id": person.id, "review_note": "", **_papers(command, client, actor, now)}
        change.move(badge, "resend", actor, now, facts={"person": person.name}, values=values)
    for grant in session().scalars(select(BadgeGrant).where(BadgeGrant.badge_id == badge.id)):
        session().delete(grant)
    session().flush()
    _grant(badge, granted, now)
    _tell_service(badge, client, person, now)


def ask_correction(badge: Badge, reason: str, actor: Actor, now: datetime) -> None:
    change.move(badge, "ask_correction", actor, now, reason=reason, values={"review_note": reason, "reviewed_by_id": actor.user_id})
    _tell_client(emails.NEEDS_CORRECTION, badge, now, reason=reason)


def refuse(badge: Badge, reason: str, actor: Actor, now: datetime) -> None:
    change.move(badge, "refuse", actor, now, reason=reason, values={"review_note": reason, "reviewed_by_id": actor.user_id})
    _tell_client(emails.REFUSED, badge, now, reason=reason)


def issue(badge: Badge, valid_until: date, actor: Actor, now: datetime) -> None:
    """Issues a reviewed application: valid at most to the end of its contracts (R-B3), with a pass for the gate."""
    change.lock(badge)
    today = clock.today(now)
    last = last_contract_day(badge, now)
    if last is None:
        raise Refused(rules.NO_CONTRACT)
    if why_not := rules.why_not_valid_until(valid_until, today, last):
        raise Refused(why_not)
    person = session().get_one(Person, badge.person_id)
    conduct.check_not_barred([(person.document_hash, person.name)], now)
    values = {"issued_at": now, "valid_until": valid_until, "reviewed_by_id": actor.user_id}
    change.move(badge, "issue", actor, now, facts={"valid_until": valid_until.isoformat()}, values=values)
    issue_pass("badge", badge.id, clock.end_of(valid_until), actor, now)
    _tell_client(emails.ISSUED, badge, now, until=valid_until.isoformat(), person=person.name)


def suspend(badge: Badge, reason: str, actor: Actor, now: datetime) -> None:
    """The badge does not open the gate until it is resumed; its pass stays, since the card is still the right one."""
    change.move(badge, "suspend", actor, now, reason=reason)
    _tell_client(emails.STOPPED, badge, now, why=reason)


def resume(badge: Badge, reason: str, actor: Actor, now: datetime) -> None:
    if last_contract_day(badge, now) is None:
        raise Refused(rules.NO_CONTRACT)
    person = session().get_one(Person, badge.person_id)
    conduct.check_not_barred([(person.document_hash, person.name)], now)
    change.move(badge, "resume", actor, now, reason=reason)
    _tell_client(emails.RESUMED, badge, now)


def suspend_all_of(document_hash: str, actor: Actor, now: datetime, *, because_of: str) -> list[uuid.UUID]:
    """Suspends every issued badge of the person with this document, of whichever client, and tells those clients that, not why (R-S7)."""
    held = select(Badge).join(Badge.person).where(Person.document_hash == document_hash, Badge.state == "issued").order_by(Badge.id)
    suspended = []
    for badge in session().scalars(held.with_for_update(of=Badge).execution_options(populate_existing=True)):
        change.move(badge, "suspend", actor, now, because_of=because_of)
        _tell_client(emails.BARRED, badge, now)
        suspended.append(badge.id)
    return suspended


def resume_barred(badge_ids: list[uuid.UUID], actor: Actor, now: datetime, *, because_of: str) -> list[uuid.UUID]:
    """Gives back what `suspend_all_of` took, where the badge is still suspended, within its validity, and a contract of it in force.

    One that no access review confirmed meanwhile stays suspended: who confirms it gives it back. What a review says is read with the
    badge locked, as whoever lets a review lapse and whoever confirms locks it, too.
    """
    resumed = []
    wanted = select(Badge).where(Badge.id.in_(badge_ids), Badge.state == "suspended").order_by(Badge.id)
    held = list(session().scalars(wanted.with_for_update().execution_options(populate_existing=True)))
    unconfirmed = reviews.unconfirmed_badges(badge.id for badge in held)
    for badge in held:
        if badge.valid_until is None or badge.valid_until < clock.today(now) or last_contract_day(badge, now) is None:
            continue
        if badge.id in unconfirmed:
            continue
        change.move(badge, "resume", actor, now, because_of=because_of)
        _tell_client(emails.RESUMED, badge, now)
        resumed.append(badge.id)
    return resumed


def suspend_by_rule(badge: Badge, reason: str, because_of: str, now: datetime) -> None:
    """Suspends an issued badge as the consequence of another change (`because_of`: its audit tag)."""
    change.move(badge, "suspend", SYSTEM, now, reason=reason, because_of=because_of)
    _tell_client(emails.STOPPED, badge, now, why=reason)


def resume_by_rule(badge: Badge, reason: str, because_of: str, actor: Actor, now: datetime) -> None:
    """Takes back what `suspend_by_rule` did. Raises Refused where no contract in force stands behind it, or its holder is barred."""
    if last_contract_day(badge, now) is None:
        raise Refused(rules.NO_CONTRACT)
    person = session().get_one(Person, badge.person_id)
    conduct.check_not_barred([(person.document_hash, person.name)], now)
    change.move(badge, "resume", actor, now, reason=reason, because_of=because_of)
    _tell_client(emails.RESUMED, badge, now)


def report_lost(badge: Badge, actor: Actor, now: datetime) -> None:
    """A lost badge is dead from this moment (R-B5)."""
    change.move(badge, "report_lost", actor, now)
    revoke_pass(badge.id, now, "lost")
    client, person = session().get_one(Client, badge.client_id), session().get_one(Person, badge.person_id)
    told = [
        *accounts.recipients_with_role(Role.CUSTOMER_SERVICE),
        *accounts.recipients_with_role(Role.DUTY),
        *accounts.recipients_of_client(badge.client_id),
    ]
    data = {"number": badge.number, "person": person.name, "client": client.name, "who": actor.name}
    notify(emails.LOST, told, now, path=path(badge), data=data)


def cancel(badge: Badge, reason: str, actor: Actor, now: datetime) -> None:
    """The client gives the badge up at once, without waiting for anyone (R-B6)."""
    change.move(badge, "cancel", actor, now, reason=reason)
    revoke_pass(badge.id, now, "cancelled")
    _tell_client(emails.STOPPED, badge, now, why=reason)


def hand_on(badge: Badge, command: Application, actor: Actor, now: datetime) -> Badge:
    """The holder leaves: the old badge is dead from this moment, and an application for the next holder takes its slot (R-B6)."""
    _lock_client(badge.client_id, actor)
    change.move(badge, "hand_on", actor, now)
    revoke_pass(badge.id, now, "handed_on")
    return apply_for_badge(command, actor, now)


def take_back(badge: Badge, actor: Actor, now: datetime) -> None:
    """The card came back and the badge is over (R-B7)."""
    change.move(badge, "take_back", actor, now, values={"card_back_at": now})
    revoke_pass(badge.id, now, "returned")


def book_card_back(badge: Badge, actor: Actor, now: datetime) -> None:
    """The card of a badge that is over already (cancelled, expired, lost and found) came back."""
    badge.card_back_at = now
    audit.record("badge.card_back", "badge", badge.id, badge.number, actor, now, client_id=badge.client_id)


def note_printed(badges: list[Badge], actor: Actor, now: datetime) -> None:
    for badge in badges:
        badge.printed_at = now
        audit.record("badge.printed", "badge", badge.id, badge.number, actor, now, client_id=badge.client_id)


def expire_due(now: datetime) -> int:
    """Ends the badges whose last day is over. The gate does not wait for this. Returns how many."""
    over = select(Badge).where(Badge.state.in_(("issued", "suspended")), Badge.valid_until < clock.today(now)).limit(500)
    count = 0
    for badge in session().scalars(over.with_for_update(skip_locked=True)):
        change.move(badge, "expire", SYSTEM, now)
        revoke_pass(badge.id, now, "expired")
        count += 1
    return count


def last_contract_day(badge: Badge, now: datetime) -> date | None:
    """The last day on which one of the badge's contracts is in force; None when none is today."""
    granted = select(BadgeGrant.contract_id).where(BadgeGrant.badge_id == badge.id)
    in_force = {contract.id: contract for contract in contracts.contracts_in_force(badge.client_id, clock.today(now))}
    return max((in_force[id_].ends_on for id_ in session().scalars(granted) if id_ in in_force), default=None)


def path(badge: Badge) -> str:
    return f"/badges/{ids.to_text(badge.id)}"


def _lock_client(client_id: uuid.UUID, actor: Actor) -> Client:
    if actor.is_client and client_id != actor.client_id:
        raise NotFound(client_id)
    client = session().get(Client, client_id, with_for_update=True)
    if client is None:
        raise NotFound(client_id)
    return client


def _free_slot(client: Client) -> int:
    taken = set(session().scalars(select(Badge.slot).where(Badge.client_id == client.id, Badge.state.in_(LIVE))))
    if why_not := rules.why_not_room_for_one_more(client.kind, len(taken)):
        raise Refused(why_not)
    return min({1, 2} - taken)


def _full(client: Client) -> Refusal:
    return rules.LIMIT_REACHED(limit=rules.limit(client.kind))


def _check(command: Application, client: Client, badge: Badge | None, now: datetime) -> tuple[Person, list[Contract]]:
    """Whether the application may stand: contract, person, papers. Refuses with all reasons at once."""
    in_force = contracts.contracts_in_force(client.id, clock.today(now))
    if not in_force:
        raise Refused(rules.NO_CONTRACT)
    refusals = []
    granted = [contract for contract in in_force if contract.id in command.contract_ids]
    if not granted:
        refusals.append(rules.CONTRACT_NOT_CHOSEN)
    person = session().get(Person, command.person_id) if command.person_id else None
    if person is None or person.client_id != client.id:
        raise NotFound(command.person_id)
    conduct.check_not_barred([(person.document_hash, person.name)], now, field="person")
    if person.left_at is not None:
        refusals.append(rules.PERSON_LEFT(name=person.name))
    if unprintable := fonts.missing(person.name):
        refusals.append(rules.NAME_NOT_PRINTABLE(characters=" ".join(sorted(unprintable))))
    other = select(func.count()).where(Badge.person_id == person.id, Badge.state.in_(LIVE))
    if badge is not None:
        other = other.where(Badge.id != badge.id)
    if session().scalar(other):
        refusals.append(rules.PERSON_HAS_BADGE(name=person.name))
    refusals += rules.why_not_papers(
        client.kind,
        photo=command.photo_id is not None,
        identity_copy=command.identity_copy_id is not None,
        letter=command.letter_id is not None,
        replaces_lost=command.replaces_id is not None,
    )
    if refusals:
        raise Refused(*refusals)
    return person, granted


def _papers(command: Application, client: Client, actor: Actor, now: datetime) -> dict[str, uuid.UUID | None]:
    papers = {"photo_id": ("badge_photo", command.photo_id), "identity_copy_id": ("identity_copy", command.identity_copy_id)}
    if command.letter_id is not None:
        papers["letter_id"] = ("letter", command.letter_id)
    return {column: files.claim(file_id, purpose, client.id, actor, now).id for column, (purpose, file_id) in papers.items() if file_id}


def _lost_badge(badge_id: uuid.UUID | None, client: Client) -> uuid.UUID | None:
    if badge_id is None:
        return None
    lost = session().get(Badge, badge_id)
    if lost is None or lost.client_id != client.id:
        raise NotFound(badge_id)
    if lost.state != "lost":
        raise Refused(rules.NOT_LOST(number=lost.number))
    return lost.id


def _grant(badge: Badge, granted: list[Contract], now: datetime) -> None:
    session().add_all(BadgeGrant(created_at=now, badge_id=badge.id, contract_id=contract.id) for contract in granted)


def _tell_service(badge: Badge, client: Client, person: Person, now: datetime) -> None:
    data = {"number": badge.number, "client": client.name, "person": person.name}
    notify(emails.APPLIED, accounts.recipients_with_role(Role.CUSTOMER_SERVICE), now, path=path(badge), data=data)


def _tell_client(message: Message, badge: Badge, now: datetime, **data: str) -> None:
    person = session().get_one(Person, badge.person_id)
    values = {"number": badge.number, "person": person.name, **data}
    notify(message, accounts.recipients_of_client(badge.client_id), now, path=path(badge), data=values)
