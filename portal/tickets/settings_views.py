"""The pages of kinds, departments, hours and ready answers."""

from __future__ import annotations

import uuid
from datetime import time
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue

from portal.kernel import clock, ids
from portal.kernel.i18n import _, ngettext
from portal.kernel.policy import Permission, allow
from portal.kernel.web import actor, local_name, page, submit
from portal.tickets import queries, rules, settings
from portal.tickets.blueprint import bp
from portal.tickets.forms import HeadForm, HoursForm, KindForm, TextForm
from portal.tickets.models import CannedAnswer, TicketKind

P = Permission
NEW_KIND = {
    "answer_amount": 4, "answer_unit": "working_hours", "settle_amount": 3, "settle_unit": "working_days",
    "priority": "normal", "active": True,
}  # fmt: skip


def term_text(amount: int, unit: str) -> str:
    """A term in the reader's words."""
    if unit == "hours":
        return str(ngettext("%(num)s hour", "%(num)s hours", amount))
    if unit == "working_hours":
        return str(ngettext("%(num)s working hour", "%(num)s working hours", amount))
    return str(ngettext("%(num)s working day", "%(num)s working days", amount))


@bp.get("/kinds")
@allow(P.TICKET_SETTINGS)
def kinds() -> ResponseReturnValue:
    """Kinds with their terms, departments with their heads, the desk's hours: on one page."""
    hours = queries.hours()
    return page(
        "tickets/kinds.html", kinds=queries.kinds(all_of_them=True), departments=queries.departments(), types=rules.TYPES, term=term_text,
        priorities=rules.PRIORITIES, opens=settings.clock_text(hours.opens), closes=settings.clock_text(hours.closes),
    )  # fmt: skip


@bp.route("/kinds/new", methods=["GET", "POST"])
@allow(P.TICKET_SETTINGS)
def add_kind() -> ResponseReturnValue:
    return _kind(None)


@bp.route("/kinds/<id:kind_id>", methods=["GET", "POST"])
@allow(P.TICKET_SETTINGS)
def change_kind(kind_id: uuid.UUID) -> ResponseReturnValue:
    return _kind(queries.get_kind(kind_id))


def _kind(kind: TicketKind | None) -> ResponseReturnValue:
    form = KindForm(data=_as_it_is(kind) if kind else NEW_KIND)
    form.offer(queries.departments())
    back = url_for("tickets.kinds")
    if form.validate_on_submit():
        work = lambda: settings.set_kind(kind, form.command(), actor(), clock.now())  # noqa: E731
        done = submit(form, work, then=lambda _r: back, said=_("The kind is kept. Requests that run keep their deadlines."))
        if done is not None:
            return done
    return page("tickets/kind.html", form, title=local_name(kind) if kind else _("New kind"), back=back)


def _as_it_is(kind: TicketKind) -> dict[str, Any]:
    names = ("type", "code", "name", "name_en", "priority", "answer_amount", "answer_unit", "settle_amount", "settle_unit", "active")
    return {name: getattr(kind, name) for name in names} | {"department": ids.to_text(kind.department_id)}


@bp.route("/departments/<id:department_id>", methods=["GET", "POST"])
@allow(P.TICKET_SETTINGS)
def head(department_id: uuid.UUID) -> ResponseReturnValue:
    """Names the head of a department."""
    department = queries.get_department(department_id)
    form = HeadForm(data={"head": ids.to_text(department.head_id) if department.head_id else ""})
    form.offer(queries.staff())
    back = url_for("tickets.kinds")
    if form.validate_on_submit():
        head_id = ids.from_text(form.head.data) if form.head.data else None
        work = lambda: settings.set_head(department, head_id, actor(), clock.now())  # noqa: E731
        done = submit(form, work, then=lambda _r: back, said=_("The head is named."))
        if done is not None:
            return done
    return page("tickets/setting.html", form, title=local_name(department), back=back)


@bp.route("/hours", methods=["GET", "POST"])
@allow(P.TICKET_SETTINGS)
def hours() -> ResponseReturnValue:
    """When the desk works on a working day."""
    now = queries.hours()
    form = HoursForm(data={"opens": time(now.opens // 60, now.opens % 60), "closes": time(now.closes // 60, now.closes % 60)})
    back = url_for("tickets.kinds")
    if form.validate_on_submit():
        done = submit(
            form, lambda: _set_hours(form), then=lambda _r: back, said=_("The hours are kept. Requests that run keep their deadlines.")
        )
        if done is not None:
            return done
    return page("tickets/setting.html", form, title=_("The desk's hours"), back=back)


def _set_hours(form: HoursForm) -> None:
    opens, closes = form.opens.data or time(), form.closes.data or time()
    settings.set_hours(opens.hour * 60 + opens.minute, closes.hour * 60 + closes.minute, actor(), clock.now())


@bp.get("/answers")
@allow(P.TICKET_TEXTS)
def texts() -> ResponseReturnValue:
    """The ready answers."""
    return page("tickets/texts.html", texts=queries.texts(all_of_them=True))


@bp.route("/answers/new", methods=["GET", "POST"])
@allow(P.TICKET_TEXTS)
def add_text() -> ResponseReturnValue:
    return _text(None)


@bp.route("/answers/<id:text_id>", methods=["GET", "POST"])
@allow(P.TICKET_TEXTS)
def change_text(text_id: uuid.UUID) -> ResponseReturnValue:
    return _text(queries.get_text(text_id))


def _text(text: CannedAnswer | None) -> ResponseReturnValue:
    form, back = TextForm(obj=text), url_for("tickets.texts")
    if form.validate_on_submit():
        work = lambda: settings.set_text(text, form.command(), actor(), clock.now())  # noqa: E731
        done = submit(form, work, then=lambda _r: back, said=_("The ready answer is kept."))
        if done is not None:
            return done
    return page("tickets/setting.html", form, title=_("Ready answer"), back=back)
