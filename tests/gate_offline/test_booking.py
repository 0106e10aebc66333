"""What happened offline is booked once, at its own time, in order; what the portal would have refused stays as such until it is settled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.badges import services as badges
from portal.badges.models import Badge
from portal.equipment.models import Equipment
from portal.exits import services as exit_services
from portal.exits.models import Exit
from portal.gate.models import GateEvent, Presence
from portal.gate.offline import booking, mistakes, releases, rules
from portal.gate.offline.models import OfflineMistake, OfflineRelease
from portal.kernel import ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import Conflict, Forbidden, Refused
from portal.outbox.models import Notice, OutboxMessage
from portal.passes.models import Pass
from tests.badges import making as badge_making
from tests.cast import NOW, Cast
from tests.exits import making
from tests.gate.scanning import enter as enter_online
from tests.gate.scanning import inside, log, pass_of
from tests.gate_offline.phone import LATER, POINTS, book, event, item_ids, ms

As = Callable[[str], FlaskClient]
AT = NOW + timedelta(minutes=10)


@pytest.fixture
def held(cast: Cast) -> Pass:
    """王珺's badge, issued."""
    with transaction():
        return pass_of(badge_making.issued(cast))


def slip_of(cast: Cast, count: int = 2) -> Any:
    with transaction():
        return making.issued(cast, making.servers(cast, count))


def only_event(kind: str) -> GateEvent:
    return session().scalars(select(GateEvent).where(GateEvent.kind == kind)).one()


def state_of(serial: str) -> str:
    return session().scalars(select(Equipment.state).where(Equipment.serial == serial)).one()


def mistake() -> OfflineMistake:
    return session().scalars(select(OfflineMistake)).one()


def test_an_entry_and_an_exit_stand_at_their_own_time(cast: Cast, held: Pass) -> None:
    assert book(cast, event(cast, "entry", held)) == ("booked", "")
    entered = only_event("entry")
    assert (entered.created_at, entered.booked_at, entered.objection) == (AT, LATER, None)
    assert len(inside()) == 1
    left = event(cast, "exit", held, at=ms(AT + timedelta(minutes=5)))
    assert book(cast, left) == ("booked", "")
    stay = session().scalars(select(Presence)).one()
    assert (stay.created_at, stay.left_at) == (AT, AT + timedelta(minutes=5))


def test_sent_again_it_changes_nothing_and_gives_its_answer_again(cast: Cast, held: Pass) -> None:
    sent = event(cast, "entry", held)
    assert book(cast, sent) == ("booked", "")
    assert book(cast, sent) == ("known", "")
    with transaction():
        badges.report_lost(session().get_one(Badge, held.subject_id), cast.actor("admin"), NOW)
    again = event(cast, "exit", held, at=ms(AT + timedelta(minutes=1)))
    assert book(cast, again)[0] == "booked"  # going out is never refused
    assert log().count(("entry", "")) == 1


def test_revoked_meanwhile_is_booked_as_a_mistake_and_the_supervisor_is_told(cast: Cast, held: Pass) -> None:
    with transaction():
        badges.report_lost(session().get_one(Badge, held.subject_id), cast.actor("admin"), NOW + timedelta(minutes=2))
    sent = event(cast, "entry", held)
    assert book(cast, sent) == ("objection", "gate.badge_lost")
    booked = only_event("entry")
    assert (booked.code, booked.objection, booked.created_at) == ("", "gate.badge_lost", AT)
    assert len(inside()) == 1, "the person is inside, whatever the portal thinks of it"
    assert mistake().state == "open"
    told = session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == "offline.admitted")).all()
    assert told == ["supervisor@rackpass.example"]
    assert session().scalar(select(func.count()).select_from(Notice).where(Notice.code == "offline.admitted")) == 1
    assert book(cast, sent) == ("known", "gate.badge_lost")
    assert session().scalar(select(func.count()).select_from(OfflineMistake)) == 1


def test_settled_by_the_supervisor_alone_once_with_a_reason(cast: Cast, held: Pass) -> None:
    with transaction():
        badges.report_lost(session().get_one(Badge, held.subject_id), cast.actor("admin"), NOW)
    book(cast, event(cast, "entry", held))
    for name in ("guard", "service", "administrator"):
        with pytest.raises(Forbidden), transaction():
            mistakes.settle(mistake(), "fine", cast.actor(name), LATER)
    with pytest.raises(ValueError, match="reason"), transaction():
        mistakes.settle(mistake(), "", cast.actor("supervisor"), LATER)
    with transaction():
        mistakes.settle(mistake(), "Was seen out; card taken back", cast.actor("supervisor"), LATER)
    found = mistake()
    assert (found.state, found.settled_by_id, found.settled_at) == ("settled", cast.user("supervisor").id, LATER)
    with pytest.raises(Conflict), transaction():
        mistakes.settle(found, "again", cast.actor("supervisor"), LATER)


def test_in_already_by_another_gate(cast: Cast, held: Pass) -> None:
    """Let in at two gates: one stay, two entries, the second objected to."""
    with transaction():
        enter_online(cast, session().get_one(Badge, held.subject_id), by="guard2", now=NOW + timedelta(minutes=3))
    assert book(cast, event(cast, "entry", held)) == ("objection", "gate.already_inside")
    assert len(inside()) == 1
    assert [kind for kind, _code in log()] == ["entry", "entry"]


def test_out_without_in(cast: Cast, held: Pass) -> None:
    assert book(cast, event(cast, "exit", held)) == ("objection", "gate.not_inside")
    assert only_event("exit").objection == "gate.not_inside"
    assert inside() == []


def test_out_without_in_with_the_guards_word_is_no_mistake(cast: Cast, held: Pass) -> None:
    raw = event(cast, "exit", held, reason="came in by the goods lift", room=cast.rooms["B2"].id.hex)
    assert book(cast, raw) == ("booked", "")
    assert only_event("exit").code == "gate.out_without_in"


def test_an_exit_is_not_of_a_stay_that_began_after_it(cast: Cast, held: Pass) -> None:
    """In and out offline, and in again by another gate before this phone was heard: the later stay goes on."""
    with transaction():
        enter_online(cast, session().get_one(Badge, held.subject_id), by="guard2", now=NOW + timedelta(minutes=20))
    assert book(cast, event(cast, "entry", held)) == ("objection", "gate.already_inside")
    assert book(cast, event(cast, "exit", held, at=ms(AT + timedelta(minutes=1)))) == ("objection", "gate.not_inside")
    assert len(inside()) == 1


def test_what_was_left_at_the_desk_is_given_back_or_objected_to(cast: Cast, held: Pass) -> None:
    assert book(cast, event(cast, "entry", held, kept=["camera", "蓝色背包"])) == ("booked", "")
    left = event(cast, "exit", held, at=ms(AT + timedelta(minutes=5)), given_back=["camera"])
    assert book(cast, left) == ("objection", "gate.kept_not_back")
    stay = session().scalars(select(Presence)).one()
    assert (stay.kept_items, stay.left_at) == (["camera", "蓝色背包"], AT + timedelta(minutes=5)), "out they are"


def test_nobody_goes_in_on_a_slip_and_nothing_out_on_a_badge(cast: Cast, held: Pass) -> None:
    slip = slip_of(cast, 1)
    assert book(cast, event(cast, "entry", pass_of(slip))) == ("objection", "gate.unknown")
    assert book(cast, event(cast, "release", held, items=item_ids(slip))) == ("objection", "gate.unknown")
    assert inside() == []
    assert state_of("SN-0001") == "in_service"


@pytest.mark.parametrize(
    ("changes", "sent", "objection"),
    [
        ({"at": ms(AT), "copied": ms(NOW)}, LATER + timedelta(minutes=9), "gate.clock_wrong"),
        ({"at": ms(LATER + timedelta(minutes=5))}, LATER, "gate.clock_wrong"),
        ({"at": ms(NOW - timedelta(hours=1))}, LATER, "gate.clock_wrong"),
        ({"copied": ms(NOW - timedelta(hours=13))}, LATER, "gate.snapshot_old"),
        ({"at": ms(AT + timedelta(minutes=1))}, LATER + timedelta(seconds=100), ""),
    ],
    ids=["moved before sending", "from the future", "before its copy", "old copy", "a little off"],
)
def test_a_wrong_clock_or_an_old_copy_is_objected_to(cast: Cast, held: Pass, changes: Any, sent: Any, objection: str) -> None:
    outcome = book(cast, event(cast, "entry", held, **changes), sent=sent)
    assert outcome == (("objection", objection) if objection else ("booked", ""))
    assert only_event("entry").created_at <= LATER
    assert len(inside()) == 1


def test_another_guards_event_is_not_booked(cast: Cast, held: Pass) -> None:
    assert book(cast, event(cast, "entry", held, by="guard2"), by="guard") == ("not_yours", "")
    assert log() == []
    assert book(cast, event(cast, "entry", held, by="guard2"), by="guard2") == ("booked", "")


def test_what_let_nobody_through_goes_into_the_log_as_the_phone_said(cast: Cast, held: Pass) -> None:
    assert book(cast, event(cast, "refusal", held, code="gate.barred"))[0] == "booked"
    assert book(cast, event(cast, "refusal", held, code="gate.guard_refused", reason="drunk"))[0] == "booked"
    assert book(cast, event(cast, "refusal", None, code="gate.forged"))[0] == "booked"
    assert book(cast, event(cast, "refusal", None, code="gate.invented"))[0] == "booked"
    assert book(cast, event(cast, "scan", held))[0] == "booked"
    assert log()[1:3] == [("refusal", "gate.guard_refused"), ("refusal", "gate.forged")]
    assert log()[3:] == [("refusal", "gate.guard_refused"), ("scan", "")]
    events = session().scalars(select(GateEvent).order_by(GateEvent.id)).all()
    assert events[1].facts["reason"] == "drunk"
    assert all(one.booked_at == LATER and one.created_at == AT and one.nonce for one in events)
    assert session().scalar(select(func.count()).select_from(OfflineMistake)) == 0


def test_let_in_on_no_pass_at_all_is_objected_to(cast: Cast) -> None:
    raw = event(cast, "entry", None, **{"pass": "0" * 32})
    assert book(cast, raw) == ("objection", "gate.unknown")
    assert inside() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "short"},
        {"kind": "erase"},
        {"at": "soon"},
        {"pass": "x"},
        {"guard": None},
        {"reason": "r" * 300},
        {"at": 1e300},
        {"pass": None},
    ],
)
def test_what_is_no_event_is_not_read(cast: Cast, held: Pass, changes: Any) -> None:
    with pytest.raises(booking.Unreadable):
        booking.read(event(cast, "entry", held) | changes)
    with pytest.raises(booking.Unreadable):
        booking.read([])


def test_a_slip_leaves_offline_only_on_the_supervisors_word(cast: Cast) -> None:
    slip = slip_of(cast)
    raw = event(cast, "release", pass_of(slip), items=item_ids(slip))
    assert book(cast, raw) == ("objection", rules.RELEASE_NOT_ALLOWED.code)
    assert only_event("release").facts["released"] == ["SN-0001", "SN-0002"]
    assert session().scalars(select(Equipment.state).where(Equipment.serial == "SN-0001")).one() == "withdrawn", (
        "it is out, whatever was allowed"
    )


def allow(cast: Cast, until: Any = NOW + timedelta(hours=4), now: Any = NOW) -> OfflineRelease:
    with transaction():
        return releases.allow(releases.Allowance(cast.rooms["B2"].site_id, until, "line cut"), cast.actor("supervisor"), now)


def test_on_the_supervisors_word_it_leaves_and_the_second_use_is_objected_to(cast: Cast) -> None:
    slip = slip_of(cast)
    allow(cast)
    raw = event(cast, "release", pass_of(slip), items=item_ids(slip))
    assert book(cast, raw) == ("booked", "")
    second = event(cast, "release", pass_of(slip), items=item_ids(slip), by="guard2")
    assert book(cast, second, by="guard2") == ("objection", "gate.slip_used")
    assert [kind for kind, _code in log()] == ["release", "release"]


def test_a_slip_that_was_cancelled_meanwhile(cast: Cast) -> None:
    slip = slip_of(cast)
    allow(cast)
    with transaction():
        exit_services.cancel(session().get_one(Exit, slip.id), "put off", cast.actor("admin"), NOW)
    raw = event(cast, "release", pass_of(slip), items=item_ids(slip)[:1], rest_stays=True)
    assert book(cast, raw) == ("objection", "gate.slip_cancelled")
    assert only_event("release").facts["released"] == ["SN-0001"]
    assert session().scalars(select(Equipment.state).where(Equipment.serial == "SN-0001")).one() == "in_service", (
        "for the supervisor to see to"
    )


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_the_supervisor_sees_what_left_and_what_the_records_say_of_it(cast: Cast, as_: As, locale: str) -> None:
    """One of two left on the slip at the gate; offline both did, so one of them is to be put right."""
    slip = slip_of(cast)
    allow(cast)
    first = event(cast, "release", pass_of(slip), items=item_ids(slip)[:1], rest_stays=True)
    assert book(cast, first) == ("booked", "")
    again = event(cast, "release", pass_of(slip), items=item_ids(slip), by="guard2")
    assert book(cast, again, by="guard2") == ("objection", "gate.slip_used")
    with transaction():
        mistake = session().scalars(select(OfflineMistake)).one()
        things = {one.serial: one for one in session().scalars(select(Equipment).where(Equipment.serial.in_(["SN-0001", "SN-0002"])))}
        page = f"/gate/offline/mistakes/{ids.to_text(mistake.id)}"
    supervisor = as_("supervisor")
    with supervisor.session_transaction() as cookie:
        cookie["locale"] = locale
    shown = supervisor.get(page).text
    words = {"zh_CN": ("1 台已搬出，但记录中仍在用", "已撤机", "在用"), "en": ("1 item left and is in service", "Withdrawn", "In service")}
    for said in (*words[locale], slip.number):
        assert said in shown, said
    for thing in things.values():
        assert f"/equipment/{ids.to_text(thing.id)}" in shown
    settle = supervisor.get(f"{page}/settle").text
    assert "SN-0002" in settle
    assert "SN-0001" not in settle


def test_the_word_counts_at_its_own_time(cast: Cast) -> None:
    release = allow(cast)
    with transaction():
        releases.end(session().get_one(OfflineRelease, release.id), cast.actor("supervisor"), NOW + timedelta(minutes=20))
    site = cast.rooms["B2"].site_id
    with transaction():
        assert releases.in_force(AT, site)
        assert not releases.in_force(NOW + timedelta(minutes=20), site)
    with pytest.raises(Forbidden), transaction():
        releases.allow(releases.Allowance(site, NOW + timedelta(hours=1), "x"), cast.actor("guard"), NOW)
    for until, code in ((NOW, "offline.release_past"), (NOW + timedelta(hours=25), "offline.release_too_long")):
        with pytest.raises(Refused) as refused, transaction():
            releases.allow(releases.Allowance(site, until, "x"), cast.actor("supervisor"), NOW)
        assert refused.value.refusal.code == code


def test_a_newer_word_takes_the_place_of_the_older(cast: Cast) -> None:
    allow(cast)
    allow(cast, until=NOW + timedelta(hours=1), now=NOW + timedelta(minutes=5))
    with transaction():
        assert [found.until for found in releases.in_force(NOW + timedelta(minutes=6))] == [NOW + timedelta(hours=1)]


def test_points_that_were_not_confirmed_are_objected_to(cast: Cast, held: Pass) -> None:
    """The phone's page does not let that through; a client that was tampered with might."""
    assert book(cast, event(cast, "entry", held, points=POINTS[:2])) == ("objection", "gate.checklist")
    assert len(inside()) == 1
