"""The pages of the rota, by quarter, and of the chat channels."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.audit.queries import timeline
from portal.kernel import clock, ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import NotFound
from portal.kernel.formats import day as day_words
from portal.kernel.formats import period
from portal.kernel.i18n import _, _l
from portal.kernel.lifecycle import State, Tone
from portal.kernel.policy import Permission, allow
from portal.kernel.tables import Column, Table
from portal.kernel.web import ActionView, actor, page, submit
from portal.oncall import queries, rules, services
from portal.oncall.forms import LANGUAGES, ChannelForm, WeekForm
from portal.oncall.models import ChatChannel

bp = Blueprint("oncall", __name__, url_prefix="/on-call")
BLUEPRINTS = [bp]


def _state(channel: ChatChannel) -> State:
    if not channel.active:
        return State("off", _("Switched off"), Tone.REST)
    if channel.last_error:
        return State("failed", _("Not delivered"), Tone.STOP)
    return State("on", _("Switched on"), Tone.OK)


CHANNELS = Table[ChatChannel](
    "chat-channels",
    id=ChatChannel.id,
    default_sort="name",
    exported=False,
    columns=[
        Column("name", _l("Name"), sort=ChatChannel.name, primary=True),
        Column("service", _l("Kind of chat")),
        Column("state", _l("State"), cell=_state),
        Column("last_sent_at", _l("Last message")),
    ],
    row_url=lambda c: url_for("oncall.channel", channel_id=c.id),
)


@bp.get("/")
@allow(Permission.ROTA_READ)
def index() -> ResponseReturnValue:
    """A quarter of the rota; weeks without anyone stand out."""
    today = clock.today()
    first = rules.monday_of(_day(request.args.get("week", ""), today))
    weeks = queries.weeks(first)
    on_call = queries.on_call(clock.now())
    return page(
        "oncall/index.html",
        weeks=weeks,
        this_monday=rules.monday_of(today),
        on_call=on_call,
        gaps=queries.gaps(clock.now()),
        span=period(weeks[0].monday, weeks[-1].sunday),
        previous=url_for("oncall.index", week=(first - rules.WEEK * queries.QUARTER).isoformat()),
        following=url_for("oncall.index", week=(first + rules.WEEK * queries.QUARTER).isoformat()),
    )


@bp.route("/weeks/<monday>", methods=["GET", "POST"])
@allow(Permission.ROTA_WRITE)
def week(monday: str) -> ResponseReturnValue:
    """Who is on call in one week."""
    chosen = _day(monday, None)
    if chosen.weekday() != 0:
        raise NotFound(monday)
    (found,) = queries.weeks(chosen, 1)
    one, two = (ids.to_text(user.id) if user else "" for user in (found.supervisor, found.deputy))
    form = WeekForm(data={"supervisor": one, "deputy": two})
    form.offer(queries.supervisors())
    back = url_for("oncall.index")
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.set_week(chosen, *form.chosen, actor(), clock.now()),
            then=lambda _week: back,
            said=_("The week is saved. Whoever is newly on call has been told."),
        )
        if done is not None:
            return done
    title = _("On call from %(day)s", day=day_words(chosen))
    return page("oncall/week.html", form, title=title, span=period(chosen, chosen + timedelta(days=6)), back=back)


@bp.get("/channels")
@allow(Permission.CHANNEL_WRITE)
def channels() -> ResponseReturnValue:
    found = CHANNELS.read(session(), queries.select_channels(), request.args, lambda **kw: url_for("oncall.channels", **kw))
    return page("oncall/channels.html", found=found)


@bp.route("/channels/new", methods=["GET", "POST"])
@allow(Permission.CHANNEL_WRITE)
def add_channel() -> ResponseReturnValue:
    form = ChannelForm()
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.add_channel(form.command(), actor(), clock.now()),
            then=lambda channel: url_for("oncall.channel", channel_id=channel.id),
            said=_("The channel is added. Send a test to see that it takes messages."),
        )
        if done is not None:
            return done
    return page("oncall/channel_form.html", form, title=_("Add a chat channel"), back=url_for("oncall.channels"))


@bp.get("/channels/<id:channel_id>")
@allow(Permission.CHANNEL_WRITE)
def channel(channel_id: uuid.UUID) -> ResponseReturnValue:
    found = queries.get_channel(channel_id)
    switch = url_for("oncall.switch_channel", channel_id=found.id)
    actions = [
        ActionView(_("Change"), url_for("oncall.change_channel", channel_id=found.id)),
        ActionView(_("Switch off") if found.active else _("Switch on"), switch, method="post", danger=found.active),
    ]
    if found.active:
        actions.append(ActionView(_("Send a test"), url_for("oncall.test_channel", channel_id=found.id), primary=True, method="post"))
    return page(
        "oncall/channel.html",
        channel=found,
        state=_state(found),
        language=LANGUAGES[found.locale],
        actions=actions,
        happened=timeline(("chat_channel", found.id)),
    )


@bp.route("/channels/<id:channel_id>/change", methods=["GET", "POST"])
@allow(Permission.CHANNEL_WRITE)
def change_channel(channel_id: uuid.UUID) -> ResponseReturnValue:
    found = queries.get_channel(channel_id)
    form = ChannelForm(data={"name": found.name, "locale": found.locale})
    form.url.description = _("Leave it empty to keep the present address, which is not shown.")
    back = url_for("oncall.channel", channel_id=channel_id)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.change_channel(queries.get_channel(channel_id), form.command(), actor(), clock.now()),
            then=lambda _done: back,
            said=_("Changes saved."),
        )
        if done is not None:
            return done
    return page("oncall/channel_form.html", form, title=_("Change chat channel"), back=back)


@bp.post("/channels/<id:channel_id>/test")
@allow(Permission.CHANNEL_WRITE)
def test_channel(channel_id: uuid.UUID) -> ResponseReturnValue:
    with transaction():
        services.send_test(queries.get_channel(channel_id), actor(), clock.now())
    flash(_("A test message is on its way. What came of it stands here in a few seconds."), "ok")
    return redirect(url_for("oncall.channel", channel_id=channel_id))


@bp.post("/channels/<id:channel_id>/switch")
@allow(Permission.CHANNEL_WRITE)
def switch_channel(channel_id: uuid.UUID) -> ResponseReturnValue:
    with transaction():
        found = queries.get_channel(channel_id)
        services.switch_channel(found, not found.active, actor(), clock.now())
    flash(_("The channel is switched on.") if found.active else _("The channel is switched off."), "ok")
    return redirect(url_for("oncall.channel", channel_id=channel_id))


def _day(text: str, otherwise: date | None) -> date:
    """A day of an address; `otherwise` for nonsense, NotFound where there is none."""
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        if otherwise is None:
            raise NotFound(text) from error
        return otherwise
    if not 2000 <= found.year <= 2100:
        if otherwise is None:
            raise NotFound(text)
        return otherwise
    return found
