"""The pages of what is done with a request: the lifecycle's actions, passing on, sorting, complaints, corrective actions, follow-ups."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.kernel import clock, ids
from portal.kernel.db import transaction
from portal.kernel.errors import Conflict, Forbidden, NotFound, Refused
from portal.kernel.forms import Form, ReasonForm
from portal.kernel.i18n import _
from portal.kernel.policy import Permission, allow
from portal.kernel.web import action_page, actor, faster, page, submit
from portal.kernel.words import say
from portal.tickets import complaints, opinions, queries, rules, services, sorting
from portal.tickets.blueprint import bp
from portal.tickets.forms import (
    ActionForm,
    CheckForm,
    DoneForm,
    FollowUpForm,
    HandOverForm,
    JudgeForm,
    MergeForm,
    OpinionForm,
    SettleForm,
    SortForm,
)
from portal.tickets.lifecycle import TICKET
from portal.tickets.models import Ticket

P = Permission


@bp.route("/<id:ticket_id>/<action>", methods=["GET", "POST"])
@allow(*dict.fromkeys(a.permission for a in TICKET.actions.values() if a.offered and a.sources))
def act(ticket_id: uuid.UUID, action: str) -> ResponseReturnValue:
    """The page of one action of the lifecycle."""
    ticket, now = queries.get_ticket(actor(), ticket_id), clock.now()
    back = url_for("tickets.show", ticket_id=ticket.id)
    if action == "settle":
        work = lambda form: services.settle(ticket, form.reason.data.strip(), form.minutes.data or 0, actor(), now)  # noqa: E731
        return action_page(ticket, action, work, back=back, form_class=SettleForm, notes=_before_settling(ticket))
    if action == "merge":
        return action_page(ticket, action, lambda form: _merge(ticket, form.into.data), back=back, form_class=MergeForm)
    works: dict[str, Callable[[str], None]] = {
        "reopen": lambda reason: services.reopen(ticket, reason, actor(), now),
        "close_anyway": lambda reason: services.close_anyway(ticket, reason, actor(), now),
        "withdraw": lambda reason: services.withdraw(ticket, reason, actor(), now),
    }
    if action not in works:
        raise NotFound(action)
    if action == "withdraw" and not actor().is_client:
        raise Forbidden(action)
    return action_page(ticket, action, lambda form: works[action](form.reason.data.strip()), back=back)


@bp.post("/<id:ticket_id>/take")
@allow(P.TICKET_WORK)
def take(ticket_id: uuid.UUID) -> ResponseReturnValue:
    return _at_once(ticket_id, lambda ticket: sorting.take(ticket, actor(), clock.now()), _("It is yours now."))


@bp.post("/<id:ticket_id>/watch")
@allow(P.TICKET_WORK)
def watch(ticket_id: uuid.UUID) -> ResponseReturnValue:
    """Follows it, or no longer (`on` 0)."""
    on = request.args.get("on") != "0"
    said = _("You are told what happens with it.") if on else _("You are told no more.")
    return _at_once(ticket_id, lambda ticket: sorting.watch(ticket, on, actor(), clock.now()), said)


@bp.post("/<id:ticket_id>/keep")
@allow(P.TICKET_SUPERVISE)
def keep(ticket_id: uuid.UUID) -> ResponseReturnValue:
    """Keeps it for good, or no longer (`on` 0)."""
    on = request.args.get("on") != "0"
    said = _("It is kept for good.") if on else _("Its personal data goes after a year, like that of the others.")
    return _at_once(ticket_id, lambda ticket: sorting.keep_for_good(ticket, on, actor(), clock.now()), said)


@bp.route("/<id:ticket_id>/hand-over", methods=["GET", "POST"])
@allow(P.TICKET_WORK)
def hand_over(ticket_id: uuid.UUID) -> ResponseReturnValue:
    ticket = queries.get_ticket(actor(), ticket_id)
    form = HandOverForm(data={"department": ids.to_text(ticket.department_id)})
    form.offer(queries.departments(), queries.staff())
    back = url_for("tickets.index")
    return _asked(
        ticket, form, _("Hand over"), lambda: sorting.hand_over(ticket, form.command(), actor(), clock.now()), _("Handed over."), back
    )


@bp.route("/<id:ticket_id>/sort", methods=["GET", "POST"])
@allow(P.TICKET_WORK)
def sort(ticket_id: uuid.UUID) -> ResponseReturnValue:
    ticket = queries.get_ticket(actor(), ticket_id)
    form = SortForm(data={"kind": ids.to_text(ticket.kind_id), "priority": ticket.priority})
    kinds = queries.kinds()
    form.offer(kinds if any(kind.id == ticket.kind_id for kind in kinds) else [ticket.kind, *kinds])
    work = lambda: sorting.sort(ticket, ids.from_text(form.kind.data), form.priority.data, actor(), clock.now())  # noqa: E731
    return _asked(ticket, form, _("Sort"), work, _("Sorted; the deadlines are worked out anew."), url_for("tickets.index"))


@bp.route("/<id:ticket_id>/serious", methods=["GET", "POST"])
@allow(P.TICKET_WORK)
def call_serious(ticket_id: uuid.UUID) -> ResponseReturnValue:
    ticket, form = _a_complaint(ticket_id), ReasonForm()
    work = lambda: complaints.call_serious(ticket, form.reason.data or "", actor(), clock.now())  # noqa: E731
    note = _("Reputation, money or safety: the supervisors are told and decide on it (R-C4).")
    return _asked(ticket, form, _("Call it serious"), work, _("The supervisors have been told."), notes=[note])


@bp.route("/<id:ticket_id>/judge", methods=["GET", "POST"])
@allow(P.TICKET_WORK)
def judge(ticket_id: uuid.UUID) -> ResponseReturnValue:
    ticket = _a_complaint(ticket_id)
    said = {True: "yes", False: "no"}.get(ticket.upheld) if ticket.upheld is not None else None
    form = JudgeForm(
        data={
            "upheld": said,
            "cause": ticket.cause,
            "department": ids.to_text(ticket.fault_department_id) if ticket.fault_department_id else "",
        }
    )
    form.offer(queries.departments())
    return _asked(ticket, form, _("Judge"), lambda: complaints.judge(ticket, form.command(), actor(), clock.now()), _("Judged."))


@bp.route("/<id:ticket_id>/more-time", methods=["GET", "POST"])
@allow(P.TICKET_SUPERVISE)
def grant_more_time(ticket_id: uuid.UUID) -> ResponseReturnValue:
    ticket, form = _a_complaint(ticket_id), ReasonForm()
    work = lambda: complaints.grant_more_time(ticket, form.reason.data or "", actor(), clock.now())  # noqa: E731
    note = _("7 working days instead of 3, once. The client reads the reason (R-C2).")
    return _asked(ticket, form, _("Grant more time"), work, _("More time is granted; the client has been told."), notes=[note])


@bp.route("/<id:ticket_id>/corrective-action", methods=["GET", "POST"])
@allow(P.TICKET_WORK)
def add_action(ticket_id: uuid.UUID) -> ResponseReturnValue:
    ticket, form = _a_complaint(ticket_id), ActionForm()
    form.offer(queries.staff())
    work = lambda: complaints.add_action(ticket, form.command(), actor(), clock.now())  # noqa: E731
    return _asked(ticket, form, _("Add corrective action"), work, _("The corrective action is added, its owner has been told."))


@bp.route("/<id:ticket_id>/corrective-action/<id:action_id>/done", methods=["GET", "POST"])
@allow(P.TICKET_WORK)
def finish_action(ticket_id: uuid.UUID, action_id: uuid.UUID) -> ResponseReturnValue:
    """Its owner says that it is done."""
    ticket, form = _a_complaint(ticket_id), DoneForm()
    action = queries.get_action(ticket, action_id)
    work = lambda: complaints.finish_action(ticket, action, form.note.data or "", actor(), clock.now())  # noqa: E731
    return _asked(ticket, form, _("Corrective action done"), work, _("Somebody else checks now whether it works."), notes=[action.what])


@bp.route("/<id:ticket_id>/corrective-action/<id:action_id>/check", methods=["GET", "POST"])
@allow(P.TICKET_WORK)
def check_action(ticket_id: uuid.UUID, action_id: uuid.UUID) -> ResponseReturnValue:
    """Somebody else says whether it works."""
    ticket, form = _a_complaint(ticket_id), CheckForm()
    action = queries.get_action(ticket, action_id)
    work = lambda: complaints.check_action(ticket, action, form.works.data == "yes", form.note.data or "", actor(), clock.now())  # noqa: E731
    return _asked(ticket, form, _("Check corrective action"), work, _("The check is on record."), notes=[action.what])


@bp.route("/<id:ticket_id>/follow-up", methods=["GET", "POST"])
@allow(P.TICKET_WORK)
def follow_up(ticket_id: uuid.UUID) -> ResponseReturnValue:
    """What the client said when staff called or visited (R-C3)."""
    ticket, form = queries.get_ticket(actor(), ticket_id), FollowUpForm()
    work = lambda: opinions.follow_up(ticket, form.opinion(), actor(), clock.now())  # noqa: E731
    return _asked(ticket, form, _("Note a follow-up"), work, _("What the client said is on record."))


@bp.route("/<id:ticket_id>/opinion", methods=["GET", "POST"])
@allow(P.TICKET_ASK)
def give_opinion(ticket_id: uuid.UUID) -> ResponseReturnValue:
    """The client's opinion, given in the portal."""
    ticket, form = queries.get_ticket(actor(), ticket_id), OpinionForm()
    work = lambda: opinions.give(ticket, int(form.score.data), (form.words.data or "").strip(), actor(), clock.now())  # noqa: E731
    return _asked(ticket, form, _("Are you satisfied?"), work, _("Thank you for your opinion."))


def _asked(
    ticket: Ticket, form: Form, title: str, work: Callable[[], Any], said: str, back: str | None = None, notes: list[str] | None = None
) -> ResponseReturnValue:
    """A page with one form about a request. `back`: where it goes on when the reader may see the request no longer."""
    here = url_for("tickets.show", ticket_id=ticket.id)
    if form.validate_on_submit():
        done = submit(form, work, then=lambda _r: here if _still_seen(ticket.id) else back or here, said=said)
        if done is not None:
            return done
    return page("tickets/handle.html", form, ticket=ticket, title=title, back=here, notes=notes or [])


def _still_seen(ticket_id: uuid.UUID) -> bool:
    try:
        queries.get_ticket(actor(), ticket_id)
    except NotFound:
        return False
    return True


def _at_once(ticket_id: uuid.UUID, work: Callable[[Ticket], None], said: str) -> ResponseReturnValue:
    """One press without a form: done, or refused in words; back to the request."""
    ticket = queries.get_ticket(actor(), ticket_id)
    try:
        with transaction():
            work(ticket)
        flash(said, "ok")
    except Refused as refused:
        flash(say(refused.refusal), "stop")
    except Conflict as conflict:
        flash(say(faster(conflict)), "stop")
    return redirect(url_for("tickets.show", ticket_id=ticket.id))


def _a_complaint(ticket_id: uuid.UUID) -> Ticket:
    ticket = queries.get_ticket(actor(), ticket_id)
    if ticket.type != "complaint":
        raise NotFound(ticket_id)
    return ticket


def _merge(ticket: Ticket, number: str) -> None:
    into = queries.by_number(actor(), number)
    if into is None:
        raise Refused(rules.SAME_TICKET)
    services.merge(ticket, into, actor(), clock.now())


def _before_settling(ticket: Ticket) -> list[str]:
    if ticket.type == "complaint" and ticket.upheld is None:
        return [say(rules.JUDGE_FIRST)]
    return []
