"""A paper that cannot be printed is said in words; nothing is printed, and nothing fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from portal.badges.models import Badge
from portal.clients.models import Person
from portal.exits import services as exit_services
from portal.kernel import ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import Refused
from tests.badges import making
from tests.cast import Cast
from tests.exits import making as exits

As = Callable[[str], FlaskClient]


def test_a_name_without_a_shape_in_the_fonts(cast: Cast, as_: As) -> None:
    with transaction():
        badge_id = making.issued(cast).id
        session().execute(update(Person).values(name="王😀珺"))
    record = f"/badges/{ids.to_text(badge_id)}"
    answer = as_("service").get(f"{record}/badge.pdf", headers={"Referer": f"http://localhost{record}"})
    assert answer.status_code == 409
    assert "王😀珺" in answer.text
    assert f'href="{record}"' in answer.text
    with transaction():
        assert session().scalars(select(Badge.printed_at)).one() is None


def test_a_name_that_is_too_long_for_the_card(cast: Cast, as_: As) -> None:
    with transaction():
        badge_id = making.issued(cast).id
        session().execute(update(Person).values(name="长" * 80))
    answer = as_("service").get(f"/badges/{ids.to_text(badge_id)}/badge.pdf", headers={"Referer": "https://elsewhere.example/x"})
    assert answer.status_code == 409
    assert "elsewhere" not in answer.text


def test_a_mover_without_a_shape_in_the_fonts_is_refused_at_the_form(cast: Cast) -> None:
    with transaction():
        command = exits.application(cast, exits.servers(cast, 1), mover_name="刘😀")
    with pytest.raises(Refused) as caught, transaction():
        exit_services.apply_for_exit(command, cast.actor("admin"), exits.NOW)
    assert [(r.code, r.field) for r in caught.value.refusals] == [("exit.mover_not_printable", "mover_name")]
