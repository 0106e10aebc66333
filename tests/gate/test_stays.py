"""Who is inside: past their time, more time, booked out without a pass, the list for an evacuation. R-A3."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pypdf
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.badges.models import Badge
from portal.gate import limits, queries, rules, stays
from portal.gate.models import GateEvent, Presence
from portal.kernel import clock, crypto, ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import Forbidden, Refused
from portal.outbox.models import Notice, OutboxMessage
from portal.visits.models import Visit, Visitor
from portal.visits.naming import visitors_of
from tests.access.reading import Page
from tests.badges import making as badges
from tests.cast import NOW, Cast
from tests.gate.scanning import enter, inside, leave, log, pass_of
from tests.visits import making as visits

As = Callable[[str], FlaskClient]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LATE = clock.at_local((NOW + timedelta(days=1)).date(), 22)  # tomorrow 22:00


@pytest.fixture
def badge(cast: Cast) -> Badge:
    with transaction():
        return badges.issued(cast)


@pytest.fixture
def night(cast: Cast) -> Visitor:
    """刘洋 is inside on a visit from 22:00 until 2:00 on the day after."""
    with transaction():
        visit: Visit = visits.approved(cast, "liu", starts_at=LATE, ends_at=LATE + 4 * HOUR)
        visitor = visitors_of(visit.id)[0]
        enter(cast, visitor, now=LATE, kept=["camera"])
        return visitor


def flagged(now: object) -> int:
    with transaction():
        return stays.flag_overstays(now)  # type: ignore[arg-type]


def told(code: str = "gate.overstay") -> list[str]:
    return sorted(session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == code)))


def the_stay() -> Presence:
    return session().scalars(select(Presence).execution_options(populate_existing=True)).one()


class TestPastTheirTime:
    def test_at_once_again_and_until_they_are_out(self, cast: Cast, night: Visitor) -> None:
        """Over midnight: neither 0:00 nor the new day matters, only the window's end."""
        end = LATE + 4 * HOUR
        assert [flagged(moment) for moment in (LATE + 2 * HOUR, end - timedelta(seconds=1))] == [0, 0]
        assert flagged(end) == 1
        assert told() == ["admin@client.example", "colleague@client.example", "guard2@rackpass.example", "guard@rackpass.example"]
        assert [flagged(end + minutes * MINUTE) for minutes in (1, 29, 30, 31, 60)] == [0, 0, 1, 0, 1]
        notices = session().scalars(select(Notice.path).where(Notice.user_id == cast.user("guard").id, Notice.code == "gate.overstay"))
        assert set(notices) == {f"/gate/stays/{ids.to_text(the_stay().id)}"}
        paths = session().scalars(select(Notice.path).where(Notice.user_id == cast.user("admin").id, Notice.code == "gate.overstay"))
        assert set(paths) == {f"/visits/{ids.to_text(night.visit_id)}"}
        assert len(session().scalars(select(AuditEntry).where(AuditEntry.tag == "presence.overstay")).all()) == 1
        with transaction():
            leave(cast, night, now=end + 61 * MINUTE, given_back=["camera"])
        assert flagged(end + 3 * HOUR) == 0

    def test_a_badge_after_the_hours_that_are_set(self, cast: Cast, badge: Badge) -> None:
        with transaction():
            enter(cast, badge, now=LATE)
        assert flagged(LATE + 12 * HOUR - timedelta(seconds=1)) == 0
        assert flagged(LATE + 12 * HOUR) == 1
        assert queries.inside_counts(LATE + 12 * HOUR)[1] == 1
        limits.configure(16, 30)
        try:
            assert queries.inside_counts(LATE + 12 * HOUR)[1] == 0
        finally:
            limits.configure(12, 30)

    def test_more_time_for_a_reason(self, cast: Cast, night: Visitor) -> None:
        end = LATE + 4 * HOUR
        flagged(end)
        with transaction():
            stays.extend(the_stay().id, 45, "power supply still to be changed", cast.actor("supervisor"), end + MINUTE)
        stay = the_stay()
        assert (stay.until_at, stay.overstay_told_at, stay.extended_by_id) == (end + 46 * MINUTE, None, cast.user("supervisor").id)
        assert told("gate.extended") == told()
        assert [flagged(end + minutes * MINUTE) for minutes in (31, 45, 46)] == [0, 0, 1]
        entry = session().scalars(select(AuditEntry).where(AuditEntry.tag == "presence.extended")).one()
        assert entry.reason == "power supply still to be changed"

    def test_who_may_and_how_long(self, cast: Cast, night: Visitor) -> None:
        stay_id = the_stay().id
        for who in ("service", "room_staff", "admin", "auditor"):
            with pytest.raises(Forbidden), transaction():
                stays.extend(stay_id, 30, "x", cast.actor(who), LATE)
        for minutes, reason, expected in ((30, " ", rules.REASON_MISSING), (4, "x", None), (100_000, "x", None)):
            with pytest.raises(Refused) as refused, transaction():
                stays.extend(stay_id, minutes, reason, cast.actor("guard"), LATE)
            assert refused.value.refusal.code == (expected.code if expected else "gate.extension_too_long")
        with transaction():
            leave(cast, night, now=LATE + HOUR, given_back=["camera"])
        with pytest.raises(Refused) as refused, transaction():
            stays.extend(stay_id, 30, "x", cast.actor("guard"), LATE + HOUR)
        assert refused.value.refusal.code == "gate.not_inside_any_more"

    def test_a_window_that_moves_moves_for_who_is_inside(self, night: Visitor) -> None:
        with transaction():
            stays.window_moved([night.id], LATE + HOUR)
        assert the_stay().until_at == LATE + HOUR
        assert flagged(LATE + HOUR) == 1


class TestBookedOut:
    def test_without_the_pass_with_a_reason_and_what_was_kept(self, cast: Cast, night: Visitor) -> None:
        stay_id, nonce, guard = the_stay().id, crypto.new_token(), cast.actor("guard")
        for reason, back, expected in (("", ["camera"], "gate.reason_missing"), ("pass is lost", [], "gate.kept_not_back")):
            with pytest.raises(Refused) as refused, transaction():
                stays.book_out(stay_id, reason, back, nonce, guard, LATE + HOUR)
            assert refused.value.refusal.code == expected
        for _ in range(2):
            with transaction():
                stays.book_out(stay_id, "pass is lost", ["camera"], nonce, guard, LATE + HOUR)
        assert (inside(), log()[-1]) == ([], ("exit", "gate.out_unseen"))
        assert (the_stay().out_reason, the_stay().kept_back_at) == ("pass is lost", LATE + HOUR)
        with pytest.raises(Refused), transaction():
            stays.book_out(stay_id, "again", ["camera"], crypto.new_token(), guard, LATE + HOUR)

    def test_only_by_duty_staff(self, cast: Cast, night: Visitor) -> None:
        with pytest.raises(Forbidden), transaction():
            stays.book_out(the_stay().id, "x", ["camera"], crypto.new_token(), cast.actor("supervisor"), LATE)


class TestPages:
    def test_who_is_inside_by_room_and_the_stay(self, as_: As, cast: Cast, badge: Badge) -> None:
        with transaction():
            enter(cast, badge, now=NOW - 13 * HOUR, kept=["magnet", "红酒"])
        guard, stay = as_("guard"), the_stay()
        listed = guard.get("/gate/inside?past=1")
        assert Page(listed.text).faults == []
        for shown in ("王珺", "B2", badge.number, "1 人超时"):
            assert shown in listed.text
        assert guard.get("/gate/inside?ground=visit").text.count("王珺") == 0
        shown = guard.get(f"/gate/stays/{ids.to_text(stay.id)}")
        assert Page(shown.text).faults == []
        assert "磁铁、强磁物品、红酒" in shown.text
        assert "1 人超时" in guard.get("/gate/").text
        path = f"/gate/stays/{ids.to_text(stay.id)}"
        form = {"minutes": "60", "reason": "割接延长", "once": crypto.new_token()}
        assert guard.post(f"{path}/extend", data=form).location == path
        assert guard.post(f"{path}/out", data={"reason": "证件遗失", "once": crypto.new_token()}).status_code == 422
        out = {"reason": "证件遗失", "back": ["magnet", "红酒"], "once": crypto.new_token()}
        assert guard.post(f"{path}/out", data=out).location == path
        assert inside() == []
        assert "证件遗失" in guard.get(path).text
        assert "证件遗失" in guard.get("/gate/stays?q=王").text

    def test_what_was_left_at_the_desk_is_asked_for_on_the_phone(self, as_: As, cast: Cast, badge: Badge) -> None:
        guard = as_("guard")
        path = f"/gate/passes/{ids.to_text(pass_of(badge).id)}"
        points = [key for key, _label in rules.CHECKLIST_POINTS]
        entry = {"room": ids.to_text(cast.rooms["B2"].id), "kept": ["camera"], "kept_other": "红酒，U 盘", "once": crypto.new_token()}
        refused = guard.post(f"{path}/enter", data=entry)
        assert (refused.status_code, refused.text.count(" checked")) == (422, 1)
        assert "红酒，U 盘" in refused.text
        guard.post(f"{path}/enter", data=entry | {"point": points})
        assert the_stay().kept_items == ["camera", "红酒", "U 盘"]
        leaving = {"back": ["camera", "红酒"], "once": crypto.new_token()}
        refused = guard.post(f"{path}/leave", data=leaving)
        assert (refused.status_code, refused.headers["X-Refusal"], refused.text.count(" checked")) == (422, "gate.kept_not_back", 2)
        assert guard.post(f"{path}/leave", data=leaving | {"back": ["camera", "红酒", "U 盘"]}).status_code == 302
        assert inside() == []

    def test_out_without_in_on_the_phone(self, as_: As, cast: Cast, badge: Badge) -> None:
        guard = as_("guard")
        page = guard.get(f"/gate/passes/{ids.to_text(pass_of(badge).id)}")
        assert "came-out" in page.text
        form = {"reason": "尾随同事进入", "room": ids.to_text(cast.rooms["B2"].id), "once": crypto.new_token()}
        for _ in range(2):
            done = guard.post(f"/gate/passes/{ids.to_text(pass_of(badge).id)}/leave", data=form)
            assert 'data-verdict="wait"' in guard.get(done.location).text
        assert log() == [("scan", ""), ("exit", "gate.out_without_in")]
        event = session().scalars(select(GateEvent).where(GateEvent.kind == "exit")).one()
        assert "尾随同事进入" in guard.get(f"/gate/events/{ids.to_text(event.id)}").text

    def test_the_evacuation_list_on_screen_and_on_paper(self, as_: As, cast: Cast, badge: Badge, night: Visitor) -> None:
        """Room by room, name, client, phone, escort, since; one tap from the gate; no script, so that it works from what a phone kept."""
        with transaction():
            enter(cast, badge, now=LATE + MINUTE)
        guard = as_("guard")
        assert 'href="/gate/evacuation"' in guard.get("/gate/").text
        listed = guard.get("/gate/evacuation")
        assert Page(listed.text).faults == []
        assert "<script" not in listed.text
        for shown in ("王珺", "刘洋", cast.alpha.name, "亦庄数据中心", "B2", "截至"):
            assert shown in listed.text
        assert "A1" in listed.text, "a room without anybody is told"
        site = ids.to_text(cast.rooms["B2"].site_id)
        assert "王珺" in guard.get(f"/gate/evacuation?site={site}").text
        assert guard.get(f"/gate/evacuation?site={ids.to_text(ids.new())}").status_code == 404
        paper = guard.get("/gate/evacuation.pdf")
        assert paper.mimetype == "application/pdf"
        text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(paper.data)).pages)
        for shown in ("王珺", "刘洋", "亦庄数据中心", "B2 机房", "无人的机房", "A1"):
            assert shown in text
        with transaction():
            leave(cast, badge, now=LATE + HOUR)
        assert "王珺" not in guard.get("/gate/evacuation").text


def _pass_id(badge: Badge) -> object:
    from tests.gate.scanning import pass_of

    return pass_of(badge).id
