"""Visits of the scene: one in each state from which something can be done, of the first client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.visits import queries, settings
from tests.cast import NOW
from tests.visits import making

if TYPE_CHECKING:
    from tests.scene import Scene


def build(scene: Scene) -> None:
    cast = scene.cast
    reviewing, correcting = making.requested(cast, "liu"), making.in_state(cast, "needs_correction", "liu")
    visit = making.approved(cast, people=(making.new(300, "许巍", employer="凯捷工程", email="xu@work.example"), making.new(301, "段誉")))
    making.in_state(cast, "cancelled", "liu")
    scene.keep(visit=visit, visit_reviewing=reviewing, visit_correcting=correcting, visitor=making.people(visit)[0])
    scene.keep(visit_extension=making.longer(cast, visit))
    making.rule(cast, people=1, hours=9, visits=1)
    making.requested(cast, "zhang")
    site, _hours = queries.sites_with_hours()[0]
    settings.set_hours(site, settings.HoursFacts(8 * 60, 20 * 60, "1234567", False, 30), cast.actor("administrator"), NOW)
