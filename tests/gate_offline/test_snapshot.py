"""The phone's copy: what duty staff need, of today and the next 24 hours, and nothing else; fetched by what changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import current_app
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import event as sqla_event

from portal.badges import services as badges
from portal.badges.models import Badge
from portal.clients.models import Person
from portal.contracts import services as contracts
from portal.contracts.models import Contract
from portal.demo.numbers import identity_number
from portal.gate.offline import marker, rules, snapshot
from portal.gate.offline.facts import ms
from portal.gate.offline.snapshot import Scope
from portal.kernel import clock, db, ids
from portal.kernel.db import session, transaction
from portal.passes import token
from portal.passes.queries import qr_text
from portal.shifts import services as shift_services
from portal.shifts.models import Shift
from portal.visits import services as visit_services
from tests.badges import making as badge_making
from tests.calendar import making as freezes
from tests.cast import NOW, Cast
from tests.conduct import making as conduct
from tests.emergencies import making as emergencies
from tests.exits import making
from tests.gate.scanning import enter, pass_of
from tests.gate_offline.making import allowed
from tests.shifts import making as shifts
from tests.visits import making as visits

As = Callable[[str], FlaskClient]


def sections(now: Any = NOW, scope: Scope | None = None) -> dict[str, Any]:
    with current_app.test_request_context(), transaction():
        found: dict[str, Any] = json.loads(snapshot.compact(snapshot.sections(scope or Scope(), now, english=True)))
    return found


def test_an_issued_badge_with_who_it_is_and_a_dead_one_without(cast: Cast) -> None:
    with transaction():
        good, lost = badge_making.issued(cast, "wang"), badge_making.issued(cast, "liu")
        badges.report_lost(lost, cast.actor("admin"), NOW)
        badge_making.applied(cast, "li", "stranger")
        held = pass_of(good)
    found = {one["pass"]: one for one in sections()["badges"]}
    assert len(found) == 2, "an application is no pass"
    assert found[held.id.hex] == {
        "pass": held.id.hex, "kind": "badge", "code": held.short_code, "revoked": None, "state": "issued",
        "until": good.valid_until.isoformat() if good.valid_until else "", "number": good.number,
        "name": "王珺", "tail": cast.people["wang"].document_tail, "client": cast.alpha.name, "photo": ids.to_text(good.photo_id),
        "hash": cast.people["wang"].document_hash[:16],
        "rooms": [[cast.rooms["B2"].id.hex, cast.contracts["alpha"].starts_on.isoformat(), cast.contracts["alpha"].ends_on.isoformat()]],
    }  # fmt: skip
    dead = next(one for one in found.values() if one["state"] == "lost")
    assert set(dead) == {"pass", "kind", "code", "revoked", "state", "until", "rooms"}
    assert (dead["revoked"], dead["rooms"]) == ("lost", [])


def test_who_is_inside_is_known_by_name_even_with_a_dead_badge(cast: Cast) -> None:
    with transaction():
        badge = badge_making.issued(cast)
        enter(cast, badge)
        badges.report_lost(badge, cast.actor("admin"), NOW)
    found = sections()
    assert [(one["name"], one["room"]) for one in found["inside"]] == [("王珺", cast.rooms["B2"].id.hex)]
    assert found["badges"][0]["name"] == "王珺", "to be let out, and on the evacuation list"
    assert found["inside"][0]["hash"] == found["badges"][0]["hash"]


def test_who_is_barred_is_told_by_a_part_of_a_hash(cast: Cast) -> None:
    with transaction():
        badge = badge_making.issued(cast)
        conduct.decided(cast)
    assert sections()["house"]["bans"] == [cast.people["wang"].document_hash[:16]], badge.number


def test_a_contract_that_is_stopped_opens_no_room(cast: Cast) -> None:
    with transaction():
        badge_making.issued(cast)
        contracts.suspend_contract(session().get_one(Contract, cast.contracts["alpha"].id), "arrears", cast.actor("supervisor"), NOW)
    found = sections()["badges"]
    assert [one["rooms"] for one in found] == [[]]
    assert "name" not in found[0]


def test_slips_of_today_and_tomorrow_and_nothing_of_the_day_after(cast: Cast) -> None:
    with transaction():
        servers = making.servers(cast, 4)
        for number, days in enumerate((0, 1, 2)):
            making.issued(cast, servers[number : number + 1], leaves_on=making.day(days))
        making.released(cast, servers[3:4])
    found = sections()["slips"]
    assert [(one["state"], one["day"]) for one in found] == [
        ("issued", making.day(0).isoformat()),
        ("issued", making.day(1).isoformat()),
        ("released", making.day(0).isoformat()),
    ]
    assert [item["serial"] for item in found[0]["items"]] == ["SN-0001"]
    assert set(found[2]) == {"pass", "kind", "code", "revoked", "state", "day", "released"}


def test_no_identity_number_phone_or_letter_is_in_it(cast: Cast) -> None:
    with transaction():
        badge_making.issued(cast)
        making.issued(cast, making.servers(cast, 1))
    text = snapshot.compact(sections())
    numbers = [identity_number(number) for number in (1, *range(10, 16), 77)]
    assert not [number for number in numbers if number in text or number[:-4] in text]
    assert "138 0000 0000" not in text
    with transaction():
        hashes = session().query(Person.document_hash).all()
    assert not [whole for (whole,) in hashes if whole in text], "bans are told by a part of the hash"


def test_another_sites_people_are_not_in_a_sites_copy(cast: Cast) -> None:
    with transaction():
        badge_making.issued(cast)
        making.issued(cast, making.servers(cast, 1))
    elsewhere = sections(scope=Scope(ids.new()))
    assert (elsewhere["slips"], elsewhere["inside"], elsewhere["house"]["rooms"]) == ([], [], {})
    assert ["name" in one for one in elsewhere["badges"]] == [False]
    here = sections(scope=Scope(cast.rooms["B2"].site_id))
    assert ["name" in one for one in here["badges"]] == [True]


def test_the_public_keys_verify_what_is_printed(cast: Cast) -> None:
    import base64

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    with transaction():
        held = pass_of(badge_making.issued(cast))
        text = token.token_from_scan(qr_text(held, "http://localhost"))
    assert text is not None
    keys = {int(n): Ed25519PublicKey.from_public_bytes(base64.b64decode(raw)) for n, raw in snapshot.public_keys().items()}
    assert token.read(text, keys).id == held.id


def test_only_what_changed_is_sent(cast: Cast, as_: As) -> None:
    with transaction():
        shifts.running(cast)
    client = as_("guard")
    first = client.get("/gate/offline/snapshot").get_json()
    assert set(first["sections"]) == {"house", "badges", "visits", "emergencies", "slips", "inside", "releases"}
    known = {name: section["version"] for name, section in first["sections"].items()}
    again = client.get("/gate/offline/snapshot", query_string=known)
    assert again.get_json()["sections"] == {}
    assert len(again.data) < 600
    with transaction():
        badge_making.issued(cast)
        allowed(cast)
    assert set(client.get("/gate/offline/snapshot", query_string=known).get_json()["sections"]) == {"badges", "releases"}
    assert first["guard"] == {"id": cast.user("guard").id.hex, "name": "孙强"}


def test_the_number_of_queries_does_not_grow(cast: Cast, as_: As) -> None:
    def count() -> int:
        seen: list[str] = []
        listener = lambda _c, _cur, statement, *_: seen.append(statement)  # noqa: E731
        sqla_event.listen(db.engine(), "before_cursor_execute", listener)
        client.get("/gate/offline/snapshot")
        sqla_event.remove(db.engine(), "before_cursor_execute", listener)
        return len([statement for statement in seen if statement.lstrip().upper().startswith("SELECT")])

    client = as_("guard")
    with transaction():
        shifts.running(cast)
        enter(cast, badge_making.issued(cast))
        visits.approved(cast, "liu")
        emergencies.approved(cast)
        servers = making.servers(cast, 4)
        making.issued(cast, servers[:1])
    few = count()
    with transaction():
        for name, by in (("liu", "admin"), ("li", "stranger"), ("chen", "solo")):
            badge_making.issued(cast, name, by)
        for server in servers[1:]:
            making.issued(cast, [server])
        visits.approved(cast, "wang", "liu")
        emergencies.entered(cast)
    assert count() == few
    assert few <= 15


def test_nothing_changed_is_told_without_making_the_copy(cast: Cast, as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction():
        shifts.running(cast)
        badge = badge_making.issued(cast)
    client = as_("guard")
    tag = client.get("/gate/offline/snapshot").headers["ETag"]
    asked = {"If-None-Match": tag}
    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "sections", lambda *_args, **_more: pytest.fail("the copy was made"))
        seen: list[str] = []
        listener = lambda _c, _cur, statement, *_: seen.append(statement)  # noqa: E731
        sqla_event.listen(db.engine(), "before_cursor_execute", listener)
        answer = client.get("/gate/offline/snapshot", headers=asked)
        sqla_event.remove(db.engine(), "before_cursor_execute", listener)
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)
    assert abs(int(answer.headers["X-Gate-Now"]) - ms(clock.now())) < 10_000
    assert len([one for one in seen if one.lstrip().upper().startswith("SELECT")]) <= 5
    assert as_("guard2").get("/gate/offline/snapshot", headers=asked).status_code == 200, "another guard's copy"
    with transaction():
        badges.report_lost(session().get_one(Badge, badge.id), cast.actor("admin"), NOW)
    lost = client.get("/gate/offline/snapshot", headers=asked)
    assert lost.status_code == 200
    asked = {"If-None-Match": lost.headers["ETag"]}
    with transaction():
        enter(cast, badge_making.issued(cast, "liu"))
    assert client.get("/gate/offline/snapshot", headers=asked).status_code == 200


def test_what_time_alone_changes_is_looked_for_every_five_minutes(cast: Cast) -> None:
    tags = {marker.of_copy(NOW + timedelta(minutes=minute), "guard") for minute in range(10)}
    assert len(tags) == 2


def test_photos_are_small_and_only_photos(cast: Cast, as_: As) -> None:
    with transaction():
        badge = badge_making.issued(cast)
    client = as_("guard")
    answer = client.get(f"/gate/offline/photos/{ids.to_text(badge.photo_id)}")
    assert answer.mimetype == "image/jpeg"
    assert len(answer.data) < 20_000
    with Image.open(BytesIO(answer.data)) as picture:
        assert picture.size[0] <= 176
        assert picture.size[1] <= 224
    for other in (badge.identity_copy_id, badge.letter_id, ids.new()):
        assert other is not None
        assert client.get(f"/gate/offline/photos/{ids.to_text(other)}").status_code == 404


@pytest.mark.parametrize("name", ["service", "supervisor", "admin", "auditor"])
def test_it_is_for_the_gate_alone(as_: As, name: str) -> None:
    client = as_(name)
    for path in ("/gate/offline/snapshot", "/gate/offline/app", "/gate/sw.js", "/gate/offline/zxing.js"):
        assert client.get(path).status_code == 403, path
    assert client.post("/gate/offline/events", json={"sent": 0, "events": []}).status_code == 403


def test_tomorrow_is_by_the_sites_clock(cast: Cast) -> None:
    """Just before midnight in Shanghai the copy reaches to the end of the day after."""
    late = NOW.replace(hour=15, minute=59)  # 23:59
    with transaction():
        servers = making.servers(cast, 2)
        making.issued(cast, servers[:1], leaves_on=making.day(1))
        making.issued(cast, servers[1:], leaves_on=making.day(2))
    assert [one["day"] for one in sections(late)["slips"]] == [making.day(1).isoformat()]
    assert len(sections(late + timedelta(minutes=2))["slips"]) == 2


def test_a_visitor_with_window_room_and_escort_and_no_identity_number(cast: Cast) -> None:
    with transaction():
        visit = visits.requested(cast, "wang", "liu")
        visit_services.approve(visit, visits.approval(visit, escorted=True), cast.actor("service"), NOW)
        wang, liu = visits.people(visit)
        visit_services.withdraw(liu, "不来了", cast.actor("admin"), NOW)
        held, person = pass_of(wang), cast.people["wang"]
    found = {one["pass"]: one for one in sections()["visits"]}
    term = cast.contracts["alpha"]
    assert found.pop(held.id.hex) == {
        "pass": held.id.hex, "kind": "visit", "code": held.short_code, "revoked": None, "visit": "approved", "state": "approved",
        "starts": ms(visits.START), "ends": ms(visits.END), "hash": person.document_hash[:16], "number": wang.number, "name": "王珺",
        "tail": person.document_tail, "client": cast.alpha.name, "employer": person.employer, "room": cast.rooms["B2"].id.hex,
        "escorted": True, "contracts": [[term.starts_on.isoformat(), term.ends_on.isoformat()]],
    }  # fmt: skip
    (withdrawn,) = found.values()
    assert set(withdrawn) == {"pass", "kind", "code", "revoked", "visit", "state", "starts", "ends", "hash"}
    assert withdrawn["state"] == "withdrawn"


def test_visits_whose_window_touches_the_next_day(cast: Cast) -> None:
    with transaction():
        visits.approved(cast)
        later = NOW + rules.AHEAD + timedelta(hours=1)
        visits.approved(cast, "liu", starts_at=later, ends_at=later + timedelta(hours=12))
    names = lambda now: [one["name"] for one in sections(now)["visits"]]  # noqa: E731
    assert names(NOW) == ["王珺"]
    assert names(NOW + timedelta(hours=2)) == ["王珺", "刘洋"]
    assert names(visits.END + timedelta(hours=23)) == ["王珺", "刘洋"], "one day after its end it is refused by its own reason"
    assert names(visits.END + timedelta(hours=25)) == ["刘洋"]
    with transaction():
        enter(cast, visits.people(visits.approved(cast, "wang", reason="again"))[0], now=visits.START)
    assert "王珺" in names(visits.END + timedelta(hours=25)), "who is still inside has to be let out"


def test_an_emergency_with_its_people(cast: Cast) -> None:
    with transaction():
        emergency = emergencies.approved(cast)
        row = emergencies.identified(cast, emergency, new=True)
        emergencies.asked(cast)
        held = pass_of(emergency)
    (found,) = sections()["emergencies"]
    people = found.pop("people")
    term = cast.contracts["alpha"]
    assert found == {
        "pass": held.id.hex, "kind": "emergency", "code": held.short_code, "revoked": None, "state": "approved", "number": emergency.number,
        "lapses": ms(emergency.lapses_at or NOW), "client": cast.alpha.name, "room": cast.rooms["B2"].id.hex, "escorted": False,
        "contract": term.number, "in_force": [term.starts_on.isoformat(), term.ends_on.isoformat()],
    }  # fmt: skip
    assert [(one["name"], one["hash"], one["withdrawn"]) for one in people] == [
        ("罗工", None, False),
        ("伍七", (row.document_hash or "")[:16], False),
    ]
    text = snapshot.compact(sections())
    assert emergencies.NUMBER not in text
    assert "138 0013 8000" not in text


def test_rooms_that_are_frozen(cast: Cast) -> None:
    with transaction():
        soon = freezes.frozen(cast, "B2", starts_at=NOW + timedelta(hours=1), ends_at=NOW + timedelta(hours=2))
        freezes.frozen(cast, None, starts_at=NOW + timedelta(days=2), ends_at=NOW + timedelta(days=3))
    assert sections()["house"]["freezes"] == {cast.rooms["B2"].id.hex: [[ms(soon.starts_at), ms(soon.ends_at)]]}
    both = sections(NOW + timedelta(days=2, hours=1))["house"]["freezes"]
    assert set(both) == {room.id.hex for room in cast.rooms.values()}, "a site's freeze is one of each of its rooms"


def test_a_copy_is_for_a_shift_and_ends_with_it(cast: Cast, as_: As) -> None:
    client = as_("guard")

    def told() -> tuple[bool, int]:
        body = client.get("/gate/offline/snapshot").get_json()
        return body["shift"] is not None, len(body["sections"])

    assert told() == (False, 0), "no shift, no copy"
    with transaction():
        shift = shifts.running(cast)
    assert told() == (True, 7)
    with transaction():
        shift_services.hand_over(session().get_one(Shift, shift.id), "", cast.actor("guard"), NOW)
    assert told() == (True, 7), "until the next one has taken over it is this one who stands there"
    with transaction():
        shift_services.take_over(session().get_one(Shift, shift.id), "", cast.actor("guard2"), NOW)
    assert told() == (False, 0)
