"""The desk of each role, the notices, and the search."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from portal.desk import queries
from portal.desk.items import DueItem
from portal.desk.search import search as find
from portal.emergencies import queries as emergencies
from portal.kernel import clock, formats
from portal.kernel.db import session, transaction
from portal.kernel.i18n import N_, _, _l
from portal.kernel.policy import Actor, Permission, allow_signed_in
from portal.kernel.tables import Column, Table
from portal.kernel.web import ActionView, actor, page
from portal.outbox import services as outbox
from portal.outbox.mail import sentence
from portal.outbox.models import Notice
from portal.workorders import queries as workorders

bp = Blueprint("desk", __name__)
BLUEPRINTS = [bp]
P = Permission

# The usual next steps, the first one that the actor may take being the primary one.
STEPS: tuple[tuple[Permission, str, str], ...] = (
    (P.GATE_VERIFY, N_("Open the gate"), "gate.scan"),
    (P.EXIT_APPLY, N_("Apply for an exit"), "exits.apply"),
    (P.WORK_ORDER_DRAFT, N_("Draft work order"), "workorders.draft"),
    (P.EMERGENCY_ASK, N_("Ask for emergency access"), "emergencies.ask"),
    (P.BADGE_APPLY, N_("Apply for a badge"), "badges.apply"),
    (P.CONTRACT_WRITE, N_("Draft contract"), "contracts.draft"),
    (P.USER_MANAGE, N_("Invite a user"), "accounts.invite"),
)

NOTICES = Table[Notice](
    "notices",
    id=Notice.id,
    default_sort="-at",
    exported=False,
    columns=[
        Column(
            "what",
            _l("What"),
            cell=lambda n: sentence(n.code, n.data, part="subject"),
            sub=lambda n: sentence(n.code, n.data, part="body"),
            primary=True,
        ),
        Column("at", _l("When"), cell=lambda n: n.created_at, sort=Notice.id),
    ],
    row_url=lambda n: n.path,
    tone=lambda n: "" if n.read_at else "wait",
)


@bp.get("/")
@allow_signed_in
def home() -> ResponseReturnValue:
    now = clock.now()
    arrivals = workorders.arrivals(actor(), clock.today(now)) if actor().may(P.WORK_ORDER_READ) else []
    return page(
        "desk/home.html",
        greeting=_greeting(),
        today=clock.today(now),
        urgent=emergencies.to_decide(actor(), now),
        figures=queries.figures(actor(), now),
        waiting=[_with_day(item) for item in queries.waiting(actor(), now)[:20]],
        arrivals=arrivals,
        steps=_steps(actor()),
    )


@bp.get("/notices")
@allow_signed_in
def notices() -> ResponseReturnValue:
    """The user's notices, newest first; unread ones stand out until 'mark as read'."""
    own = select(Notice).where(Notice.user_id == actor().user_id)
    return page("desk/notices.html", found=NOTICES.read(session(), own, request.args, lambda **kw: url_for("desk.notices", **kw)))


@bp.post("/notices/read")
@allow_signed_in
def read_notices() -> ResponseReturnValue:
    user_id = actor().user_id
    assert user_id is not None
    with transaction():
        outbox.mark_read(user_id, clock.now())
    return redirect(url_for("desk.notices"))


@bp.get("/search")
@allow_signed_in
def search() -> ResponseReturnValue:
    text = request.args.get("q", "")[:100]
    return page("desk/search.html", text=text, hits=find(actor(), text))


def _with_day(item: DueItem) -> DueItem:
    return item if item.day is None else replace(item, title=item.title.replace("%(day)s", formats.day(item.day)))


def _steps(who: Actor) -> list[ActionView]:
    found = [(label, endpoint) for permission, label, endpoint in STEPS if who.may(permission)]
    return [ActionView(_(label), url_for(endpoint), primary=number == 0) for number, (label, endpoint) in enumerate(found[:3])]


def _greeting() -> str:
    hour = clock.local(clock.now()).hour
    greetings = ((5, N_("Good evening, %(name)s")), (12, N_("Good morning, %(name)s")), (18, N_("Good afternoon, %(name)s")))
    words = next((words for until, words in greetings if hour < until), N_("Good evening, %(name)s"))
    return str(_(words, name=actor().name))
