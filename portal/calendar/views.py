"""The pages of the calendar: a month with its working days and freezes, a day, the freezes and what they catch."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date
from markupsafe import Markup

from portal.calendar import queries, rules, services
from portal.calendar.forms import DayForm, FreezeForm
from portal.calendar.models import Freeze
from portal.facility import queries as facility
from portal.facility.models import Room, Site
from portal.kernel import clock
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.formats import day as day_words
from portal.kernel.formats import period, when
from portal.kernel.forms import ReasonForm
from portal.kernel.i18n import N_, _, _l
from portal.kernel.lifecycle import State
from portal.kernel.moments import wall
from portal.kernel.policy import Permission, allow
from portal.kernel.tables import Choice, Column, DateRange, Table
from portal.kernel.web import actor, local_name, page, submit

SEES = {"visit": Permission.VISIT_READ, "work_order": Permission.WORK_ORDER_READ}
CAUGHT = {"visit": N_("Visit"), "work_order": N_("Work order")}

bp = Blueprint("calendar", __name__, url_prefix="/calendar")
BLUEPRINTS = [bp]


def _place(freeze: Freeze) -> str:
    place: Site | Room | None = freeze.room or freeze.site
    if place is None:
        return ""
    if freeze.site is not None:
        return str(_("%(code)s %(name)s, every room", code=place.code, name=local_name(place)))
    return str(_("Room %(code)s", code=place.code))


def _state(freeze: Freeze) -> State:
    state = rules.state_of(freeze, clock.now())
    return State(state.key, _(state.label), state.tone)


FREEZES = Table[Freeze](
    "freezes",
    id=Freeze.id,
    default_sort="-starts_at",
    columns=[
        Column("place", _l("Where"), cell=_place, primary=True, sub=lambda f: f.reason),
        Column("starts_at", _l("Begins"), sort=Freeze.starts_at),
        Column("ends_at", _l("Ends at"), sort=Freeze.ends_at),
        Column("state", _l("State"), cell=_state, sub=lambda f: f.lift_reason or None),
        Column("made_by", _l("Made by"), cell=lambda f: f.made_by.name),
    ],
    filters=[
        Choice(
            "state",
            _l("State"),
            options=lambda: [(state.key, _(state.label)) for state in rules.STATES],
            where=lambda value: queries.in_state(value, clock.now()),
        ),
        DateRange("starts", _l("Begins"), Freeze.starts_at),
    ],
    row_url=lambda f: url_for("calendar.freeze", freeze_id=f.id),
)


@bp.get("/")
@allow(Permission.CALENDAR_READ)
def index() -> ResponseReturnValue:
    """A month: working days and days off, what was entered by hand, and the freezes over it."""
    first = _month(request.args.get("month", ""))
    monday = first - timedelta(days=first.weekday())
    after = (first + timedelta(days=31)).replace(day=1)
    sunday = after + timedelta(days=(7 - after.weekday()) % 7 - 1)
    days = queries.days_of(monday, sunday)
    freezes = queries.freezes_between(actor(), clock.at_local(monday), clock.end_of(sunday))
    frozen = {day.day: [f for f in freezes if f.starts_at < clock.end_of(day.day) and f.ends_at > clock.at_local(day.day)] for day in days}
    return page(
        "calendar/index.html",
        first=first,
        title=format_date(first, _("MMMM yyyy")),
        weekdays=[format_date(found.day, "EEE") for found in days[:7]],
        weeks=[days[at : at + 7] for at in range(0, len(days), 7)],
        today=clock.today(),
        frozen=frozen,
        freezes=[{"where": _place(f), "when": period(f.starts_at, f.ends_at), "reason": f.reason, "state": _state(f)} for f in freezes],
        working=sum(day.working for day in days if day.day.month == first.month),
        previous=url_for("calendar.index", month=f"{first - timedelta(days=1):%Y-%m}"),
        following=url_for("calendar.index", month=f"{after:%Y-%m}"),
        unpublished=first.year not in rules.PUBLISHED_YEARS,
        entered=queries.entered_in(first.year),
    )


@bp.route("/days/<day>", methods=["GET", "POST"])
@allow(Permission.CALENDAR_WRITE)
def day(day: str) -> ResponseReturnValue:
    """Enters whether people work on a day, over what is published."""
    chosen = _day(day)
    (found,) = queries.days_of(chosen, chosen)
    entered = found.entered
    form = DayForm(
        data={"working": ("yes" if entered.working else "no") if entered else "published", "note": entered.note if entered else ""}
    )
    form.offer(published_words(found.published))
    back = url_for("calendar.index", month=f"{chosen:%Y-%m}")

    def work() -> None:
        if form.working.data == "published":
            services.clear_day(chosen, actor(), clock.now())
        else:
            services.set_day(chosen, form.working.data == "yes", form.note.data or "", actor(), clock.now())

    if form.validate_on_submit():
        said = _("%(day)s is saved.", day=day_words(chosen, True))
        done = submit(form, work, then=lambda _done: back, said=said)
        if done is not None:
            return done
    return page("calendar/form.html", form, title=day_words(chosen, True), submit_label=_("Save"), crumbs=[_crumb()], back=back)


@bp.get("/freezes")
@allow(Permission.CALENDAR_READ)
def freezes() -> ResponseReturnValue:
    statement = queries.select_freezes(actor())
    if request.args.get("export"):
        return FREEZES.export(session(), statement, request.args, request.args["export"])
    found = FREEZES.read(session(), statement, request.args, lambda **kw: url_for("calendar.freezes", **kw))
    return page("calendar/freezes.html", found=found)


@bp.route("/freezes/new", methods=["GET", "POST"])
@allow(Permission.CALENDAR_WRITE)
def make_freeze() -> ResponseReturnValue:
    tomorrow = clock.today() + timedelta(days=1)
    form = FreezeForm(data={"starts_at": wall(clock.at_local(tomorrow)), "ends_at": wall(clock.at_local(tomorrow + timedelta(days=1)))})
    sites = facility.sites()
    form.offer([(s, local_name(s)) for s in sites], [(r, local_name(r)) for r in facility.rooms()])
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.make_freeze(form.command(), actor(), clock.now()),
            then=lambda made: url_for("calendar.freeze", freeze_id=made.id),
            said=_("The freeze is made. Clients with a contract there have been told."),
        )
        if done is not None:
            return done
    note = _("What is approved or issued for that time already is listed afterwards, and its clients are told: agree on another time.")
    crumbs = [_crumb(), (_("Freezes"), url_for("calendar.freezes"))]
    return page(
        "calendar/form.html", form, title=_("Make a freeze"), submit_label=_("Make freeze"), crumbs=crumbs,
        back=url_for("calendar.freezes"), note=note,
    )  # fmt: skip


@bp.get("/freezes/<id:freeze_id>")
@allow(Permission.CALENDAR_READ)
def freeze(freeze_id: uuid.UUID) -> ResponseReturnValue:
    """A freeze with what was approved or issued for its time before it was made, as far as the reader may see it."""
    found, now = queries.get_freeze(actor(), freeze_id), clock.now()
    standing = rules.state_of(found, now) in (rules.PLANNED, rules.IN_EFFECT)
    caught = queries.caught_by(found, now, actor().client_id) if standing else []
    seen = [one for one in caught if actor().may(SEES[one.kind])]
    return page(
        "calendar/freeze.html",
        freeze=found,
        place=_place(found),
        state=_state(found),
        standing=standing,
        rows=[_caught_row(one) for one in seen],
        lift_url=url_for("calendar.lift", freeze_id=found.id) if _can_be_lifted(found) else "",
    )


def _caught_row(one: queries.Caught) -> list[Any]:
    url = url_for("visits.show", visit_id=one.id) if one.kind == "visit" else url_for("workorders.show", order_id=one.id)
    link = Markup('<a class="code" href="{}">{}</a><span class="sub">{}</span>').format(url, one.number, _(CAUGHT[one.kind]))
    return [link, one.client, one.room, period(one.starts_at, one.ends_at) if one.ends_at else when(one.starts_at)]


@bp.route("/freezes/<id:freeze_id>/lift", methods=["GET", "POST"])
@allow(Permission.CALENDAR_WRITE)
def lift(freeze_id: uuid.UUID) -> ResponseReturnValue:
    freeze = queries.get_freeze(actor(), freeze_id)
    form = ReasonForm()
    back = url_for("calendar.freezes")
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.lift_freeze(freeze_id, form.reason.data or "", actor(), clock.now()),
            then=lambda _lifted: back,
            said=_("The freeze is lifted. Clients with a contract there have been told."),
        )
        if done is not None:
            return done
        freeze = queries.get_freeze(actor(), freeze_id)
    return page("calendar/lift.html", form, freeze=freeze, place=_place(freeze), state=_state(freeze), open=_can_be_lifted(freeze))


def published_words(published: rules.Published) -> str:
    """What the published calendar says of a day, in the reader's language."""
    if published.moved:
        return str(_("working day, moved for a holiday"))
    if published.name and not published.working:
        return str(_(published.name))
    if not published.known:
        return str(_("Monday to Friday") if published.working else _("weekend"))
    return str(_("working day") if published.working else _("weekend"))


def _can_be_lifted(freeze: Freeze) -> bool:
    return actor().may(Permission.CALENDAR_WRITE) and rules.state_of(freeze, clock.now()) in (rules.PLANNED, rules.IN_EFFECT)


def _crumb() -> tuple[str, Any]:
    return _("Calendar"), url_for("calendar.index")


def _month(text: str) -> date:
    """The first day of the month that is asked for; of this one for nonsense."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        first = clock.today()
    return first.replace(day=1) if 2000 <= first.year <= 2100 else clock.today().replace(day=1)


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise NotFound(text) from error
    if text != found.isoformat() or not 2000 <= found.year <= 2100:
        raise NotFound(text)
    return found
