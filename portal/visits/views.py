"""The pages of visits: the list, the record, its actions, its passes."""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.audit.queries import timeline
from portal.calendar import queries as calendar
from portal.clients import rules as client_rules
from portal.files import queries as files
from portal.kernel import clock, ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import Forbidden, NotFound, Refusal
from portal.kernel.formats import due, moment, period
from portal.kernel.i18n import _, _l
from portal.kernel.policy import Permission, allow
from portal.kernel.tables import Choice, Column, DateRange, Table, Text
from portal.kernel.web import (
    FASTER,
    ActionView,
    action_page,
    actor,
    chosen_locale,
    offered_actions,
    page,
    settings,
    state_view,
    submit,
)
from portal.kernel.web import pdf as answer_pdf
from portal.kernel.words import say
from portal.visits import asking, checking, configuring, pdf, queries, services
from portal.visits.blueprint import bp
from portal.visits.forms import ApproveForm, MoreTimeForm, ShortenForm
from portal.visits.lifecycle import EXTENSION, LIVE_VISITOR, VISIT, VISITOR
from portal.visits.models import Visit, VisitExtension, Visitor

P = Permission
BLUEPRINTS = [bp]
PAGES = (asking, configuring)  # their pages hang on the same blueprint

VISITS = Table[Any](
    "visits",
    id=Visit.id,
    default_sort="-number",
    columns=[
        Column("number", _l("Number"), cell=lambda r: r.Visit.number, sort=Visit.number, code=True, primary=True),
        Column("client", _l("Client"), cell=lambda r: r.Visit.client.name),
        Column("room", _l("Room"), cell=lambda r: r.Visit.room.code, code=True),
        Column("people", _l("People"), num=True),
        Column("state", _l("State"), cell=lambda r: state_view(r.Visit), sub=lambda r: due(queries.review_due(r.Visit))),
        Column(
            "starts_at",
            _l("Window"),
            cell=lambda r: period(r.Visit.starts_at, r.Visit.ends_at),
            sort=Visit.starts_at,
            export=lambda r: r.Visit.starts_at,
        ),
        Column("ends_at", _l("Ends at"), cell=lambda r: r.Visit.ends_at, hidden=True),
        Column("reason", _l("Reason"), cell=lambda r: r.Visit.reason, hidden=True),
    ],
    filters=[
        Choice("state", _l("State"), column=Visit.state, options=lambda: [(s.key, _(s.label)) for s in VISIT.states.values()]),
        Text("q", _l("Number or name"), where=queries.visit_like),
        DateRange("starts", _l("Begins"), Visit.starts_at),
    ],
    for_staff=("client",),
    row_url=lambda r: url_for("visits.show", visit_id=r.Visit.id),
)


@bp.get("/")
@allow(P.VISIT_READ)
def index() -> ResponseReturnValue:
    statement: Any = queries.select_with_people(actor())
    if request.args.get("export"):
        return VISITS.export(session(), statement, request.args, request.args["export"])
    found = VISITS.read(session(), statement, request.args, lambda **kw: url_for("visits.index", **kw))
    return page("visits/index.html", found=found)


@bp.get("/<id:visit_id>")
@allow(P.VISIT_READ)
def show(visit_id: uuid.UUID) -> ResponseReturnValue:
    visit = queries.get_visit(actor(), visit_id)
    extensions = queries.extensions_of(visit)
    papers = files.files_by_id(actor(), (visit.letter_id,))
    blocked = _blocked(visit)
    subjects = [
        ("visit", visit.id),
        *(("visit_extension", e.id) for e in extensions),
        *(("visitor", v.id) for v in visit.visitors if v.state in ("withdrawn", "refused")),
    ]
    return page(
        "visits/show.html",
        visit=visit,
        state=state_view(visit),
        actions=_actions(visit, extensions),
        frozen=_frozen(visit),
        why_blocked=blocked if actor().may(P.VISIT_REVIEW) else [],
        people=[_person(visit, visitor) for visitor in visit.visitors],
        extensions=[(extension, state_view(extension), _extension_actions(extension)) for extension in extensions],
        papers=[(paper.filename, url_for("files.show", file_id=paper.id)) for paper in papers.values()],
        repeated=queries.get_visit(actor(), visit.repeats_id) if visit.repeats_id else None,
        reviewer=queries.name_of(visit.reviewed_by_id),
        asker=queries.name_of(visit.asked_by_id),
        happened=timeline(*subjects, hidden=("person",) if not actor().is_client and not actor().may(P.PERSON_READ) else ()),
        open_extension=next((extension for extension in extensions if extension.state == "under_review"), None),
    )


def _frozen(visit: Visit) -> Refusal | None:
    """The freeze that was made over a visit after it was approved, while it still stands in the way."""
    now = clock.now()
    if visit.state != "approved" or visit.ends_at <= now:
        return None
    return calendar.why_caught(visit.room_id, max(visit.starts_at, now), visit.ends_at)


@bp.route("/<id:visit_id>/<action>", methods=["GET", "POST"])
@allow(*(P(a.permission) for a in VISIT.actions.values() if a.offered and a.sources))
def act(visit_id: uuid.UUID, action: str) -> ResponseReturnValue:
    """The page of one action of the lifecycle."""
    visit = queries.get_visit(actor(), visit_id)
    back, now = url_for("visits.show", visit_id=visit.id), clock.now()
    if action == "resend":
        if not actor().may(VISIT.actions["resend"].permission):
            raise Forbidden(action)
        return asking.resend(visit, back)
    if action == "approve":
        return _approve(visit, back)
    if action == "shorten":
        end = moment(visit.ends_at)
        told = _("Now until %(end)s. The present passes are dead from the moment you confirm; new ones go out by e-mail.", end=end)
        return action_page(
            visit,
            action,
            lambda form: services.shorten(visit, form.ends_at.moment, actor(), clock.now()),
            back=back,
            form_class=ShortenForm,
            defaults={"ends_at": _wall(visit.ends_at)},
            notes=[told],
        )
    with_reason = {"ask_correction": services.ask_correction, "refuse": services.refuse, "cancel": services.cancel}
    if action not in with_reason:
        raise NotFound(action)
    dies = action == "cancel" and visit.state == "approved"
    notes = [_("Every pass of this visit is dead from the moment you confirm.")] if dies else []
    return action_page(visit, action, lambda form: with_reason[action](visit, form.reason.data, actor(), now), back=back, notes=notes)


@bp.route("/<id:visit_id>/more-time", methods=["GET", "POST"])
@allow(P.VISIT_REQUEST)
def more_time(visit_id: uuid.UUID) -> ResponseReturnValue:
    """Asking for a later end of an approved visit."""
    visit = queries.get_visit(actor(), visit_id)
    back = url_for("visits.show", visit_id=visit.id)
    form = MoreTimeForm(data={"ends_at": _wall(visit.ends_at + timedelta(hours=1))})
    hours, ends_at = asking.hours_text(checking.hours_of(visit.room.site_id)), visit.ends_at
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.ask_for_more_time(visit, form.command(), actor(), clock.now()),
            then=lambda _extension: back,
            said=_("More time was asked for. The visit stays as it is until customer service answers."),
        )
        if done is not None:
            return done
    return page("visits/more_time.html", form, visit=visit, back=back, ends_at=ends_at, hours=hours)


@bp.route("/<id:visit_id>/more-time/<id:extension_id>/<action>", methods=["GET", "POST"])
@allow(*(P(a.permission) for a in EXTENSION.actions.values() if a.sources))
def answer_more_time(visit_id: uuid.UUID, extension_id: uuid.UUID, action: str) -> ResponseReturnValue:
    extension = queries.get_extension(actor(), visit_id, extension_id)
    back = url_for("visits.show", visit_id=visit_id)
    if action == "approve":
        notes = [_("Until %(end)s. The people's passes are replaced, and the new ones go out by e-mail.", end=moment(extension.ends_at))]
        return action_page(
            extension, action, lambda _form: services.approve_more_time(extension, actor(), clock.now()), back=back, notes=notes
        )
    if action == "refuse":
        return action_page(
            extension, action, lambda form: services.refuse_more_time(extension, form.reason.data, actor(), clock.now()), back=back
        )
    return action_page(extension, action, lambda _form: services.withdraw_more_time(extension, actor(), clock.now()), back=back)


@bp.route("/<id:visit_id>/people/<id:visitor_id>/withdraw", methods=["GET", "POST"])
@allow(P.VISIT_CANCEL)
def withdraw(visit_id: uuid.UUID, visitor_id: uuid.UUID) -> ResponseReturnValue:
    """Takes one person off the visit."""
    visitor = queries.get_visitor(actor(), visit_id, visitor_id)
    notes = [_("%(name)s no longer comes; the pass is dead from the moment you confirm.", name=visitor.person.name)]
    if sum(one.state in LIVE_VISITOR for one in visitor.visit.visitors) == 1:
        notes.append(_("Nobody else is left, so the visit is cancelled with it."))
    back = url_for("visits.show", visit_id=visit_id)
    return action_page(
        visitor, "withdraw", lambda form: services.withdraw(visitor, form.reason.data, actor(), clock.now()), back=back, notes=notes
    )


@bp.get("/<id:visit_id>/passes.pdf")
@allow(P.VISIT_REQUEST)
def print_passes(visit_id: uuid.UUID) -> ResponseReturnValue:
    """The passes of everybody who may enter, a page for each."""
    visit = queries.get_visit(actor(), visit_id)
    return _passes(visit, visit.visitors, visit.number)


@bp.get("/<id:visit_id>/people/<id:visitor_id>/pass.pdf")
@allow(P.VISIT_REQUEST)
def print_pass(visit_id: uuid.UUID, visitor_id: uuid.UUID) -> ResponseReturnValue:
    visitor = queries.get_visitor(actor(), visit_id, visitor_id)
    return _passes(visitor.visit, [visitor], visitor.number)


def _passes(visit: Visit, visitors: list[Visitor], name: str) -> ResponseReturnValue:
    if visit.state != "approved":
        raise NotFound(visit.id)
    content = pdf.passes(visit, visitors, settings(), chosen_locale())
    if content is None:
        raise NotFound(visit.id)
    with transaction():
        services.note_printed(visit, name, actor(), clock.now())
    return answer_pdf(content, name)


def _approve(visit: Visit, back: str) -> ResponseReturnValue:
    """The review: everything that was sent beside the decision, the people to tick."""
    action = VISIT.actions["approve"]
    if not actor().may(action.permission) or visit.asked_by_id == actor().user_id:
        raise Forbidden(action.permission)
    if visit.state not in action.sources:
        flash(say(FASTER(subject=visit.number, state=state_view(visit).label)), "stop")
        return redirect(back)
    form, number = ApproveForm(data={"escorted": visit.room.escorted}), visit.number
    form.offer([visitor for visitor in visit.visitors if visitor.state == "expected"])
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.approve(visit, form.command(), actor(), clock.now()),
            then=lambda _none: back,
            said=_("%(number)s is approved. The passes are on their way.", number=number),
        )
        if done is not None:
            return done
        visit = queries.get_visit(actor(), visit.id)  # a refusal has put back what was read before it
    elif request.method == "GET":
        form.people.data = [ids.to_text(visitor.id) for visitor in visit.visitors if visitor.state == "expected"]
    papers = files.files_by_id(actor(), (visit.letter_id,))
    return page(
        "visits/review.html",
        form,
        visit=visit,
        people=[(_person(visit, visitor), ids.to_text(visitor.id)) for visitor in visit.visitors if visitor.state == "expected"],
        papers=[(paper.filename, url_for("files.show", file_id=paper.id)) for paper in papers.values()],
        blocked=_blocked(visit),
        hours=asking.hours_text(checking.hours_of(visit.room.site_id)),
        back=back,
    )


def _blocked(visit: Visit) -> list[Refusal]:
    """What speaks against approving it now."""
    if visit.state != "under_review":
        return []
    people = [visitor.person for visitor in visit.visitors if visitor.state == "expected"]
    return checking.why_not_still(visit, visit.room, people, clock.now())


def _person(visit: Visit, visitor: Visitor) -> dict[str, Any]:
    """A person of the visit as its table shows them: the number masked, with what can be done."""
    may, person = actor().may, visitor.person
    actions = []
    if visit.state == "approved" and visitor.state == "approved" and may(P.VISIT_REQUEST):
        url = url_for("visits.print_pass", visit_id=visit.id, visitor_id=visitor.id)
        actions.append((_("Access pass"), url))
    if visitor.state in VISITOR.actions["withdraw"].sources and may(P.VISIT_CANCEL):
        actions.append((_("Take off"), url_for("visits.withdraw", visit_id=visit.id, visitor_id=visitor.id)))
    return {
        "name": person.name,
        "url": url_for("clients.person", person_id=person.id) if may(P.PERSON_READ) else "",
        "document": _(client_rules.DOCUMENT_KINDS[person.document_kind]),
        "number": client_rules.mask(person.document_number),
        "employer": person.employer or visit.client.name,
        "email": visitor.email,
        "state": state_view(visitor),
        "code": visitor.number,
        "actions": actions,
    }


def _actions(visit: Visit, extensions: list[VisitExtension]) -> list[ActionView]:
    """All that this actor may do with the visit; the one next step is primary."""
    may, vid = actor().may, visit.id
    actions = offered_actions(visit, lambda key: url_for("visits.act", visit_id=vid, action=key))
    asked = any(extension.state == "under_review" for extension in extensions)
    if visit.state == "approved" and may(P.VISIT_REQUEST):
        actions.append(ActionView(_("Print passes"), url_for("visits.print_passes", visit_id=vid), primary=True))
        if not asked:
            actions.append(ActionView(_("Ask for more time"), url_for("visits.more_time", visit_id=vid)))
    if visit.state != "needs_correction" and may(P.VISIT_REQUEST):
        ended = visit.state not in ("under_review", "approved")
        url = url_for("visits.request_visit", repeats=ids.to_text(vid))
        actions.append(ActionView(_("Repeat with new dates"), url, primary=ended))
    return actions


def _extension_actions(extension: VisitExtension) -> list[ActionView]:
    def url(action: str) -> str:
        return url_for("visits.answer_more_time", visit_id=extension.visit_id, extension_id=extension.id, action=action)

    return offered_actions(extension, url)


def _wall(moment: datetime) -> datetime:
    local = clock.local(moment)
    return datetime.combine(local.date(), time(local.hour, local.minute))
