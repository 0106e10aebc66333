"""The pages on which a visit is written: requesting one, repeating an earlier one, correcting one that was sent back."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as BaseResponse

from portal.calendar import queries as calendar
from portal.calendar.models import Freeze
from portal.clients import queries as clients
from portal.clients import rules as client_rules
from portal.clients.models import Client, Person
from portal.facility.models import Room
from portal.kernel import clock, ids
from portal.kernel.errors import Refused
from portal.kernel.i18n import _
from portal.kernel.moments import wall
from portal.kernel.policy import Permission, allow
from portal.kernel.web import actor, id_argument, page, submit
from portal.visits import checking, judging, queries, rules, services
from portal.visits.blueprint import bp
from portal.visits.forms import DAYS, VisitForm, chosen_people, typed_people
from portal.visits.listing import TypedPerson
from portal.visits.models import Visit
from portal.visits.rules import Hours
from portal.visits.services import VisitRequest

BLANK_LINES = 2
MORE_LINES = 5
DAYS_WORK = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """What to know of a room before a time is chosen."""

    room: Room
    hours: str
    until: date | None
    freezes: Sequence[Freeze]


@bp.route("/request", methods=["GET", "POST"])
@allow(Permission.VISIT_REQUEST)
def request_visit() -> ResponseReturnValue:
    """A new request. Customer service names the client first; `repeats` names an earlier visit whose people and purpose are taken over."""
    earlier_id = id_argument("repeats")
    earlier = queries.get_visit(actor(), earlier_id) if earlier_id else None
    client_id = earlier.client_id if earlier else actor().client_id or id_argument("client")
    if client_id is None:
        return page(
            "_layout/choose_client.html",
            title=_("Request a visit"),
            crumbs=[(_("Visits"), url_for("visits.index")), (_("Request"), None)],
            choice=clients.client_choices(actor(), request.args),
        )
    client = clients.get_client(actor(), client_id)
    rooms = queries.rooms_to_visit(client.id, clock.now())
    if not rooms:
        blocked = rules.NO_CONTRACT_AT_ALL
        return page("visits/blocked.html", client=client, blocked=blocked, refused=[blocked.code])
    start = _suggested_start(rooms[0])
    times = {"starts_at": wall(start), "ends_at": wall(start + DAYS_WORK)}
    form = VisitForm(data=times | (_taken_over(earlier) if earlier else {}))
    chosen = _people_of(earlier) if earlier else {}
    return _write(
        form,
        client,
        rooms,
        chosen,
        lambda command: services.request(command, actor(), clock.now()),
        earlier=earlier,
        back=url_for("visits.show", visit_id=earlier.id) if earlier else url_for("visits.index"),
    )


def resend(visit: Visit, back: str) -> ResponseReturnValue:
    """The page on which a visit that was sent back is corrected."""
    if visit.state != "needs_correction":
        return redirect(back)
    rooms = queries.rooms_to_visit(visit.client_id, clock.now()) or [visit.room]
    times = {"starts_at": wall(visit.starts_at), "ends_at": wall(visit.ends_at), "letter": visit.letter_id, "exception": visit.exception}
    form = VisitForm(data=_taken_over(visit) | times)

    def save(command: VisitRequest) -> Visit:
        services.resend(visit, command, actor(), clock.now())
        return visit

    return _write(form, visit.client, rooms, _people_of(visit), save, correcting=visit, back=back)


def _write(
    form: VisitForm,
    client: Client,
    rooms: Sequence[Room],
    chosen: dict[uuid.UUID, str],
    save: Callable[[VisitRequest], Visit],
    *,
    back: str,
    earlier: Visit | None = None,
    correcting: Visit | None = None,
) -> ResponseReturnValue:
    client_id, repeats_id = client.id, earlier.id if earlier else correcting.repeats_id if correcting else None
    form.offer(client, rooms)
    people = queries.people_to_name(client_id)
    lines: list[TypedPerson] = []
    blanks, verb, posted = (0 if chosen else BLANK_LINES), "", request.method == "POST"
    if posted:
        chosen = chosen_people(request.form, [person.id for person in people])
        lines, more, verb = _edited(form)
        blanks = BLANK_LINES + more
    verdict = judging.judge(client_id, lines, chosen)
    wrong_addresses = {id_ for id_, email in chosen.items() if email and not judging.is_email(email)}
    if verb == "save" and form.validate_on_submit():
        if verdict.sound and not wrong_addresses:
            done = _saved(form, form.command(client_id, judging.named(client_id, verdict, chosen), repeats_id), save)
            if done is not None:
                return done
            client = clients.get_client(actor(), client_id)  # a refusal has put back what was read before it
            people = queries.people_to_name(client_id)
            rooms = queries.rooms_to_visit(client_id, clock.now()) or rooms
            verdict = judging.judge(client_id, lines, chosen)
        else:
            form.form_errors.append(_("Nothing was sent: the people have to be corrected first."))
    addresses = {} if posted else queries.known_emails(client_id)
    return page(
        "visits/write.html",
        form,
        client=client,
        people=[_offered(person, chosen, addresses) for person in people],
        kinds=[(key, _(label)) for key, label in client_rules.DOCUMENT_KINDS.items()],
        verdict=verdict,
        wrong_addresses=wrong_addresses,
        blanks=blanks,
        asked=posted and verb != "more",
        room_facts=[_facts(room, client_id) for room in rooms],
        earlier=earlier,
        correcting=correcting,
        back=back,
    )


def _saved(form: VisitForm, command: VisitRequest, save: Callable[[VisitRequest], Visit]) -> BaseResponse | None:
    def said(visit: Visit) -> str:
        if visit.by_rule:
            return str(_("Visit %(number)s is approved by rule; the passes are on their way.", number=visit.number))
        return str(_("Visit %(number)s was sent. You will hear from customer service.", number=visit.number))

    return submit(form, lambda: save(command), then=lambda visit: url_for("visits.show", visit_id=visit.id), said=said)


def _edited(form: VisitForm) -> tuple[list[TypedPerson], int, str]:
    """The lines after what a button of the table asks for, how many more empty ones to show, and what else is to be done.

    A pasted or uploaded list goes into the table first, whatever was pressed, so that it is seen before it is sent.
    """
    lines = typed_people(request.form)
    verb, _sep, rest = request.form.get("do", "save").partition(":")
    try:
        taken = form.taken_people()
    except Refused as refused:
        form.refuse(refused.refusals)
        return lines, 0, "shown"
    if taken:
        form.pasted.raw_data, form.pasted.data = None, ""
        return lines + taken, 0, "shown"
    place = int(rest) - 1 if rest.isdigit() else -1
    if verb == "remove" and 0 <= place < len(lines):
        del lines[place]
    return lines, MORE_LINES if verb == "more" else 0, verb


def _offered(person: Person, chosen: dict[uuid.UUID, str], addresses: dict[uuid.UUID, str]) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "document": client_rules.mask(person.document_number),
        "employer": person.employer,
        "chosen": person.id in chosen,
        "email": chosen.get(person.id, addresses.get(person.id, "")),
    }


def _facts(room: Room, client_id: uuid.UUID) -> RoomFacts:
    now = clock.now()
    hours = checking.hours_of(room.site_id)
    return RoomFacts(room, hours_text(hours), checking.last_contract_day(client_id, room.id, now), calendar.coming_freezes(room.id, now))


def hours_text(hours: Hours) -> str:
    """'09:00–18:00, Monday to Friday, every 30 minutes' in the reader's language."""
    if hours == rules.ALWAYS:
        return str(_("At any time, every %(minutes)s minutes", minutes=hours.slot))
    days = [str(label) for number, label in enumerate(DAYS, 1) if str(number) in hours.weekdays]
    told = _("%(first)s to %(last)s", first=days[0], last=days[-1]) if _run(hours.weekdays) and len(days) > 2 else _(", ").join(days)
    if hours.working_days_only:
        told = _("%(days)s, working days only", days=told)
    opens, closes = rules.clock_text(hours.opens), rules.clock_text(hours.closes)
    return str(_("%(opens)s–%(closes)s, %(days)s, every %(minutes)s minutes", opens=opens, closes=closes, days=told, minutes=hours.slot))


def _run(weekdays: str) -> bool:
    return weekdays in "1234567"


def _suggested_start(room: Room) -> datetime:
    """The opening of the next day that is open, or the next full hour where nothing is limited."""
    now, zone = clock.now(), clock.zone()
    hours = checking.hours_of(room.site_id)
    if hours == rules.ALWAYS:
        return rules.first_start(now + timedelta(hours=1), zone, 60)
    day = clock.today(now)
    for _day in range(14):
        day += timedelta(days=1)
        start = clock.at_local(day, hours.opens // 60, hours.opens % 60)
        if not rules.why_not_start(start, hours, zone, calendar.is_working_day):
            return start
    return rules.first_start(now, zone, hours.slot)


def _taken_over(visit: Visit) -> dict[str, Any]:
    return {
        "room": ids.to_text(visit.room_id),
        "reason": visit.reason,
        "opens_rack": visit.opens_rack,
        "tools": visit.tools,
        "vehicles": ", ".join(visit.vehicles),
    }


def _people_of(visit: Visit) -> dict[uuid.UUID, str]:
    return {
        visitor.person_id: visitor.email for visitor in visit.visitors if visitor.state != "withdrawn" and visitor.person.left_at is None
    }
