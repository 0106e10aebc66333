"""The pages of violations: recorded from the gate, decided, appealed against; what the client sees, and what others do not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.conduct.models import Violation
from portal.gate import services as gate
from portal.gate.models import GateEvent
from portal.kernel import ids
from portal.kernel.db import session, transaction
from tests.badges import making as badges
from tests.cast import NOW, Cast
from tests.conduct import making
from tests.conduct.making import BAN, WEEK
from tests.passes.reading_back import scanned, texts

As = Callable[[str], FlaskClient]
FORM = {
    "rule": "r_e2", "severity": "serious", "happened_at": "2026-11-23T10:00", "room": "", "place": "货运通道",
    "description": "在通道内吸烟。", "witness": "郑毅", "note": "已封存录像",
}  # fmt: skip


def url(violation: Violation, rest: str = "") -> str:
    return f"/violations/{ids.to_text(violation.id)}{rest}"


def test_a_guard_records_what_a_scan_began(cast: Cast, as_: As) -> None:
    """From the gate's event the person, the client and the time stand there already."""
    with transaction():
        badge = badges.issued(cast, "wang")
        gate.verify(making.pass_code(badge), cast.actor("guard"), NOW)
        event = session().scalars(select(GateEvent)).one()
    guard = as_("guard")
    page = guard.get(f"/violations/record?event={ids.to_text(event.id)}").text
    assert "王珺" in page
    assert "2026-11-23T10:30" in page
    answer = guard.post(f"/violations/record?event={ids.to_text(event.id)}", data=FORM)
    assert answer.status_code == 302
    violation = session().scalars(select(Violation)).one()
    assert (violation.person_id, violation.client_id, violation.event_id) == (cast.people["wang"].id, cast.alpha.id, event.id)
    assert f"{violation.happened_at:%H:%M}" == "02:00"
    assert guard.get(answer.location).status_code == 200
    assert as_("guard2").get(answer.location).status_code == 404


def test_a_guard_finds_whom_it_is_about(cast: Cast, as_: As) -> None:
    guard = as_("guard")
    assert "刘洋" in guard.get("/violations/record?q=刘").text
    assert "刘洋" not in guard.get("/violations/record?q=zzz").text
    unknown = guard.get(f"/violations/record?client={ids.to_text(cast.beta.id)}").text
    assert 'name="person_name"' in unknown


def test_what_is_wrong_with_a_record_stands_beside_its_field(cast: Cast, as_: As) -> None:
    where = f"/violations/record?person={ids.to_text(cast.people['wang'].id)}"
    answer = as_("guard").post(where, data=FORM | {"happened_at": "2026-11-23T23:00", "place": ""})
    assert answer.status_code == 422
    assert answer.headers["X-Refusal"] == "conduct.in_future, conduct.no_place"
    assert "在通道内吸烟。" in answer.text


def test_the_client_sees_what_was_decided_and_not_what_is_for_staff(cast: Cast, as_: As) -> None:
    with transaction():
        waiting, decided = making.recorded(cast, "liu"), making.decided(cast, WEEK)
    admin, stranger = as_("admin"), as_("stranger")
    listed = admin.get("/violations/").text
    assert decided.number in listed
    assert waiting.number not in listed
    shown = admin.get(url(decided)).text
    assert "在机房内吸烟。" in shown
    assert "屡次违反规定" in shown
    for kept in ("孙强", "监控已调取"):  # the witness (who also recorded it), the note
        assert kept not in shown
    assert admin.get(url(waiting)).status_code == 404
    assert stranger.get(url(decided)).status_code == 404
    assert decided.number not in stranger.get("/violations/").text
    assert url(decided) not in stranger.get(f"/search?q={decided.number}").text
    assert url(decided) in admin.get(f"/search?q={decided.number}").text


def test_another_client_is_told_no_more_than_that(cast: Cast, as_: As) -> None:
    """On the person's page, in the application's refusal, in the badge's history: no why."""
    with transaction():
        person = making.same_person_for_beta(cast)
        badge = badges.issued(cast, "wang_beta", "stranger")
    with transaction():
        violation = making.decided(cast, BAN)
    stranger = as_("stranger")
    for page in (f"/clients/people/{ids.to_text(person.id)}", f"/badges/{ids.to_text(badge.id)}"):
        text = stranger.get(page).text
        assert violation.number not in text
        assert "在机房内吸烟" not in text
    assert "目前不能为王珺办理进入" in stranger.get(f"/clients/people/{ids.to_text(person.id)}").text


def test_from_decision_to_answer(cast: Cast, as_: As) -> None:
    """The supervisor decides, the client appeals with a paper, another supervisor reduces it."""
    with transaction():
        making.second_supervisor(cast)
        violation = making.recorded(cast)
    supervisor = as_("supervisor")
    decided = supervisor.post(url(violation, "/decide"), data={"measures": ["suspension", "ban"], "days": "7", "reason": "x"})
    assert decided.headers["X-Refusal"] == "conduct.suspended_and_banned"
    assert supervisor.post(url(violation, "/decide"), data={"measures": ["ban", "police"], "reason": "影响恶劣"}).status_code == 302
    assert as_("admin").post(url(violation, "/appeal"), data={"text": "当时并非本人。"}).status_code == 302
    refused = supervisor.post(url(violation, "/uphold"), data={"reason": "x"})
    assert refused.headers["X-Refusal"] == "conduct.decider_answers"
    lighter = {"measures": ["suspension", "police"], "days": "30", "reason": "情节较轻"}
    assert as_("supervisor2").post(url(violation, "/reduce"), data=lighter).status_code == 302
    shown = as_("admin").get(url(violation)).text
    assert "30 天" in shown
    assert "已减轻处理" in shown


@pytest.mark.parametrize("name", ["guard", "room_staff", "sales", "administrator"])
def test_the_paper_is_for_who_reads_violations(cast: Cast, as_: As, name: str) -> None:
    with transaction():
        violation = making.decided(cast, WEEK)
    assert as_(name).get(url(violation, "/decision.pdf")).status_code == 403


def test_the_decision_on_paper(cast: Cast, as_: As) -> None:
    """Number, masked document, rule, what follows and until when, the last day for an appeal; no code, since it opens nothing."""
    with transaction():
        violation = making.decided(cast, WEEK)
    answer = as_("admin").get(url(violation, "/decision.pdf"))
    assert answer.mimetype == "application/pdf"
    pages = texts(answer.data)
    for words in (violation.number, "违规处理决定", "王珺", "吸烟", "7 天，至 2026 年 11 月 30 日当日止", "林岚"):
        assert words in pages[0], words
    for words in ("7 days, to the end of 30 Nov 2026", "申诉期限：2026 年 12 月 7 日当日止", "Appeal until the end of 7 Dec 2026"):
        assert words in pages[0], words
    assert "2026-1" not in pages[0]
    assert cast.people["wang"].document_number not in pages[0]
    assert len(pages) == 1
    assert not scanned(answer.data, 0)


def test_a_decision_with_many_words_still_prints(cast: Cast, as_: As) -> None:
    with transaction():
        violation = making.decided(cast, BAN, description="经过很长。" * 700)
    assert as_("supervisor").get(url(violation, "/decision.pdf")).status_code == 200
