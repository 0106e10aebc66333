"""The pages of requests: the list, asking and registering, the record with its conversation."""

from __future__ import annotations

import uuid

from flask import request, url_for
from flask.typing import ResponseReturnValue

from portal.audit.queries import timeline
from portal.clients import queries as clients
from portal.files.handing import hand_out
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.formats import due
from portal.kernel.i18n import _, _l
from portal.kernel.policy import Permission, allow
from portal.kernel.tables import Choice, Column, DateRange, Switch, Table, Text
from portal.kernel.web import ActionView, actor, chosen_locale, id_argument, local_name, offered_actions, page, state_view, submit
from portal.tickets import figures_views, handling_views, opinion_views, queries, rules, services, settings_views
from portal.tickets.blueprint import bp
from portal.tickets.forms import AnswerForm, AskForm, NoteForm, WriteForm
from portal.tickets.lifecycle import OPEN, TICKET
from portal.tickets.models import Ticket

P = Permission
BLUEPRINTS = [bp, opinion_views.bp]
FOR_STAFF_ALONE = (
    "ticket.noted", "ticket.taken", "ticket.handed_over", "ticket.near", "ticket.late", "ticket.unanswered", "ticket.serious",
    "ticket.judged", "ticket.action_added", "ticket.action_done", "ticket.action_checked", "ticket.action_back", "ticket.kept",
    "ticket.not_kept",
)  # fmt: skip
__all__ = ["BLUEPRINTS", "figures_views", "handling_views", "settings_views"]


def _who(ticket: Ticket) -> str:
    return ticket.client.name if ticket.client else ticket.contact_name


def _states() -> list[tuple[str, str]]:
    return [("open", _("Open")), *((state.key, _(state.label)) for state in TICKET.states.values())]


def _whose() -> list[tuple[str, str]]:
    return [("mine", _("Mine")), ("nobody", _("Nobody's")), ("followed", _("Followed by me"))]


TICKETS = Table[Ticket](
    "tickets",
    id=Ticket.id,
    default_sort="-number",
    columns=[
        Column("number", _l("Number"), sort=Ticket.id, code=True, primary=True),
        Column("subject", _l("Subject"), cell=lambda t: t.subject, sub=lambda t: local_name(t.kind)),
        Column("client", _l("Client"), cell=_who),
        Column("state", _l("State"), cell=state_view, sub=lambda t: due(queries.next_due(t))),
        Column("priority", _l("Priority"), cell=lambda t: _(rules.PRIORITIES[t.priority])),
        Column("department", _l("Department"), cell=lambda t: local_name(t.department), sub=lambda t: t.assignee and t.assignee.name),
        Column("received", _l("Came in"), cell=lambda t: t.received_at, sort=Ticket.received_at),
        Column("channel", _l("Came in by"), cell=lambda t: _(rules.CHANNELS[t.channel]), hidden=True),
        Column("answered_at", _l("First answer"), hidden=True),
        Column("settle_due_at", _l("Settle until"), hidden=True),
        Column("settled_at", _l("Settled"), hidden=True),
    ],
    filters=[
        Choice("state", _l("State"), options=_states, where=queries.in_state),
        Choice("type", _l("Type"), column=Ticket.type, options=lambda: [(k, _(v)) for k, v in rules.TYPES.items()]),
        Choice("whose", _l("In whose hands"), options=_whose, where=lambda value: queries.whose(value, actor())),
        Switch("late", _l("Past the deadline"), where=lambda: queries.late(clock.now())),
        Text("q", _l("Number, subject or client"), where=queries.ticket_like),
        DateRange("received", _l("Came in"), Ticket.received_at),
    ],
    for_staff=("client", "whose", "late"),
    row_url=lambda t: url_for("tickets.show", ticket_id=t.id),
    tone=lambda t: "stop" if (over := queries.next_due(t)) is not None and over <= clock.now() else "",
)  # fmt: skip


@bp.get("/")
@allow(P.TICKET_READ)
def index() -> ResponseReturnValue:
    statement = queries.select_tickets(actor())
    if request.args.get("export"):
        return TICKETS.export(session(), statement, request.args, request.args["export"])
    found = TICKETS.read(session(), statement, request.args, lambda **kw: url_for("tickets.index", **kw))
    return page("tickets/index.html", found=found)


@bp.route("/ask", methods=["GET", "POST"])
@allow(P.TICKET_ASK)
def ask() -> ResponseReturnValue:
    """A client user asks, reports or complains."""
    form = AskForm()
    form.offer(queries.kinds(), by_staff=False, with_client=True)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.ask(form.command(actor().client_id), actor(), clock.now()),
            then=lambda made: url_for("tickets.show", ticket_id=made.id),
            said=lambda made: _("Your request has the number %(number)s. The receipt is on its way by e-mail.", number=made.number),
        )
        if done is not None:
            return done
    return page("tickets/ask.html", form, client=None)


@bp.route("/register", methods=["GET", "POST"])
@allow(P.TICKET_REGISTER)
def register() -> ResponseReturnValue:
    """Staff enter what came another way (R-C1): the client is chosen first, or it is somebody who is none."""
    nobody = request.args.get("client") == "none"
    client_id = None if nobody else id_argument("client")
    if client_id is None and not nobody:
        return page(
            "_layout/choose_client.html",
            title=_("Register a request"),
            crumbs=[(_("Requests and complaints"), url_for("tickets.index")), (_("Register a request"), None)],
            choice=clients.client_choices(actor(), request.args),
            instead=(_("Somebody who is no client"), url_for("tickets.register", client="none")),
        )
    client = clients.get_client(actor(), client_id) if client_id is not None else None
    form = AskForm()
    form.offer(queries.kinds(), by_staff=True, with_client=client is not None)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.register(form.command(client_id), actor(), clock.now()),
            then=lambda made: url_for("tickets.show", ticket_id=made.id),
            said=lambda made: _("Registered as %(number)s. Tell the client this number.", number=made.number),
        )
        if done is not None:
            return done
    return page("tickets/ask.html", form, client=client)


@bp.get("/<id:ticket_id>")
@allow(P.TICKET_READ)
def show(ticket_id: uuid.UUID) -> ResponseReturnValue:
    return _shown(queries.get_ticket(actor(), ticket_id))


@bp.get("/<id:ticket_id>/files/<id:file_id>")
@allow(P.TICKET_READ)
def attached(ticket_id: uuid.UUID, file_id: uuid.UUID) -> ResponseReturnValue:
    """What is attached to a request, to whom that is open (R-S2)."""
    return hand_out(queries.get_file(actor(), ticket_id, file_id))


@bp.post("/<id:ticket_id>/write")
@allow(P.TICKET_ASK)
def write(ticket_id: uuid.UUID) -> ResponseReturnValue:
    """The client adds something."""
    form = WriteForm(prefix="write-")
    return _said(ticket_id, form, _("Your message is added.")) or _shown(queries.get_ticket(actor(), ticket_id), write=form)


@bp.post("/<id:ticket_id>/answer")
@allow(P.TICKET_WORK)
def answer(ticket_id: uuid.UUID) -> ResponseReturnValue:
    """An answer, or a question to the client. With a ready answer chosen and nothing written, the page comes back with its text."""
    form = AnswerForm(prefix="answer-")
    form.offer(queries.texts())
    chosen = form._fields.get("text")
    if chosen is not None and chosen.data and not (form.body.data or "").strip():
        ticket, text = queries.get_ticket(actor(), ticket_id), queries.get_text(ids.from_text(chosen.data))
        form.body.data = text.body if ticket.locale == "zh_CN" else text.body_en
        return _shown(ticket, answer=form)
    return _said(ticket_id, form, _("The answer is on its way.")) or _shown(queries.get_ticket(actor(), ticket_id), answer=form)


@bp.post("/<id:ticket_id>/note")
@allow(P.TICKET_WORK)
def note(ticket_id: uuid.UUID) -> ResponseReturnValue:
    """A note for staff alone."""
    form = NoteForm(prefix="note-")
    return _said(ticket_id, form, _("The note is kept.")) or _shown(queries.get_ticket(actor(), ticket_id), note=form)


def _said(ticket_id: uuid.UUID, form: AnswerForm | NoteForm | WriteForm, told: str) -> ResponseReturnValue | None:
    """Adds what was written; None when the form has to come back with its errors. Raises NotFound."""
    ticket = queries.get_ticket(actor(), ticket_id)
    if not form.validate_on_submit():
        return None
    back = url_for("tickets.show", ticket_id=ticket.id, _anchor="talk")
    return submit(form, lambda: services.say(ticket, form.command(), actor(), clock.now()), then=lambda _message: back, said=told)


def _shown(
    ticket: Ticket, *, answer: AnswerForm | None = None, note: NoteForm | None = None, write: WriteForm | None = None
) -> ResponseReturnValue:
    who = actor()
    staff = who.may(P.TICKET_WORK) and not who.is_client
    talks = ticket.state in (*OPEN, "settled")
    sent = answer or note or write
    if staff and talks and answer is None:
        answer = AnswerForm(prefix="answer-", formdata=None)
        answer.offer(queries.texts())
    if staff and talks and note is None:
        note = NoteForm(prefix="note-", formdata=None)
    if who.is_client and talks and write is None:
        write = WriteForm(prefix="write-", formdata=None)
    hidden = ("because_of",) if who.is_client else ()
    happened = timeline(("ticket", ticket.id), hidden=hidden, without=FOR_STAFF_ALONE if who.is_client else ())
    messages = queries.messages_of(who, ticket)
    watchers = queries.watchers_of(ticket) if staff else []
    return page(
        "tickets/show.html",
        sent,
        ticket=ticket,
        state=state_view(ticket),
        kind=local_name(ticket.kind),
        department=local_name(ticket.department),
        type_=_(rules.TYPES[ticket.type]),
        channel=_(rules.CHANNELS[ticket.channel]),
        priority=_(rules.PRIORITIES[ticket.priority]),
        client_name=_who(ticket),
        messages=messages,
        minutes=sum(message.minutes for message, _files in messages),
        answer=answer if staff and talks else None,
        note=note if staff and talks else None,
        write=write if who.is_client and talks else None,
        actions=_actions(ticket, following=any(user.id == who.user_id for user in watchers)),
        late=(over := queries.next_due(ticket)) is not None and over <= clock.now(),
        links=queries.links_of(ticket),
        opinions=queries.opinions_of(ticket) if ticket.rounds else [],
        ways={key: _(label) for key, label in rules.WAYS.items()},
        corrective=queries.actions_of(ticket) if ticket.type == "complaint" and not who.is_client else [],
        watchers=watchers,
        happened=happened,
        staff=staff,
        zh=chosen_locale() == "zh_CN",
    )


def _actions(ticket: Ticket, *, following: bool) -> list[ActionView]:
    who, tid = actor(), ticket.id

    def url(action: str) -> str:
        return url_for("tickets.act", ticket_id=tid, action=action)

    found = offered_actions(ticket, url)
    if who.is_client:
        if ticket.state == "settled":
            found.insert(0, ActionView(_("Say whether you are satisfied"), url_for("tickets.give_opinion", ticket_id=tid), primary=True))
        return found
    if not who.may(P.TICKET_WORK):
        return found
    extra: list[ActionView] = []
    if ticket.state in OPEN:
        if ticket.assignee_id is None:
            extra.append(ActionView(_("Take it"), url_for("tickets.take", ticket_id=tid), method="post"))
        extra += [
            ActionView(_("Hand over"), url_for("tickets.hand_over", ticket_id=tid)),
            ActionView(_("Sort"), url_for("tickets.sort", ticket_id=tid)),
        ]
    if ticket.type == "complaint":
        if ticket.state in OPEN:
            if not ticket.serious:
                extra.append(ActionView(_("Call it serious"), url_for("tickets.call_serious", ticket_id=tid)))
            extra.append(ActionView(_("Judge"), url_for("tickets.judge", ticket_id=tid)))
            if ticket.extended_at is None and who.may(P.TICKET_SUPERVISE):
                extra.append(ActionView(_("Grant more time"), url_for("tickets.grant_more_time", ticket_id=tid)))
        if ticket.state in (*OPEN, "settled"):
            extra.append(ActionView(_("Add corrective action"), url_for("tickets.add_action", ticket_id=tid)))
    if ticket.state == "settled":
        extra.append(ActionView(_("Note a follow-up"), url_for("tickets.follow_up", ticket_id=tid)))
    extra.append(
        ActionView(
            _("Follow no longer") if following else _("Follow"),
            url_for("tickets.watch", ticket_id=tid, on=0 if following else 1),
            method="post",
        )
    )
    if who.may(P.TICKET_SUPERVISE):
        label = _("Need not be kept for good") if ticket.important else _("Keep for good")
        extra.append(ActionView(label, url_for("tickets.keep", ticket_id=tid, on=0 if ticket.important else 1), method="post"))
    return [*found, *extra]
