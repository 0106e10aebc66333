"""The pages of access reviews: the list, and one review with its lines to answer."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Row

from portal.audit.queries import timeline
from portal.clients.models import Client
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.formats import day, due
from portal.kernel.i18n import _, _l, ngettext
from portal.kernel.lifecycle import State, Tone
from portal.kernel.policy import ROLE_LABELS, Permission, Role, allow
from portal.kernel.tables import Choice, Column, Switch, Table, Text
from portal.kernel.web import actor, page, settings, state_view, submit
from portal.reviews import queries, rules, services
from portal.reviews.forms import PREFIX, AnswersForm
from portal.reviews.lifecycle import ACCESS_REVIEW, ANSWERABLE
from portal.reviews.models import AccessReview, AccessReviewLine

bp = Blueprint("reviews", __name__, url_prefix="/reviews")
BLUEPRINTS = [bp]

TONES = {"confirmed": Tone.OK, "removed": Tone.REST, "suspended": Tone.STOP, "ended": Tone.REST}


def _due(row: Row[*tuple[Any, ...]]) -> Any:
    """How late an answer is, or how soon it is due; the day itself stands in its own column."""
    ends = clock.end_of(row[0].due_on)
    return due(ends) if row[0].state in ANSWERABLE and ends - clock.now() < timedelta(days=1) else None


REVIEWS: Table[Row[*tuple[Any, ...]]] = Table(
    "access-reviews",
    id=AccessReview.id,
    default_sort="-due",
    columns=[
        Column("number", _l("Number"), cell=lambda r: r[0].number, sort=AccessReview.number, code=True, primary=True),
        Column("quarter", _l("Quarter"), cell=lambda r: r[0].quarter, code=True),
        Column("unit", _l("Whose access"), cell=lambda r: queries.unit_name(r.client)),
        Column("state", _l("State"), cell=lambda r: state_view(r[0]), sub=_due),
        Column("answered", _l("Answered"), cell=lambda r: _("%(done)s of %(all)s", done=r.answered, all=r.lines)),
        Column("due", _l("Answer by"), cell=lambda r: r[0].due_on, sort=AccessReview.due_on),
        Column("opened", _l("Opened"), cell=lambda r: r[0].created_at, hidden=True),
        Column("grace", _l("Suspended after"), cell=lambda r: r[0].grace_until, hidden=True),
    ],
    filters=[
        Choice("state", _l("State"), column=AccessReview.state,
               options=lambda: [(s.key, _(s.label)) for s in ACCESS_REVIEW.states.values()]),
        Text("quarter", _l("Quarter"), where=lambda text: AccessReview.quarter == text.upper(), hint="2026-Q4"),
        Text("client", _l("Client"), columns=[Client.name]),
        Switch("staff", _l("Staff only"), where=lambda: AccessReview.client_id.is_(None)),
        Switch("overdue", _l("Overdue only"),
               where=lambda: AccessReview.state.in_(ANSWERABLE) & (AccessReview.due_on < clock.today())),
    ],
    for_staff=("unit", "client", "staff",),
    row_url=lambda r: url_for("reviews.show", review_id=r[0].id),
)  # fmt: skip

LINES: Table[Row[*tuple[Any, ...]]] = Table(
    "access-review",
    id=AccessReviewLine.id,
    default_sort="line",
    columns=[
        Column("line", _l("Line"), cell=lambda r: ids.to_text(r[0].id), sort=AccessReviewLine.id),
        Column("kind", _l("Kind"), cell=lambda r: _(rules.KINDS[r[0].kind])),
        Column("badge", _l("Badge"), cell=lambda r: r[1].number if r[1] else None),
        Column("name", _l("Name"), cell=lambda r: r[3].name if r[3] else r[2].name),
        Column("role", _l("Role"), cell=lambda r: _(ROLE_LABELS[Role(r[3].role)]) if r[3] else None),
        Column("last_used", _l("Last used"), cell=lambda r: r.last_used),
        Column("decision", _l("Answer"), cell=lambda r: _(rules.DECISIONS[r[0].decision]) if r[0].decision else None),
        Column("by", _l("By"), cell=lambda r: r.decided_by),
        Column("at", _l("When"), cell=lambda r: r[0].decided_at),
    ],
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LineView:
    """A line as the page shows it. `field`: the name of its choice, empty when it is not this reader's to answer, or answered."""

    field: str
    name: str
    code: str
    about: str
    last_used: Any
    answer: State | None
    by: str
    at: Any
    chosen: str
    whose: str


@bp.get("/")
@allow(Permission.ACCESS_REVIEW_READ)
def index() -> ResponseReturnValue:
    if request.args.get("export"):
        return REVIEWS.export(session(), queries.select_reviews(actor()), request.args, request.args["export"])
    found = REVIEWS.read(session(), queries.select_reviews(actor()), request.args, lambda **kw: url_for("reviews.index", **kw))
    return page("reviews/index.html", found=found, due_days=settings().review_due_days, grace_days=settings().review_grace_days)


@bp.route("/<id:review_id>", methods=["GET", "POST"])
@allow(Permission.ACCESS_REVIEW_READ)
def show(review_id: uuid.UUID) -> ResponseReturnValue:
    """A review: its lines, those of this reader to answer with a choice each. What is sent is kept; the rest waits."""
    row = queries.get_review(actor(), review_id)
    review: AccessReview = row[0]
    if request.args.get("export"):
        return LINES.export(session(), queries.select_lines(review.id), {}, request.args["export"])
    form = AnswersForm()
    back = url_for("reviews.show", review_id=review.id)
    if form.validate_on_submit():
        command = form.command(request.form)
        done = submit(
            form,
            lambda: services.answer(review, command, actor(), clock.now()),
            then=lambda _count: back,
            said=lambda count: ngettext("%(num)s answer was saved.", "%(num)s answers were saved.", count),
        )
        if done is not None:
            return done
        row = queries.get_review(actor(), review_id)
        review = row[0]
    groups = _groups(queries.lines_of(review.id), review)
    mine = sum(bool(line.field) for _label, lines in groups for line in lines)
    return page(
        "reviews/show.html",
        form,
        review=review,
        unit=queries.unit_name(row.client),
        state=state_view(review),
        answered=row.answered,
        lines=row.lines,
        groups=groups,
        mine=mine,
        first_day=rules.first_day(review.quarter),
        last_day=rules.last_day(review.quarter),
        happened=timeline(("access_review", review.id)),
        exports=[(kind.upper(), url_for("reviews.show", review_id=review.id, export=kind)) for kind in ("csv", "xlsx")],
    )


def _groups(rows: list[Row[*tuple[Any, ...]]], review: AccessReview) -> list[tuple[str, list[LineView]]]:
    labels = {"badge": _("Badges"), "person": _("People without a badge"), "user": _("User accounts")}
    views = [(row[0].kind, _line(row, review)) for row in rows]
    groups = [(label, [view for kind, view in views if kind == wanted]) for wanted, label in labels.items()]
    return [group for group in groups if group[1]]


def _line(row: Row[*tuple[Any, ...]], review: AccessReview) -> LineView:
    line, badge, person, user = row[0], row[1], row[2], row[3]
    may = actor().may(Permission.ACCESS_REVIEW_CONFIRM) and review.state in ANSWERABLE
    open_ = (line.decision in rules.OPEN_DECISIONS and not queries.is_over(row)) or line.decision == "suspended"
    why_not = rules.why_not_answer(actor(), review.client_id, queries.subject_of(row))
    field = f"{PREFIX}{ids.to_text(line.id)}" if may and open_ and why_not is None else ""
    if badge is not None:
        about = _("valid until %(day)s", day=day(badge.valid_until)) if badge.valid_until else ""
    else:
        about = _(ROLE_LABELS[Role(user.role)]) if user is not None else _("may be named on visits and exit slips")
    decision = line.decision
    return LineView(
        field=field,
        name=user.name if user is not None else person.name,
        code=badge.number if badge is not None else (user.email if user is not None else ""),
        about=about,
        last_used=row.last_used,
        answer=State(decision, _(rules.DECISIONS[decision]), TONES[decision]) if decision else None,
        by=row.decided_by or "",
        at=line.decided_at,
        chosen=request.form.get(field, "") if field else "",
        whose=_whose(user, review) if not field and open_ else "",
    )


def _whose(user: Any, review: AccessReview) -> str:
    """Who answers for a line that this reader does not answer for."""
    if user is None or (review.client_id is not None and user.role != Role.CLIENT_ADMIN):
        return str(_("The client’s administrator answers"))
    if review.client_id is not None:
        return str(_("Another administrator of the client answers, or the supervisor"))
    if user.role == Role.SUPERVISOR:
        return str(_("An administrator answers, or another supervisor"))
    return str(_("The supervisor answers"))
