"""Of the scene: somebody inside on a visit, somebody on an emergency, an exit without an entry."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from portal.demo.numbers import identity_number
from portal.gate import rules, services
from portal.kernel import crypto
from portal.passes.queries import live_pass
from tests.cast import NOW
from tests.emergencies import making as emergencies
from tests.visits import making as visits

if TYPE_CHECKING:
    from tests.scene import Scene


def build(scene: Scene) -> None:
    cast, guard = scene.cast, scene.cast.actor("guard")
    points, room = [key for key, _label in rules.CHECKLIST_POINTS], cast.rooms["B2"].id
    visit = visits.approved(cast, people=(visits.new(310, "谢长亭"), visits.new(311, "孟繁星")), starts_at=NOW + timedelta(minutes=30))
    inside, stranger = visits.people(visit)
    found = live_pass(inside.id)
    assert found is not None
    at = NOW + timedelta(minutes=30)
    assert services.enter(found, room, points, crypto.new_token(), guard, at, kept=["camera"]).refusal is None
    other = live_pass(stranger.id)
    assert other is not None
    assert services.leave(other, crypto.new_token(), guard, at, reason="尾随进入").refusal is None
    emergency = emergencies.approved(cast)
    person = emergencies.identified(cast, emergency, identity_number(312))
    emergency_pass = live_pass(emergency.id)
    assert emergency_pass is not None
    services.enter(emergency_pass, room, points, crypto.new_token(), guard, NOW, who_id=person.id)
    scene.keep(visit_pass=found, emergency_pass=emergency_pass, emergency_person=person)
