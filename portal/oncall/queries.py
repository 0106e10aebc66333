"""Who is on call, the rota week by week, and the chat channels."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, String, func, select
from sqlalchemy.orm import joinedload

from portal.accounts.models import User
from portal.desk.items import DueItem, Waits
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.i18n import _
from portal.kernel.lifecycle import State, Tone
from portal.kernel.policy import Actor, Permission, Role
from portal.oncall import rules
from portal.oncall.models import ChatChannel, DutyWeek

QUARTER = 13  # weeks


@dataclass(frozen=True, slots=True)
class Week:
    """A week of the rota. `supervisor` None: nobody is on call; then the supervisors are told one after the other, by name."""

    monday: date
    supervisor: User | None
    deputy: User | None

    @property
    def sunday(self) -> date:
        return self.monday + rules.WEEK * 6 / 7


def on_call(now: datetime) -> list[User]:
    """The supervisors in the order in which they are told: of the week (the site's), the deputy, then the others by name.

    Only active ones; empty when there is none at all.
    """
    active = {user.id: user for user in supervisors()}
    week = session().scalars(select(DutyWeek).where(DutyWeek.monday == rules.monday_of(clock.today(now)))).one_or_none()
    first = [active.pop(user_id) for user_id in ((week.supervisor_id, week.deputy_id) if week else ()) if user_id in active]
    return [*first, *active.values()]


def supervisors() -> list[User]:
    """The active supervisors, by name."""
    return list(
        session().scalars(select(User).where(User.role == Role.SUPERVISOR.value, User.state == "active").order_by(User.name, User.id))
    )


def weeks(first: date, count: int = QUARTER) -> list[Week]:
    """So many weeks from the one that holds `first`, in one query. Someone who is no active supervisor any more is left out."""
    monday = rules.monday_of(first)
    statement = (
        select(DutyWeek)
        .where(DutyWeek.monday >= monday, DutyWeek.monday < monday + rules.WEEK * count)
        .options(joinedload(DutyWeek.supervisor), joinedload(DutyWeek.deputy))
    )
    found = {week.monday: week for week in session().scalars(statement.execution_options(populate_existing=True))}
    mondays = [monday + rules.WEEK * n for n in range(count)]
    return [Week(day, _able(found[day].supervisor), _able(found[day].deputy)) if day in found else Week(day, None, None) for day in mondays]


def gaps(now: datetime) -> list[date]:
    """The Mondays of this week and those that begin within 10 days, of which nobody is on call."""
    today = clock.today(now)
    return [week.monday for week in weeks(today, 3) if week.supervisor is None and week.monday <= today + rules.GAP_TOLD_AHEAD]


def select_channels() -> Select[ChatChannel]:
    return select(ChatChannel)


def get_channel(channel_id: uuid.UUID) -> ChatChannel:
    """Raises NotFound."""
    channel = session().get(ChatChannel, channel_id)
    if channel is None:
        raise NotFound(channel_id)
    return channel


def active_channels() -> Sequence[ChatChannel]:
    return list(session().scalars(select(ChatChannel).where(ChatChannel.active).order_by(ChatChannel.id)))


def waiting_for(actor: Actor, now: datetime) -> list[Waits | DueItem]:
    """Weeks without anyone on call, for who writes the rota; channels that failed, for who runs them."""
    found: list[Waits | DueItem] = []
    if actor.may(Permission.ROTA_WRITE):
        nobody = State("gap", _("Nobody on call"), Tone.STOP)
        for monday in gaps(now):
            title = _("Nobody is on call in the week of %(monday)s", monday="%(day)s")
            sub, url = _("The supervisors would be told one after the other, by name."), f"/on-call/weeks/{monday.isoformat()}"
            found.append(DueItem(title, sub, nobody, clock.at_local(monday), url, monday))
    if actor.may(Permission.CHANNEL_WRITE):
        rows = select(ChatChannel.id, ChatChannel.name, func.substr(ChatChannel.last_error, 1, 120, type_=String).label("error"))
        failed = rows.where(ChatChannel.active, ChatChannel.last_error != "").order_by(ChatChannel.id).limit(20)
        found.append(Waits(failed, _not_delivered))
    return found


def _not_delivered(row: Any) -> DueItem:
    title = _("Chat channel %(name)s does not take messages", name=row.name)
    return DueItem(title, row.error, State("failed", _("Not delivered"), Tone.STOP), None, f"/on-call/channels/{ids.to_text(row.id)}")


def _able(user: User | None) -> User | None:
    return user if user is not None and user.state == "active" and user.role == Role.SUPERVISOR.value else None
