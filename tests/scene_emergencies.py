"""Of the scene: the calendar, the rota, a chat channel, and an emergency of the first client in each state that an action starts from."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from portal.calendar import services as calendar
from portal.oncall import services as oncall
from portal.oncall.services import ChannelFacts
from tests.calendar.making import frozen
from tests.cast import NOW
from tests.emergencies import making

if TYPE_CHECKING:
    from tests.scene import Scene


def build(scene: Scene) -> None:
    cast, administrator = scene.cast, scene.cast.actor("administrator")
    calendar.set_day(date(2027, 1, 1), False, "元旦", administrator, NOW)
    later = NOW + timedelta(days=40)
    scene.keep(freeze=frozen(cast, starts_at=later, ends_at=later + timedelta(days=2)))
    oncall.set_week(date(2026, 11, 23), cast.user("supervisor").id, None, administrator, NOW)
    channel = oncall.add_channel(ChannelFacts("值班群", "wecombot://0000-1111-2222"), administrator, NOW)
    oncall.switch_channel(channel, False, administrator, NOW)  # nothing of a test goes out into the world
    scene.keep(channel=channel)
    scene.keep(**{f"emergency_{state}": making.in_state(cast, state) for state in ("approved", "report_due", "reported")})
    scene.keep(emergency=making.asked(cast))
