"""The gate's pages, as a guard's phone sends them: verdicts, ticks that are kept, photos of codes, confirms that are sent again."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import qrcode
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from portal.badges import services as badges
from portal.badges.models import Badge
from portal.exits.models import Exit
from portal.kernel import crypto, ids
from portal.kernel.db import session, transaction
from portal.passes.queries import qr_text
from portal.passes.token import group_short_code
from tests.access.reading import Page
from tests.badges import making
from tests.cast import NOW, Cast
from tests.exits import making as exits
from tests.gate.scanning import EVERY_POINT, inside, log, pass_of
from tests.threads import at_once

As = Callable[[str], FlaskClient]


@pytest.fixture
def badge(cast: Cast) -> Badge:
    with transaction():
        return making.issued(cast)


@pytest.fixture
def slip(cast: Cast) -> Exit:
    with transaction():
        return exits.issued(cast, exits.servers(cast, 2))


@pytest.fixture
def guard(as_: As) -> FlaskClient:
    return as_("guard")


def address(subject: Badge | Exit, step: str) -> str:
    return f"/gate/passes/{ids.to_text(pass_of(subject).id)}/{step}"


def check(guard: FlaskClient, subject: Badge | Exit) -> TestResponse:
    return guard.get(f"/gate/check?code={pass_of(subject).short_code}")


def verdict(answer: TestResponse) -> str:
    """The colour that fills the screen; the page around it is sound."""
    assert Page(answer.text).faults == []
    (tone,) = {tone for tone in ("ok", "wait", "stop") if f'data-verdict="{tone}"' in answer.text}
    return tone


def entry(cast: Cast, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"room": ids.to_text(cast.rooms["B2"].id), "point": list(EVERY_POINT), "once": crypto.new_token()}
    return values | changes


class TestBadges:
    def test_the_verdict_shows_who_and_where(self, guard: FlaskClient, cast: Cast, badge: Badge) -> None:
        answer = check(guard, badge)
        assert verdict(answer) == "ok"
        for shown in (
            "王珺",
            cast.alpha.name,
            "B2",
            badge.number,
            f"/files/{ids.to_text(badge.photo_id)}",
            cast.people["wang"].document_tail,
        ):
            assert shown in answer.text
        assert cast.people["wang"].document_number not in answer.text
        assert guard.get(f"/files/{ids.to_text(badge.photo_id)}").mimetype.startswith("image/")

    def test_in_and_out(self, guard: FlaskClient, cast: Cast, badge: Badge) -> None:
        form = entry(cast)
        answer = guard.post(address(badge, "enter"), data=form)
        assert answer.location == f"/gate/done/{form['once']}"
        assert verdict(guard.get(answer.location)) == "ok"
        assert inside() == [cast.people["wang"].id]
        assert "王珺" in guard.get("/gate/inside").text
        leaving = check(guard, badge)
        assert (verdict(leaving), "leave" in leaving.text) == ("ok", True)
        guard.post(address(badge, "leave"), data={"once": crypto.new_token()})
        assert inside() == []
        assert log() == [("entry", ""), ("scan", ""), ("exit", "")]

    def test_what_was_ticked_stays_ticked(self, guard: FlaskClient, cast: Cast, badge: Badge) -> None:
        form = entry(cast, point=["document", "r_e1"])
        answer = guard.post(address(badge, "enter"), data=form)
        assert (answer.status_code, answer.headers["X-Refusal"]) == (422, "gate.checklist")
        assert answer.text.count(" checked") == 2
        assert f'value="{form["once"]}"' in answer.text
        assert guard.post(address(badge, "enter"), data=form | {"point": list(EVERY_POINT)}).status_code == 302
        assert inside() == [cast.people["wang"].id]

    def test_a_dead_badge_fills_the_screen_in_red_with_the_reason(self, guard: FlaskClient, cast: Cast, badge: Badge) -> None:
        with transaction():
            badges.report_lost(session().get_one(Badge, badge.id), cast.actor("admin"), NOW)
        answer = check(guard, badge)
        assert (verdict(answer), answer.headers["X-Refusal"]) == ("stop", "gate.badge_lost")
        assert "挂失" in answer.text
        assert "/enter" not in answer.text
        refused = guard.post(address(badge, "enter"), data=entry(cast), follow_redirects=True)
        assert (verdict(refused), refused.headers["X-Refusal"]) == ("stop", "gate.badge_lost")

    def test_the_guard_turns_someone_away(self, guard: FlaskClient, cast: Cast, badge: Badge) -> None:
        form = {"reason": "照片不符", "once": crypto.new_token()}
        answer = guard.post(address(badge, "turn-away"), data=form, follow_redirects=True)
        assert verdict(answer) == "stop"
        assert "照片不符" in answer.text
        guard.post(address(badge, "turn-away"), data=form)
        assert log() == [("refusal", "gate.guard_refused")]

    @pytest.mark.parametrize("code", ["nonsense", "7K3F-9Q2M-XY", "", "A" * 138])
    def test_what_is_no_pass_is_red(self, guard: FlaskClient, badge: Badge, code: str) -> None:
        answer = guard.get("/gate/check", query_string={"code": code})
        assert (answer.status_code, verdict(answer)) == (200, "stop")
        assert log()[0][0] == "refusal"

    @pytest.mark.parametrize("once", ["", "short", "x" * 65])
    def test_a_confirm_without_its_own_token_is_none(self, guard: FlaskClient, cast: Cast, badge: Badge, once: str) -> None:
        assert guard.post(address(badge, "enter"), data=entry(cast, once=once)).status_code == 404
        assert log() == []


class TestSlips:
    def ticks(self, slip: Exit, **changes: Any) -> dict[str, Any]:
        values: dict[str, Any] = {"item": [ids.to_text(i.id) for i in exits.items(slip)], "mover": "1", "once": crypto.new_token()}
        return {name: value for name, value in (values | changes).items() if value is not None}

    def test_everything_that_was_ticked_leaves(self, guard: FlaskClient, slip: Exit) -> None:
        page = check(guard, slip)
        assert verdict(page) == "ok"
        assert all(shown in page.text for shown in ("SN-0001", "SN-0002", "刘洋", slip.mover_document_tail))
        assert slip.mover_document not in page.text
        answer = guard.post(address(slip, "release"), data=self.ticks(slip), follow_redirects=True)
        assert verdict(answer) == "ok"
        assert "SN-0002" in answer.text
        assert verdict(check(guard, slip)) == "stop"
        assert log() == [("scan", ""), ("release", ""), ("refusal", "gate.slip_used")]

    def test_a_scanned_serial_number_ticks_its_line_and_keeps_the_others(self, guard: FlaskClient, slip: Exit) -> None:
        """Without JavaScript a keyboard scanner sends the form with each number."""
        one, two = (ids.to_text(item.id) for item in exits.items(slip))
        answer = guard.post(address(slip, "release"), data=self.ticks(slip, item=[], mover="1", serial="sn-0001"))
        assert answer.status_code == 200
        assert answer.text.count(" checked") == 2, "the item and the mover"
        answer = guard.post(address(slip, "release"), data=self.ticks(slip, item=[one], mover="1", serial=" SN-0002 "))
        assert answer.text.count(" checked") == 3
        assert f'value="{two}" ' in answer.text
        assert log() == []

    def test_a_number_that_is_not_on_the_slip_is_told_and_recorded(self, guard: FlaskClient, slip: Exit) -> None:
        answer = guard.post(address(slip, "release"), data=self.ticks(slip, serial="SN-0009"))
        assert (answer.status_code, answer.headers["X-Refusal"]) == (422, "gate.not_on_slip")
        assert "SN-0009" in answer.text
        assert answer.text.count(" checked") == 3, "what was ticked stays ticked"
        assert log() == [("refusal", "gate.not_on_slip")]

    @pytest.mark.parametrize(
        ("changes", "code"),
        [({"mover": None}, "gate.mover_not_seen"), ({"item": []}, "gate.nothing_ticked"), ({"item": ["0" * 26]}, "gate.nothing_ticked")],
    )
    def test_what_is_missing_is_asked_for(self, guard: FlaskClient, slip: Exit, changes: dict[str, Any], code: str) -> None:
        answer = guard.post(address(slip, "release"), data=self.ticks(slip, **changes))
        assert (answer.status_code, answer.headers["X-Refusal"], verdict(answer)) == (422, code, "wait")

    def test_the_rest_stays_inside(self, guard: FlaskClient, slip: Exit) -> None:
        one, _two = (ids.to_text(item.id) for item in exits.items(slip))
        assert guard.post(address(slip, "release"), data=self.ticks(slip, item=[one])).headers["X-Refusal"] == "gate.not_all_ticked"
        answer = guard.post(address(slip, "release"), data=self.ticks(slip, item=[one], rest_stays="1"), follow_redirects=True)
        assert verdict(answer) == "ok"
        assert "SN-0001" in answer.text
        assert "SN-0002" not in answer.text

    def test_a_slip_for_tomorrow(self, guard: FlaskClient, cast: Cast) -> None:
        with transaction():
            early = exits.issued(cast, exits.servers(cast, 1), leaves_on=exits.TOMORROW)
        answer = check(guard, early)
        assert (verdict(answer), answer.headers["X-Refusal"]) == ("stop", "gate.slip_early")

    def test_equipment_that_is_out_leads_to_its_return(self, guard: FlaskClient, cast: Cast) -> None:
        with transaction():
            out = exits.released(cast, exits.servers(cast, 1), kind="repair")
        answer = check(guard, out)
        assert verdict(answer) == "stop"
        assert f"/exits/{ids.to_text(out.id)}" in answer.text


class TestScanning:
    def photo(self, text: str, turn: int = 0) -> io.BytesIO:
        """A photo of a code lying on a desk."""
        code = qrcode.make(text, box_size=6).get_image().convert("L")
        desk = Image.new("L", (1200, 900), 150)
        desk.paste(code.resize((620, 620)), (220, 120))
        content = io.BytesIO()
        desk.rotate(turn, fillcolor=150).save(content, "JPEG", quality=70)
        content.seek(0)
        return content

    @pytest.mark.parametrize("turn", [0, 17, 180])
    def test_a_photo_of_the_code_is_read(self, app: Flask, guard: FlaskClient, badge: Badge, turn: int) -> None:
        text = qr_text(pass_of(badge), app.config["SETTINGS"].base_url)
        answer = guard.post("/gate/look-up", data={"photo": (self.photo(text, turn), "code.jpg")})
        assert answer.status_code == 302
        assert verdict(guard.get(answer.location)) == "ok"

    def test_a_photo_of_nothing_says_what_to_do(self, guard: FlaskClient, badge: Badge) -> None:
        empty = io.BytesIO()
        Image.new("L", (800, 600), 150).save(empty, "JPEG")
        for content in (empty.getvalue(), b"no picture at all"):
            answer = guard.post("/gate/look-up", data={"photo": (io.BytesIO(content), "code.jpg")})
            assert answer.status_code == 422
            assert Page(answer.text).faults == []
        assert log() == []

    def test_a_typed_code_in_any_case(self, guard: FlaskClient, badge: Badge) -> None:
        code = group_short_code(pass_of(badge).short_code)
        for typed in (code, code.lower(), code.replace("-", ""), f" {code} "):
            answer = guard.post("/gate/look-up", data={"code": typed})
            assert verdict(guard.get(answer.location)) == "ok", typed

    def test_nothing_typed_is_the_first_screen_again(self, guard: FlaskClient, badge: Badge) -> None:
        assert guard.post("/gate/look-up", data={"code": "  "}).location == "/gate/"

    def test_the_codes_own_address_opens_for_duty_staff_alone(self, app: Flask, as_: As, badge: Badge) -> None:
        """Any phone's camera opens it; whoever is not signed in signs in first and comes back to it."""
        path = qr_text(pass_of(badge), app.config["SETTINGS"].base_url).removeprefix("HTTP://LOCALHOST")
        assert path.startswith("/G/")
        assert verdict(as_("guard").get(path)) == "ok"
        assert as_("admin").get(path).status_code == 403
        nobody = app.test_client().get(path)
        assert (nobody.status_code, nobody.location) == (302, f"/sign-in?next={path}")
        assert log() == [("scan", "")]


class TestSentAgain:
    """A confirm whose answer was lost on the way is sent again: it counts once, and gets the same answer."""

    def test_an_entry(self, guard: FlaskClient, cast: Cast, badge: Badge) -> None:
        form = entry(cast)
        first, second = (guard.post(address(badge, "enter"), data=form) for _ in range(2))
        assert first.location == second.location == f"/gate/done/{form['once']}"
        assert log() == [("entry", "")]
        assert verdict(guard.get(second.location)) == "ok"

    def test_a_refused_one(self, guard: FlaskClient, cast: Cast, badge: Badge) -> None:
        with transaction():
            badges.suspend(session().get_one(Badge, badge.id), "x", cast.actor("service"), NOW)
        form = entry(cast)
        for _ in range(2):
            assert guard.post(address(badge, "enter"), data=form, follow_redirects=True).headers["X-Refusal"] == "gate.badge_suspended"
        with transaction():
            badges.resume(session().get_one(Badge, badge.id), "x", cast.actor("service"), NOW)
        again = guard.post(address(badge, "enter"), data=form, follow_redirects=True)
        assert again.headers["X-Refusal"] == "gate.badge_suspended", "a late repeat does not become an entry"
        assert log() == [("refusal", "gate.badge_suspended")]

    def test_a_release(self, guard: FlaskClient, slip: Exit) -> None:
        form = TestSlips().ticks(slip)
        for _ in range(3):
            assert verdict(guard.post(address(slip, "release"), data=form, follow_redirects=True)) == "ok"
        assert log() == [("release", "")]

    def test_leaving_and_coming_back_are_two(self, guard: FlaskClient, cast: Cast, badge: Badge) -> None:
        coming, going = entry(cast), {"once": crypto.new_token()}
        guard.post(address(badge, "enter"), data=coming)
        guard.post(address(badge, "leave"), data=going)
        guard.post(address(badge, "enter"), data=coming)
        assert inside() == [], "the first entry, sent again late"
        guard.post(address(badge, "enter"), data=entry(cast))
        assert inside() == [cast.people["wang"].id]

    def test_at_the_same_moment(self, as_: As, cast: Cast, badge: Badge) -> None:
        form, path = entry(cast), address(badge, "enter")
        phones = [as_("guard") for _ in range(6)]
        answers = at_once(6, lambda number: phones[number].post(path, data=form))
        assert {(answer.status_code, answer.location) for answer in answers} == {(302, f"/gate/done/{form['once']}")}
        assert log() == [("entry", "")]

    def test_two_guards_at_the_same_moment(self, as_: As, cast: Cast, badge: Badge) -> None:
        """Each with a confirm of their own: one lets in, the other hears that the person is inside."""
        path, forms = address(badge, "enter"), [entry(cast) for _ in range(2)]
        phones = [as_("guard"), as_("guard2")]
        answers = at_once(2, lambda number: phones[number].post(path, data=forms[number]))
        verdicts = sorted(verdict(phones[number].get(answer.location)) for number, answer in enumerate(answers))
        assert verdicts == ["ok", "stop"]
        assert sorted(log()) == [("entry", ""), ("refusal", "gate.already_inside")]


def test_the_log_and_who_is_inside_are_exported(as_: As, guard: FlaskClient, cast: Cast, badge: Badge) -> None:
    guard.post(address(badge, "enter"), data=entry(cast))
    guard.get("/gate/check?code=nonsense")
    service = as_("service")

    def rows(path: str) -> list[str]:
        with service.get(path) as answer:
            return answer.text.splitlines()[1:]

    assert len(rows("/gate/log?export=csv")) == 2
    assert [row for row in rows("/gate/log?export=csv") if "王珺" in row] == rows("/gate/log?kind=entry&export=csv")
    assert "gate.not_a_pass" in rows("/gate/log?kind=refusal&export=csv")[0]
    assert "gate.not_a_pass" in rows("/gate/log?kind=refusal&room=none&export=csv")[0]
    assert rows(f"/gate/log?kind=refusal&room={cast.rooms['B2'].id}&export=csv") == []
    (stay,) = rows("/gate/inside?export=csv")
    assert "王珺" in stay
    assert badge.number in stay
