"""A request from its number to the client's yes, and what stops it on the way (R-C1 to R-C4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.kernel import clock, crypto
from portal.kernel.db import session, transaction
from portal.kernel.errors import Conflict, Forbidden, NotFound, Refused
from portal.outbox.models import Notice, OutboxMessage
from portal.tickets import chasing, complaints, opinions, queries, services, sorting
from portal.tickets.complaints import Judgement
from portal.tickets.models import TicketMessage, TicketOpinion, TicketPause
from portal.tickets.opinions import Opinion
from portal.tickets.services import Said
from portal.tickets.sorting import HandOver
from tests.badges import making as badges
from tests.cast import NOW, Cast
from tests.exits import making as exits
from tests.papers import staged
from tests.tickets import making

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def code_of(work: object) -> str:
    with pytest.raises(Refused) as refused, transaction():
        work()  # type: ignore[operator]
    return refused.value.refusal.code


def sent(code: str) -> list[str]:
    return sorted(session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == code)))


def test_asking_gives_a_number_deadlines_a_receipt_and_tells_the_department(cast: Cast) -> None:
    with transaction():
        ticket = making.asked(cast)
        assert ticket.number == "SR-2611-0001"
        assert ticket.state == "new"
        assert ticket.answer_due_at == NOW + 4 * HOUR  # Monday 10:30 and four hours of the desk
        assert ticket.settle_due_at == clock.end_of((NOW + 2 * DAY).date())  # two working days
        assert ticket.department_id == making.department("customer_service").id
    assert sent("ticket.receipt") == ["admin@client.example"]
    assert sent("ticket.arrived") == ["service2@rackpass.example", "service@rackpass.example"]


def test_staff_register_what_came_by_phone_with_when_it_came(cast: Cast) -> None:
    with transaction():
        ticket = making.registered(cast, received_at=NOW - 30 * HOUR)
        assert ticket.registered_late
        assert ticket.clock_from == NOW - 30 * HOUR
        in_time = making.registered(cast, received_at=NOW - 24 * HOUR)
        assert not in_time.registered_late
    # the contact has no account: the receipt goes by e-mail alone, without a link
    row = session().scalars(select(OutboxMessage).where(OutboxMessage.code == "ticket.receipt")).first()
    assert row is not None
    assert (row.address, row.path) == ("someone@else.example", "")
    assert code_of(lambda: making.registered(cast, received_at=NOW + HOUR)) == "ticket.received_later"
    assert code_of(lambda: making.registered(cast, contact_phone="", contact_email="")) == "ticket.contact_missing"


def test_somebody_who_is_no_client_can_ask_too(cast: Cast) -> None:
    with transaction():
        ticket = making.registered(cast, client_id=None, channel="visit")
        assert ticket.client_id is None
    assert queries.get_ticket(cast.actor("service"), ticket.id).contact_name == "赵一鸣"
    with pytest.raises(NotFound):
        queries.get_ticket(cast.actor("admin"), ticket.id)


def test_equipment_is_the_clients_own(cast: Cast) -> None:
    with transaction():
        servers = exits.servers(cast, 1)
        ticket = making.asked(cast, "hardware", serials=(servers[0].serial,))
        assert [link.equipment_id for link in queries.links_of(ticket)] == [servers[0].id]
        badge, contract = badges.issued(cast), cast.contracts["alpha"]
        named = making.asked(cast, serials=(badge.number.lower(), contract.number, badge.number, servers[0].serial))
        linked = [(link.badge_id, link.contract_id, link.equipment_id) for link in queries.links_of(named)]
        assert linked == [(badge.id, None, None), (None, contract.id, None), (None, None, servers[0].id)]
    refusal = code_of(lambda: making.asked(cast, "hardware", by="stranger", client_id=cast.beta.id, serials=(servers[0].serial,)))
    assert refusal == "ticket.equipment_unknown"
    stolen = code_of(lambda: making.asked(cast, by="stranger", client_id=cast.beta.id, serials=(badge.number,)))
    assert stolen == "ticket.equipment_unknown"


def test_nobody_asks_in_anothers_name(cast: Cast) -> None:
    with pytest.raises(NotFound), transaction():
        making.asked(cast, by="stranger")  # the command names the first client
    with pytest.raises(Forbidden), transaction():
        making.registered(cast, by="auditor")


def test_the_first_answer_stops_its_clock_and_the_client_is_told(cast: Cast) -> None:
    with transaction():
        ticket = making.asked(cast)
        making.answer(ticket, cast, now=NOW + HOUR)
        making.answer(ticket, cast, "还有一把备用钥匙。", now=NOW + 2 * HOUR)
        assert (ticket.state, ticket.answered_at) == ("open", NOW + HOUR)
    assert sent("ticket.answered") == ["admin@client.example"] * 2


def test_asking_the_client_lets_the_clock_stand_still_and_their_answer_sets_it_going(cast: Cast) -> None:
    with transaction():
        ticket = making.asked(cast, "network", now=NOW)  # 8 hours around the clock
        making.answer(ticket, cast, "请问是哪个端口？", by="room_staff", now=NOW + HOUR, waits=True)
        assert (ticket.state, ticket.settle_due_at, ticket.near_at) == ("waiting", None, None)
    assert sent("ticket.asked_back") == ["admin@client.example"]
    with transaction():
        services.say(ticket, Said("question", "eth0，A1-02 机柜。"), cast.actor("colleague"), NOW + 4 * HOUR)
        assert (ticket.state, ticket.settle_due_at) == ("open", NOW + 11 * HOUR)  # eight, and the three that were waited
        assert ticket.near_at == NOW + 9 * HOUR
        (pause,) = session().scalars(select(TicketPause))
        assert (pause.starts_at, pause.ends_at) == (NOW + HOUR, NOW + 4 * HOUR)


def test_a_change_of_kind_works_the_deadline_out_anew_with_its_pauses(cast: Cast) -> None:
    with transaction():
        ticket = making.asked(cast, now=NOW)
        making.answer(ticket, cast, "请补充说明。", now=NOW + HOUR, waits=True)
        services.say(ticket, Said("question", "其实是网络不通。"), cast.actor("admin"), NOW + 3 * HOUR)
        sorting.sort(ticket, making.kind("network").id, "urgent", cast.actor("service"), NOW + 4 * HOUR)
        assert (ticket.type, ticket.priority) == ("fault", "urgent")
        assert ticket.settle_due_at == NOW + 10 * HOUR  # eight hours from when it came, and the two that were waited
        assert ticket.department_id == making.department("room_staff").id
        assert ticket.assignee_id is None


def test_notes_are_for_staff_alone(cast: Cast) -> None:
    with transaction():
        ticket = making.asked(cast)
        services.say(ticket, Said("note", "该客户上月也问过。"), cast.actor("service"), NOW)
    assert [message.kind for message, _files in queries.messages_of(cast.actor("admin"), ticket)] == ["question"]
    assert [message.kind for message, _files in queries.messages_of(cast.actor("service"), ticket)] == ["question", "note"]
    assert sent("ticket.noted") == ["service2@rackpass.example"]
    told = {entry.tag: entry for entry in session().scalars(select(AuditEntry).where(AuditEntry.subject_id == ticket.id))}
    assert "该客户" not in str(told["ticket.noted"].after)
    with pytest.raises(Forbidden), transaction():
        services.say(ticket, Said("note", "x"), cast.actor("admin"), NOW)
    with pytest.raises(Forbidden), transaction():
        services.say(ticket, Said("answer", "x"), cast.actor("admin"), NOW)
    with pytest.raises(NotFound), transaction():
        services.say(ticket, Said("question", "x"), cast.actor("stranger"), NOW)


def test_attachments_are_claimed_and_open_to_the_client_unless_internal(cast: Cast) -> None:
    with transaction():
        picture = staged("ticket", cast.actor("admin"), NOW)
        ticket = making.asked(cast, file_ids=(picture,))
        internal = staged("ticket_internal", cast.actor("service"), NOW)
        services.say(ticket, Said("note", "截图见附件。", file_ids=(internal,)), cast.actor("service"), NOW)
    (_first, attached), (_second, hidden) = queries.messages_of(cast.actor("service"), ticket)
    assert ([file.id for file in attached], [file.id for file in hidden]) == ([picture], [internal])
    assert queries.get_file(cast.actor("colleague"), ticket.id, picture).id == picture
    for who, file_id in (("stranger", picture), ("room_staff", picture), ("admin", internal), ("colleague", internal)):
        with pytest.raises(NotFound):
            queries.get_file(cast.actor(who), ticket.id, file_id)


def test_settling_sends_the_result_with_a_link_and_the_link_closes_it_once(cast: Cast) -> None:
    with transaction():
        ticket = making.settled(cast)
        assert (ticket.state, ticket.rounds, ticket.answered_at) == ("settled", 1, NOW)
    token = making.token_of(ticket)
    assert ticket.opinion_hash == crypto.token_hash(token)
    assert session().scalars(select(Notice.code).where(Notice.code.startswith("ticket.settled"))).all() == ["ticket.settled_desk"]
    with transaction():
        opinions.give_by_link(token, 5, "很快，谢谢", NOW + HOUR)
    assert making.again(ticket).state == "closed"
    (opinion,) = session().scalars(select(TicketOpinion))
    assert (opinion.score, opinion.satisfied, opinion.way, opinion.words) == (5, True, "link", "很快，谢谢")
    assert code_of(lambda: opinions.give_by_link(token, 1, "", NOW + HOUR)) == "ticket.opinion_over"


@pytest.mark.parametrize("forged", ["", "x", "0" * 43, "../../etc/passwd", "é" * 50])
def test_a_forged_link_is_refused(cast: Cast, forged: str) -> None:
    with transaction():
        making.settled(cast)
    assert code_of(lambda: opinions.give_by_link(forged, 5, "", NOW)) == "ticket.opinion_over"


def test_a_link_ends_after_thirty_days_and_with_reopening(cast: Cast) -> None:
    with transaction():
        ticket = making.settled_complaint(cast)
        token = making.token_of(ticket)
    assert opinions.behind(token, NOW + 30 * DAY - timedelta(seconds=1)) is not None
    assert opinions.behind(token, NOW + 30 * DAY) is None
    with transaction():
        services.reopen(ticket, "又出现了", cast.actor("service"), NOW + HOUR)
    assert opinions.behind(token, NOW + HOUR) is None


def test_not_satisfied_reopens_it_with_a_new_clock_and_tells_the_desk(cast: Cast) -> None:
    with transaction():
        ticket = making.settled(cast)
        opinions.give(ticket, 2, "没有解决", cast.actor("admin"), NOW + DAY)
        assert (ticket.state, ticket.satisfied, ticket.level) == ("open", None, 0)
        assert ticket.settle_due_at == clock.end_of((NOW + 3 * DAY).date())  # two working days from Tuesday
    assert sent("ticket.not_satisfied") == ["service2@rackpass.example", "service@rackpass.example"]
    with transaction():
        services.settle(ticket, "已当面交付。", 0, cast.actor("service"), NOW + 2 * DAY)
        opinions.give(ticket, 4, "", cast.actor("admin"), NOW + 2 * DAY)
        assert (ticket.state, ticket.rounds) == ("closed", 2)


def test_what_nobody_answers_closes_after_a_week_but_a_complaint_stays_open(cast: Cast) -> None:
    with transaction():
        ticket, complaint = making.settled(cast), making.settled_complaint(cast)
        assert chasing.close_unanswered(NOW + 7 * DAY - timedelta(seconds=1)) == 0
        assert chasing.close_unanswered(NOW + 7 * DAY) == 1
        assert (ticket.state, complaint.state) == ("closed", "settled")


def test_a_complaint_is_closed_by_a_satisfied_client_or_by_the_supervisor_with_a_reason(cast: Cast) -> None:
    with transaction():
        by_call, by_supervisor = making.settled_complaint(cast), making.settled_complaint(cast)
        opinions.follow_up(by_call, Opinion(4, "可以接受", "call"), cast.actor("service"), NOW + DAY)
        assert by_call.state == "closed"
    with pytest.raises(Forbidden), transaction():
        services.close_anyway(by_supervisor, "多次联系不上", cast.actor("service"), NOW + DAY)
    with transaction():
        services.close_anyway(by_supervisor, "多次联系不上", cast.actor("supervisor"), NOW + DAY)
        assert by_supervisor.state == "closed"


def test_a_complaint_is_judged_before_it_is_settled(cast: Cast) -> None:
    with transaction():
        ticket = making.asked(cast, "operations")
    assert code_of(lambda: services.settle(ticket, "已处理", 0, cast.actor("service"), NOW)) == "ticket.judge_first"
    no_department = Judgement(True, "排班冲突", None)
    assert code_of(lambda: complaints.judge(ticket, no_department, cast.actor("service"), NOW)) == "ticket.fault_missing"


def test_more_time_once_by_the_supervisor_and_the_client_reads_why(cast: Cast) -> None:
    with transaction():
        ticket = making.asked(cast, "operations")
        assert ticket.settle_due_at == clock.end_of((NOW + 3 * DAY).date())
    with pytest.raises(Forbidden), transaction():
        complaints.grant_more_time(ticket, "等待备件", cast.actor("service"), NOW)
    with transaction():
        complaints.grant_more_time(ticket, "等待备件", cast.actor("supervisor"), NOW + HOUR)
        assert ticket.settle_due_at == clock.end_of((NOW + 9 * DAY).date())  # seven working days from Monday
    assert sent("ticket.extended") == ["admin@client.example"]
    again = code_of(lambda: complaints.grant_more_time(ticket, "再等", cast.actor("supervisor"), NOW + HOUR))
    assert again == "ticket.extended"


def test_a_serious_complaint_is_the_supervisors_and_closes_when_its_action_works(cast: Cast) -> None:
    with transaction():
        ticket = making.asked(cast, "operations")
        complaints.call_serious(ticket, "客户要求赔偿", cast.actor("service"), NOW)
    assert sent("ticket.serious") == ["supervisor@rackpass.example"]
    verdict = Judgement(True, "排班冲突", making.department("room_staff").id)
    assert code_of(lambda: complaints.judge(ticket, verdict, cast.actor("service"), NOW)) == "ticket.supervisor_decides"
    with transaction():
        complaints.judge(ticket, verdict, cast.actor("supervisor"), NOW)
    assert code_of(lambda: services.settle(ticket, "已处理", 0, cast.actor("service"), NOW)) == "ticket.supervisor_decides"
    assert code_of(lambda: services.settle(ticket, "已处理", 0, cast.actor("supervisor"), NOW)) == "ticket.action_first"
    with transaction():
        action = making.action(ticket, cast)
        services.settle(ticket, "已处理", 0, cast.actor("supervisor"), NOW)
        opinions.give(ticket, 5, "", cast.actor("admin"), NOW + HOUR)
        assert ticket.state == "settled"  # satisfied, but the action is not checked
    with pytest.raises(Forbidden), transaction():
        complaints.finish_action(ticket, action, "已建立晨会", cast.actor("service"), NOW + DAY)
    with transaction():
        complaints.finish_action(ticket, action, "已建立晨会", cast.actor("room_staff"), NOW + DAY)
    check = lambda who, works: complaints.check_action(ticket, action, works, "查看了记录", cast.actor(who), NOW + 2 * DAY)  # noqa: E731
    assert code_of(lambda: check("room_staff", True)) == "ticket.owner_checks"
    with transaction():
        check("supervisor", False)  # does not work: to be done again
        assert action.done_at is None
        complaints.finish_action(ticket, action, "晨会加上了签到", cast.actor("room_staff"), NOW + 2 * DAY)
        check("supervisor", True)
        assert ticket.state == "closed"


def test_near_late_and_unanswered_are_told_once_to_whom_they_concern(cast: Cast) -> None:
    with transaction():
        making.department("room_staff").head_id = cast.user("sales").id
        ticket = making.asked(cast, "network")  # first answer in 1 hour, settled in 8
        assert chasing.chase_due(NOW + HOUR - timedelta(seconds=1)) == 0
        assert chasing.chase_due(NOW + HOUR) == 1
        assert chasing.chase_due(NOW + HOUR) == 0
    everybody = ["room_staff@rackpass.example", "sales@rackpass.example", "supervisor@rackpass.example"]
    assert sent("ticket.unanswered") == everybody
    with transaction():
        making.answer(ticket, cast, "正在检查", by="room_staff", now=NOW + HOUR)
        assert chasing.chase_due(NOW + 6 * HOUR - timedelta(seconds=1)) == 0
        assert chasing.chase_due(NOW + 6 * HOUR) == 1
        assert chasing.chase_due(NOW + 6 * HOUR) == 0
    assert sent("ticket.near") == ["room_staff@rackpass.example"]
    with transaction():
        assert chasing.chase_due(NOW + 8 * HOUR) == 1
        assert chasing.chase_due(NOW + 8 * HOUR) == 0
        assert ticket.level == 2
    assert sent("ticket.late") == everybody


def test_what_waits_for_the_client_is_never_late(cast: Cast) -> None:
    with transaction():
        ticket = making.asked(cast, "network")
        making.answer(ticket, cast, "哪个端口？", by="room_staff", waits=True)
        assert chasing.chase_due(NOW + 30 * DAY) == 0


def test_a_department_sees_its_own_what_it_follows_and_nothing_else(cast: Cast) -> None:
    with transaction():
        ticket = making.asked(cast)  # customer service's
    for who in ("sales", "room_staff", "guard"):
        with pytest.raises(NotFound):
            queries.get_ticket(cast.actor(who), ticket.id)
    for who in ("service", "supervisor", "auditor", "admin", "colleague"):
        assert queries.get_ticket(cast.actor(who), ticket.id).id == ticket.id
    with transaction():
        sorting.hand_over(ticket, HandOver(making.department("sales").id, cast.user("sales").id, "合同问题"), cast.actor("service"), NOW)
    assert queries.get_ticket(cast.actor("sales"), ticket.id).assignee_id == cast.user("sales").id
    assert sent("ticket.handed") == ["sales@rackpass.example"]
    wrong = HandOver(making.department("sales").id, cast.user("guard").id, "合同问题")
    assert code_of(lambda: sorting.hand_over(ticket, wrong, cast.actor("service"), NOW)) == "ticket.not_staff"


def test_taking_is_for_the_first(cast: Cast) -> None:
    with transaction():
        ticket = making.asked(cast)
        sorting.take(ticket, cast.actor("service"), NOW)
    with pytest.raises(Conflict), transaction():
        sorting.take(ticket, cast.actor("service2"), NOW)


def test_following_twice_is_once_and_followers_hear_what_the_client_writes(cast: Cast) -> None:
    with transaction():
        ticket = making.asked(cast)
        for _time in range(2):
            sorting.watch(ticket, True, cast.actor("supervisor"), NOW)
        services.say(ticket, Said("question", "还有一件事。"), cast.actor("admin"), NOW)
    assert "supervisor@rackpass.example" in sent("ticket.client_wrote")
    assert [user.name for user in queries.watchers_of(ticket)] == ["林岚"]
    with transaction():
        sorting.watch(ticket, False, cast.actor("supervisor"), NOW)
    assert queries.watchers_of(ticket) == []


def test_doubles_go_on_in_one(cast: Cast) -> None:
    with transaction():
        first, second = making.asked(cast), making.asked(cast)
        other = making.asked(cast, by="stranger", client_id=cast.beta.id)
    assert code_of(lambda: services.merge(second, other, cast.actor("service"), NOW)) == "ticket.same"
    assert code_of(lambda: services.merge(second, second, cast.actor("service"), NOW)) == "ticket.same"
    with transaction():
        making.answer(second, cast, "稍等", waits=True)
        services.merge(second, first, cast.actor("service"), NOW)
        assert (second.state, second.merged_into_id) == ("merged", first.id)
    assert code_of(lambda: services.say(second, Said("question", "?"), cast.actor("admin"), NOW)) == "ticket.over"


def test_the_client_withdraws_and_nobody_else_does(cast: Cast) -> None:
    with transaction():
        ticket = making.asked(cast)
    with pytest.raises(NotFound), transaction():
        services.withdraw(ticket, "不需要了", cast.actor("stranger"), NOW)
    with pytest.raises(Forbidden), transaction():
        services.withdraw(ticket, "不需要了", cast.actor("service"), NOW)
    with transaction():
        services.withdraw(ticket, "不需要了", cast.actor("colleague"), NOW)
        assert ticket.state == "withdrawn"


def test_time_spent_is_kept(cast: Cast) -> None:
    with transaction():
        ticket = making.asked(cast)
        making.answer(ticket, cast)
        services.settle(ticket, "完成", 25, cast.actor("service"), NOW)
    assert sum(session().scalars(select(TicketMessage.minutes).where(TicketMessage.ticket_id == ticket.id))) == 35
