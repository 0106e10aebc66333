"""The red pass of an approved emergency: what it says, and that it is read back to the emergency."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import time_machine
from flask.testing import FlaskClient

from portal.emergencies.services import Expected
from portal.kernel import ids
from portal.kernel.db import transaction
from portal.passes.queries import find_pass
from tests.cast import NOW, Cast
from tests.emergencies import making
from tests.passes import reading_back


def test_it_names_room_window_and_person_and_its_code_leads_to_it(as_: Callable[[str], FlaskClient], cast: Cast) -> None:
    with transaction():
        emergency = making.approved(cast, reason="核心交换机掉电" * 80)
        crowd = making.approved(cast, people=tuple(Expected(f"工程师{n}") for n in range(9)))
        waiting = making.asked(cast)
    admin = as_("admin")
    address = f"/emergencies/{ids.to_text(emergency.id)}/access.pdf"
    answer = admin.get(address)
    assert answer.mimetype == "application/pdf"
    (text,) = reading_back.texts(answer.data)
    for part in ("紧急进入证", emergency.number, "罗工", "B2", "10:30", "14:30", "星海数联"):
        assert part in text
    (scanned,) = reading_back.scanned(answer.data, 0)
    found = find_pass(scanned)
    assert found is not None
    assert (found.kind, found.subject_id) == ("emergency", emergency.id)
    assert "工程师" not in reading_back.texts(admin.get(f"/emergencies/{ids.to_text(crowd.id)}/access.pdf").data)[0]
    assert admin.get(f"/emergencies/{ids.to_text(waiting.id)}/access.pdf").status_code == 404
    assert as_("stranger").get(address).status_code == 404
    with time_machine.travel(NOW + timedelta(hours=4)):
        assert admin.get(address).status_code == 404, "it has lapsed, whether or not the worker has been there"
