"""Badges at the gate: who comes in, who does not and why, who is inside; every scan on record. R-A3, R-B3 to R-B7, R-E, R-S4."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event, select

from portal.badges import services as badges
from portal.badges.lifecycle import BADGE
from portal.badges.models import Badge
from portal.clients.services import NewPerson, add_person
from portal.contracts import services as contracts
from portal.gate import rules, services
from portal.gate.models import GateEvent, Presence
from portal.kernel import clock, crypto, db, ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import Refused
from portal.passes import token
from portal.passes.models import Pass
from portal.passes.queries import qr_text
from portal.passes.services import issue_pass
from tests.badges import making
from tests.cast import NOW, Cast, new_contract
from tests.gate import scanning
from tests.gate.scanning import EVERY_POINT, code, enter, inside, leave, log
from tests.threads import at_once
from tests.workorders import making as workorders

HOUR = timedelta(hours=1)


@pytest.fixture
def badge(cast: Cast) -> Badge:
    """An issued badge of 王珺 for room B2."""
    with transaction():
        return making.issued(cast)


class TestScanning:
    def test_a_valid_badge_may_go_on(self, cast: Cast, badge: Badge) -> None:
        with transaction():
            verdict = services.verify(scanning.pass_of(badge).short_code, cast.actor("guard"), NOW)
        assert (code(verdict), [room.code for room in verdict.rooms], verdict.inside) == ("", ["B2"], None)
        event = session().scalars(select(GateEvent)).one()
        assert (event.kind, event.guard_id, event.person_name, event.client_id) == ("scan", cast.user("guard").id, "王珺", cast.alpha.id)
        assert (event.subject_kind, event.subject_label, event.created_at) == ("badge", badge.number, NOW)

    def test_its_qr_code_and_its_short_code_lead_to_the_same(self, cast: Cast, badge: Badge) -> None:
        made = scanning.pass_of(badge)
        text = qr_text(made, "https://portal.example")
        short = token.group_short_code(made.short_code)
        for scanned in (
            text,
            text.lower(),
            text.rpartition("/")[2],
            f"  {text}\r\n",
            short,
            short.lower(),
            short.replace("-", " "),
            made.short_code,
        ):
            with transaction():
                assert services.judge(scanned, NOW).found == made, scanned

    @pytest.mark.parametrize(
        ("scanned", "expected"),
        [
            ("", "gate.not_a_pass"),
            ("https://example.com/", "gate.not_a_pass"),
            ("/G/" + "A" * 138, "gate.not_a_pass"),
            ("7K3F-9Q2M-X", "gate.not_a_pass"),
            ("7K3F-9Q2M-XU", "gate.not_a_pass"),
            ("\x00", "gate.not_a_pass"),
            ("王珺", "gate.not_a_pass"),
        ],
    )
    def test_what_is_no_pass(self, cast: Cast, scanned: str, expected: str) -> None:
        with transaction():
            assert code(services.verify(scanned, cast.actor("guard"), NOW)) == expected
        assert log() == [("refusal", expected)]

    def test_a_mistyped_code_is_told_from_an_unknown_one(self, cast: Cast, badge: Badge) -> None:
        known = scanning.pass_of(badge).short_code
        wrong = known[:-2] + ("0" if known[-2] != "0" else "1") + known[-1]
        unknown = token.new_short_code()
        with transaction():
            assert code(services.verify(wrong, cast.actor("guard"), NOW)) == "gate.mistyped"
            assert code(services.verify(unknown, cast.actor("guard"), NOW)) == "gate.unknown"

    def test_a_forged_one_is_told(self, cast: Cast, badge: Badge) -> None:
        """Every character of the token altered in turn: none opens anything, and what was signed by another is known as forged."""
        made = scanning.pass_of(badge)
        true = qr_text(made, "http://x").rpartition("/")[2]
        other_key = token.SigningKey(1, Ed25519PrivateKey.generate())
        forged = token.sign(token.Kind.BADGE, made.id, made.valid_until, other_key)
        with transaction():
            assert code(services.judge(forged, NOW)) == "gate.forged"
            for place, character in enumerate(true):
                altered = true[:place] + ("B" if character != "B" else "C") + true[place + 1 :]
                assert code(services.judge(altered, NOW)) in ("gate.forged", "gate.not_a_pass"), place

    def test_one_that_was_signed_for_something_that_is_not_there(self, cast: Cast, badge: Badge) -> None:
        key, _public = token.keys(dict(crypto.keys().passes))
        nothing = token.sign(token.Kind.BADGE, ids.new(), NOW, key)
        other_kind = token.sign(token.Kind.EXIT_SLIP, scanning.pass_of(badge).id, NOW, key)
        with transaction():
            assert code(services.judge(nothing, NOW)) == "gate.unknown"
            assert code(services.judge(other_kind, NOW)) == "gate.unknown"

    def test_a_work_order_lets_nobody_in(self, cast: Cast) -> None:
        with transaction():
            order = workorders.issued(cast)
            assert code(services.verify(scanning.pass_of(order).short_code, cast.actor("guard"), NOW)) == "gate.work_order_paper"

    def test_an_old_print_is_told_when_a_newer_one_was_issued(self, cast: Cast, badge: Badge) -> None:
        old = scanning.pass_of(badge)
        with transaction():
            issue_pass("badge", badge.id, old.valid_until, cast.actor("service"), NOW)
        with transaction():
            assert code(services.verify(old.short_code, cast.actor("guard"), NOW)) == "gate.reissued"
            assert code(services.verify(scanning.pass_of(badge).short_code, cast.actor("guard"), NOW)) == ""

    @pytest.mark.parametrize(
        ("state", "expected"),
        [
            ("issued", ""), ("suspended", "gate.badge_suspended"), ("lost", "gate.badge_lost"), ("cancelled", "gate.badge_over"),
            ("returned", "gate.badge_over"), ("expired", "gate.badge_expired"),
        ],
    )  # fmt: skip
    def test_the_state_is_read_again_whatever_the_paper_says(self, cast: Cast, state: str, expected: str) -> None:
        """A valid signature never suffices."""
        with transaction():
            held = making.in_state(cast, state)
            verdict = services.verify(scanning.pass_of(held).short_code, cast.actor("guard"), NOW)
        assert code(verdict) == expected
        assert log()[-1] == ("refusal" if expected else "scan", expected)

    @pytest.mark.parametrize("state", sorted(set(BADGE.states) - {"issued", "suspended", "lost", "cancelled", "returned", "expired"}))
    def test_what_was_never_issued_has_no_pass(self, cast: Cast, state: str) -> None:
        with transaction():
            held = making.in_state(cast, state)
        with pytest.raises(LookupError):
            scanning.pass_of(held)

    def test_on_its_last_day_until_midnight(self, cast: Cast, badge: Badge) -> None:
        assert badge.valid_until is not None
        midnight = clock.end_of(badge.valid_until)
        made = scanning.pass_of(badge)
        with transaction():
            assert code(services.judge(made.short_code, midnight - timedelta(seconds=1))) == ""
            assert code(services.judge(made.short_code, midnight)) == "gate.badge_expired"

    def test_a_contract_that_is_not_in_force_shuts_the_gate_by_itself(self, cast: Cast, badge: Badge) -> None:
        """R-B3: nothing has to be done with the badge."""
        made, contract = scanning.pass_of(badge), cast.contracts["alpha"]
        with transaction():
            contracts.suspend_contract(contract, "arrears", cast.actor("supervisor"), NOW)
            assert code(services.judge(made.short_code, NOW)) == "gate.no_contract"
            contracts.resume_contract(contract, "paid", cast.actor("supervisor"), NOW)
            assert code(services.judge(made.short_code, NOW)) == ""
            contracts.end_contract(contract, "moves", cast.actor("sales"), NOW)
            assert code(services.judge(made.short_code, NOW)) == "gate.no_contract"


class TestEntering:
    def test_with_every_point_of_the_checklist_confirmed(self, cast: Cast, badge: Badge) -> None:
        with transaction():
            verdict = enter(cast, badge)
        assert (code(verdict), inside()) == ("", [cast.people["wang"].id])
        event = session().scalars(select(GateEvent)).one()
        assert (event.kind, event.room_id, event.facts["checked"]) == ("entry", cast.rooms["B2"].id, sorted(EVERY_POINT))

    @pytest.mark.parametrize("missing", EVERY_POINT)
    def test_without_one_point_nobody_comes_in(self, cast: Cast, badge: Badge, missing: str) -> None:
        """R-E1 to R-E4; the same confirm goes through once the point is ticked."""
        nonce = crypto.new_token()
        with transaction():
            assert code(enter(cast, badge, points=[p for p in EVERY_POINT if p != missing], nonce=nonce)) == "gate.checklist"
        assert inside() == []
        with transaction():
            assert code(enter(cast, badge, nonce=nonce)) == ""
        assert log() == [("refusal", "gate.checklist"), ("entry", "")]

    def test_only_into_a_room_of_its_own(self, cast: Cast, badge: Badge) -> None:
        """R-S4."""
        for room, expected in (("A1", "gate.other_room"), (None, "gate.choose_room"), (ids.new(), "gate.choose_room")):
            with transaction():
                assert code(enter(cast, badge, room)) == expected
        assert inside() == []

    def test_a_badge_for_two_rooms(self, cast: Cast) -> None:
        with transaction():
            terms = new_contract(cast.alpha, cast.rooms["A1"], NOW, units_granted=2, power_w=100)
            second = contracts.draft_contract(terms, cast.actor("sales"), NOW)
            contracts.sign_contract(second, cast.actor("sales"), NOW)
            both = making.applied(cast, contract_ids=(cast.contracts["alpha"].id, second.id))
            badges.issue(both, (NOW + timedelta(days=9)).date(), cast.actor("service"), NOW)
            assert code(enter(cast, both, "A1")) == ""
            assert code(leave(cast, both, now=NOW + HOUR)) == ""
            assert code(enter(cast, both, "B2", now=NOW + 2 * HOUR)) == ""

    def test_nobody_comes_in_twice(self, cast: Cast, badge: Badge) -> None:
        """No passing back over the fence: the log has them inside until they leave."""
        with transaction():
            enter(cast, badge)
            again = enter(cast, badge, by="guard2", now=NOW + HOUR)
        assert again.refusal == rules.ALREADY_INSIDE(room="B2", since=NOW)
        with transaction():
            leave(cast, badge, now=NOW + HOUR)
            assert code(enter(cast, badge, now=NOW + 2 * HOUR)) == ""

    def test_what_changed_since_the_scan_counts(self, cast: Cast, badge: Badge) -> None:
        """The guard sees green; the client reports the badge lost; the confirm is refused, on record."""
        with transaction():
            assert code(services.verify(scanning.pass_of(badge).short_code, cast.actor("guard"), NOW)) == ""
            badges.report_lost(badge, cast.actor("admin"), NOW)
        with transaction():
            assert code(enter(cast, badge)) == "gate.badge_lost"
        assert (log()[-1], inside()) == (("refusal", "gate.badge_lost"), [])


class TestLeaving:
    def test_a_stay_has_a_beginning_and_an_end(self, cast: Cast, badge: Badge) -> None:
        with transaction():
            enter(cast, badge)
            leave(cast, badge, by="guard2", now=NOW + HOUR)
        stay = session().scalars(select(Presence)).one()
        assert (stay.created_at, stay.left_at) == (NOW, NOW + HOUR)
        assert (stay.guard_in_id, stay.guard_out_id) == (cast.user("guard").id, cast.user("guard2").id)

    def test_who_is_not_inside_does_not_leave(self, cast: Cast, badge: Badge) -> None:
        with transaction():
            assert code(leave(cast, badge)) == "gate.not_inside"
        assert log() == [("refusal", "gate.not_inside")]

    @pytest.mark.parametrize("end", ["lost", "cancelled", "suspended", "no contract", "expired"])
    def test_going_out_is_never_refused(self, cast: Cast, badge: Badge, end: str) -> None:
        with transaction():
            enter(cast, badge)
            admin, service = cast.actor("admin"), cast.actor("service")
            later = NOW + HOUR
            if end == "lost":
                badges.report_lost(badge, admin, NOW)
            elif end == "cancelled":
                badges.cancel(badge, "left", admin, NOW)
            elif end == "suspended":
                badges.suspend(badge, "x", service, NOW)
            elif end == "no contract":
                contracts.suspend_contract(cast.contracts["alpha"], "x", cast.actor("supervisor"), NOW)
            else:
                later = NOW + timedelta(days=200)
                badges.expire_due(later)
        with transaction():
            verdict = services.verify(scanning.pass_of(badge).short_code, cast.actor("guard"), later)
            assert verdict.inside is not None
            assert code(leave(cast, badge, now=later)) == ""
        assert inside() == []
        with transaction():
            assert code(enter(cast, badge, now=later)) != ""


def test_a_guard_who_refuses_uses_nothing_up(cast: Cast, badge: Badge) -> None:
    with transaction():
        services.turn_away(scanning.pass_of(badge), "looks drunk", crypto.new_token(), cast.actor("guard"), NOW)
    event = session().scalars(select(GateEvent)).one()
    assert (event.kind, event.code, event.facts["reason"]) == ("refusal", "gate.guard_refused", "looks drunk")
    with transaction():
        assert code(enter(cast, badge)) == ""


def test_who_is_turned_away_is_so_at_a_room(cast: Cast, badge: Badge) -> None:
    """At the only room that the pass is for, or the one that was chosen; at none, where there are several and none is chosen yet."""
    with transaction():
        services.turn_away(scanning.pass_of(badge), "looks drunk", crypto.new_token(), cast.actor("guard"), NOW)
        badges.report_lost(badge, cast.actor("admin"), NOW)
        services.verify(scanning.pass_of(badge).short_code, cast.actor("guard"), NOW)
        terms = new_contract(cast.alpha, cast.rooms["A1"], NOW, units_granted=2, power_w=100)
        second = contracts.draft_contract(terms, cast.actor("sales"), NOW)
        contracts.sign_contract(second, cast.actor("sales"), NOW)
        both = making.applied(cast, "zhang", contract_ids=(cast.contracts["alpha"].id, second.id))
        badges.issue(both, (NOW + timedelta(days=9)).date(), cast.actor("service"), NOW)
        enter(cast, both, "A1", points=())
        services.turn_away(scanning.pass_of(both), "looks drunk", crypto.new_token(), cast.actor("guard"), NOW)
        services.verify("7K3F-9Q2M-X", cast.actor("guard"), NOW)
        contracts.suspend_contract(cast.contracts["alpha"], "x", cast.actor("supervisor"), NOW)
        services.verify(scanning.pass_of(badge).short_code, cast.actor("guard"), NOW)
        services.verify(scanning.pass_of(both).short_code, cast.actor("guard"), NOW)
    told = session().execute(select(GateEvent.code, GateEvent.room_id).where(GateEvent.kind == "refusal").order_by(GateEvent.id)).all()
    b2, a1 = cast.rooms["B2"].id, cast.rooms["A1"].id
    assert told == [
        ("gate.guard_refused", b2), ("gate.badge_lost", b2), ("gate.checklist", a1), ("gate.guard_refused", None),
        ("gate.not_a_pass", None), ("gate.badge_lost", b2),
    ]  # fmt: skip


class TestAcrossClients:
    """The same natural person, of whom two clients hold a record: inside once."""

    @pytest.fixture
    def twin(self, cast: Cast) -> Badge:
        """A badge of the other company for the person who is 王珺 of the first."""
        with transaction():
            same = NewPerson(cast.beta.id, "王珺", "identity_card", cast.people["wang"].document_number, "")
            person = add_person(same, cast.actor("service"), NOW)
            return making.issued(cast, "li", "stranger", person_id=person.id)

    def test_who_is_inside_for_one_client_does_not_come_in_for_the_other(self, cast: Cast, badge: Badge, twin: Badge) -> None:
        with transaction():
            assert code(enter(cast, badge)) == ""
            assert code(enter(cast, twin, by="guard2", now=NOW + HOUR)) == "gate.already_inside"
        assert inside() == [cast.people["wang"].id]

    def test_and_leaves_on_either(self, cast: Cast, badge: Badge, twin: Badge) -> None:
        """Going out is never refused to who is inside; the stay that ends is the one that began."""
        with transaction():
            enter(cast, badge)
            assert code(leave(cast, twin, now=NOW + HOUR)) == ""
        assert inside() == []
        with transaction():
            assert code(enter(cast, twin, now=NOW + 2 * HOUR)) == ""

    def test_at_the_same_moment(self, cast: Cast, badge: Badge, twin: Badge) -> None:
        pass_ids = [scanning.pass_of(badge).id, scanning.pass_of(twin).id]

        def one(number: int) -> str:
            try:
                with transaction():
                    found = session().get_one(Pass, pass_ids[number % 2])
                    guard = cast.actor("guard" if number % 2 else "guard2")
                    return code(services.enter(found, cast.rooms["B2"].id, EVERY_POINT, crypto.new_token(), guard, NOW))
            except Refused as refused:
                return refused.refusal.code

        outcomes = Counter(at_once(6, one))
        assert outcomes == {"": 1, "gate.already_inside": 5}


class TestOutWithoutIn:
    def test_needs_the_guards_reason(self, cast: Cast, badge: Badge) -> None:
        with transaction():
            assert code(leave(cast, badge, reason="   ")) == "gate.not_inside"
            assert code(leave(cast, badge, reason="followed a colleague in")) == ""
        stay = session().scalars(select(Presence)).one()
        assert (stay.created_at, stay.left_at, stay.out_reason, stay.room_id) == (NOW, NOW, "followed a colleague in", cast.rooms["B2"].id)
        assert log() == [("refusal", "gate.not_inside"), ("exit", "gate.out_without_in")]
        assert inside() == []
        with transaction():
            assert code(enter(cast, badge)) == ""

    def test_on_a_pass_that_is_over_the_room_is_asked_for(self, cast: Cast, badge: Badge) -> None:
        with transaction():
            contracts.suspend_contract(cast.contracts["alpha"], "arrears", cast.actor("supervisor"), NOW)
            assert code(leave(cast, badge, reason="got in by the loading door")) == "gate.choose_room"
            assert code(leave(cast, badge, reason="got in by the loading door", room_id=cast.rooms["B2"].id)) == ""
        assert log()[-1] == ("exit", "gate.out_without_in")

    def test_sent_twice_counts_once(self, cast: Cast, badge: Badge) -> None:
        nonce = crypto.new_token()
        with transaction():
            leave(cast, badge, reason="x", nonce=nonce)
        with transaction():
            happened = services.earlier_event(nonce)
        assert happened is not None
        assert (happened.kind, happened.code, happened.facts["reason"]) == ("exit", "gate.out_without_in", "x")


class TestLeftAtTheDesk:
    def test_is_noted_at_entry_and_ticked_at_exit(self, cast: Cast, badge: Badge) -> None:
        """R-E1."""
        nonce = crypto.new_token()
        with transaction():
            assert code(enter(cast, badge, kept=["camera", " 红酒 ", "camera", ""])) == ""
            assert code(leave(cast, badge, now=NOW + HOUR)) == "gate.kept_not_back"
            assert code(leave(cast, badge, now=NOW + HOUR, given_back=["camera"], nonce=nonce)) == "gate.kept_not_back"
        assert inside() != []
        with transaction():
            assert code(leave(cast, badge, now=NOW + HOUR, given_back=["camera", "红酒"], nonce=nonce)) == ""
        stay = session().scalars(select(Presence)).one()
        assert (stay.kept_items, stay.kept_back_at) == (["camera", "红酒"], NOW + HOUR)
        entry = session().scalars(select(GateEvent).where(GateEvent.kind == "entry")).one()
        assert entry.facts["kept"] == ["camera", "红酒"]

    def test_so_much_cannot_be_noted(self, cast: Cast, badge: Badge) -> None:
        with transaction():
            assert code(enter(cast, badge, kept=[f"thing {n}" for n in range(13)])) == "gate.too_much_kept"
        assert inside() == []


@pytest.mark.parametrize("is_inside", [False, True])
def test_a_scan_takes_six_queries(cast: Cast, badge: Badge, is_inside: bool) -> None:
    """Pass, badge locked, badge with person and rooms, ban, stay (of who is inside one more), the scan on record: somebody waits."""
    if is_inside:
        with transaction():
            enter(cast, badge)
    short = scanning.pass_of(badge).short_code
    asked: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            asked.append(statement)

    with transaction():
        guard = cast.actor("guard")
        event.listen(db.engine(), "before_cursor_execute", count)
        try:
            assert code(services.verify(short, guard, NOW + HOUR)) == ""
        finally:
            event.remove(db.engine(), "before_cursor_execute", count)
    assert len(asked) == 6 + is_inside, "\n".join(asked)
