"""Sending what happened offline: in order, once each, whatever is lost on the way; and two gates at the same moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.gate import services
from portal.gate.models import GateEvent, Presence
from portal.gate.offline import booking
from portal.gate.offline.models import OfflineMistake
from portal.kernel import clock, crypto, ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import Refused
from portal.outbox.models import OutboxMessage
from portal.passes.models import Pass
from tests.badges import making as badge_making
from tests.cast import NOW, Cast
from tests.exits import making
from tests.gate.scanning import log, pass_of
from tests.gate_offline.making import allowed
from tests.gate_offline.phone import LATER, event, item_ids, ms
from tests.threads import at_once

As = Callable[[str], FlaskClient]


def send(client: FlaskClient, events: list[Any], **changes: Any) -> Any:
    return client.post("/gate/offline/events", json={"sent": ms(clock.now()), "events": events} | changes)


def outcomes(answer: Any) -> list[str]:
    return [one["outcome"] for one in answer.get_json()["outcomes"]]


@pytest.fixture
def held(cast: Cast) -> Pass:
    with transaction():
        return pass_of(badge_making.issued(cast))


def in_and_out(cast: Cast, held: Pass) -> list[dict[str, Any]]:
    """Three minutes at the gate, all before now."""
    times = [{"at": ms(NOW - timedelta(minutes=9 - n)), "copied": ms(NOW - timedelta(minutes=20))} for n in range(4)]
    return [event(cast, kind, held, **times[n]) for n, kind in enumerate(("entry", "exit", "entry", "exit"))]


def test_in_the_order_of_the_phone(cast: Cast, as_: As, held: Pass) -> None:
    answer = send(as_("guard"), in_and_out(cast, held))
    assert outcomes(answer) == ["booked"] * 4
    assert [kind for kind, _code in log()] == ["entry", "exit", "entry", "exit"]
    stays = session().scalars(select(Presence).order_by(Presence.created_at)).all()
    assert [(stay.left_at - stay.created_at) for stay in stays if stay.left_at] == [timedelta(minutes=1)] * 2


def test_a_lost_answer_and_a_resend_change_nothing(cast: Cast, as_: As, held: Pass) -> None:
    events, client = in_and_out(cast, held), as_("guard")
    send(client, events[:3])
    assert outcomes(send(client, events)) == ["known"] * 3 + ["booked"]
    assert len(log()) == 4


def test_a_kill_in_between_leaves_what_was_booked_and_loses_nothing(
    cast: Cast, as_: As, held: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    events, client, real = in_and_out(cast, held), as_("guard"), booking.book

    def killed(one: booking.OfflineEvent, *rest: Any) -> booking.Outcome:
        done = real(one, *rest)
        if one.nonce == events[2]["nonce"]:
            raise MemoryError  # after the event was written, before its commit
        return done

    monkeypatch.setattr(booking, "book", killed)
    with pytest.raises(MemoryError):
        send(client, events)
    assert [kind for kind, _code in log()] == ["entry", "exit"]
    monkeypatch.undo()
    assert outcomes(send(client, events)) == ["known", "known", "booked", "booked"]
    assert len(log()) == 4


def test_one_that_cannot_be_read_stops_no_other(cast: Cast, as_: As, held: Pass) -> None:
    first, *_rest = in_and_out(cast, held)
    answer = send(as_("guard"), [{"nonce": "?"}, "nonsense", first])
    assert outcomes(answer) == ["unreadable", "unreadable", "booked"]


@pytest.mark.parametrize(
    "spoilt",
    [
        {"nonce": "0123456789abcdef", "kind": "damaged"},
        {"kind": "entry", "kept": ["\0"]},
        {"kind": "entry", "reason": "\ud800"},
        {"kind": "entry", "document": {"name": "罗成", "kind": "identity_card", "number": 110101199003070652}},
        ["110101199003070652"],
        None,
    ],
)
def test_what_cannot_be_read_is_kept_once_and_told_to_the_supervisor(cast: Cast, as_: As, held: Pass, spoilt: Any) -> None:
    sent = event(cast, "entry", held) | spoilt if isinstance(spoilt, dict) else spoilt
    client = as_("guard")
    assert outcomes(send(client, [sent])) == ["unreadable"]
    assert outcomes(send(client, [sent])) == ["unreadable"], "the phone may not have heard the answer"
    found = session().scalars(select(GateEvent)).one()
    assert (found.kind, found.code, found.guard_id) == ("refusal", "gate.unreadable", cast.user("guard").id)
    mistake = session().scalars(select(OfflineMistake)).one()
    told = session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == "offline.unreadable")).all()
    assert "supervisor@rackpass.example" in told
    page = f"/gate/offline/mistakes/{ids.to_text(mistake.id)}"
    assert "门户无法识别" in as_("supervisor").get("/gate/log?kind=refusal").text
    for name in ("supervisor", "guard"):
        shown = as_(name).get(page).text
        assert "手机送来的记录无法识别" in shown
        assert ("手机送来的内容" in shown) == (name == "supervisor")
        assert "110101199003070652" not in shown
    assert as_("supervisor").post(f"{page}/settle", data={"reason": "已问清，未放人"}).status_code == 302


@pytest.mark.parametrize(
    "body", [None, [], {"sent": "x", "events": []}, {"sent": 0}, {"sent": 0, "events": {}}, {"sent": 0, "events": [{}] * 201}]
)
def test_what_is_no_list_is_refused(as_: As, body: Any) -> None:
    assert as_("guard").post("/gate/offline/events", json=body).status_code == 422


def test_without_the_forms_token_nothing_is_booked(cast: Cast, as_: As, held: Pass, app: Any) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        client = as_("guard")
        events = in_and_out(cast, held)
        assert send(client, events).status_code == 400
        csrf = client.get("/gate/offline/snapshot").get_json()["csrf"]
        body = {"sent": ms(clock.now()), "events": events}
        answer = client.post("/gate/offline/events", json=body, headers={"X-CSRFToken": csrf})
        assert outcomes(answer) == ["booked"] * 4
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_the_same_event_sent_by_several_pages_at_once_is_booked_once(cast: Cast, as_: As, held: Pass) -> None:
    one, clients = in_and_out(cast, held)[0], [as_("guard") for _ in range(6)]
    found = Counter(at_once(6, lambda n: outcomes(send(clients[n], [one]))[0]))
    assert found == {"booked": 1, "known": 5}
    assert session().scalar(select(func.count()).select_from(GateEvent)) == 1


def test_one_slip_offline_and_online_at_the_same_moment(cast: Cast) -> None:
    """Whichever comes first lets out; the other is refused at the gate, or objected to when it was offline. Never twice, never dropped."""
    with transaction():
        slip = making.issued(cast, making.servers(cast, 2))
        allowed(cast)
        pass_id, wanted, listed = making.pass_of(slip).id, item_ids(slip), [item.id for item in making.items(slip)]
        held = session().get_one(Pass, pass_id)
        offline = booking.read(event(cast, "release", held, items=wanted))

    def release(number: int) -> str:
        if number % 2:
            try:
                with transaction():
                    found = booking.book(offline, LATER, cast.actor("guard"), LATER)
                return f"offline {found.outcome}"
            except Refused as refused:
                return refused.refusal.code
        with transaction():
            verdict = services.release(
                session().get_one(Pass, pass_id), listed, mover_seen=True, rest_stays=False, nonce=crypto.new_token(),
                actor=cast.actor("guard2"), now=NOW,
            )  # fmt: skip
        return verdict.refusal.code if verdict.refusal else "released"

    found = Counter(at_once(2, release))
    assert found in ({"released": 1, "offline objection": 1}, {"offline booked": 1, "gate.slip_used": 1})
    with transaction():
        unobjected = select(func.count()).select_from(GateEvent).where(GateEvent.kind == "release", GateEvent.objection.is_(None))
        assert session().scalar(unobjected) == 1
        assert session().scalar(select(func.count()).select_from(OfflineMistake)) == found["offline objection"]
