"""Clients, contacts and people: registering once, changing, revealing, leaving."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select, text

from portal.audit.models import AuditEntry
from portal.clients import queries, services
from portal.clients.models import Client, Contact, Person
from portal.clients.services import ClientChange, ContactData, NewClient, NewPerson, PersonChange
from portal.kernel.db import isolated, session, transaction
from portal.kernel.errors import Forbidden, NotFound, Refused
from portal.kernel.numbers import next_number
from tests.cast import NOW, Cast, company_code, identity_number

COMPANY = NewClient("company", "云岭科技有限公司", company_code(900), phone="010-62310000", address="北京", note="A note")


def codes(error: pytest.ExceptionInfo[Refused]) -> list[tuple[str, str | None]]:
    return [(refusal.code, refusal.field) for refusal in error.value.refusals]


def tags(subject_id: Any) -> list[str]:
    entries = select(AuditEntry.tag).where(AuditEntry.subject_id == subject_id).order_by(AuditEntry.id)
    return list(session().scalars(entries))


def at_once(work: Callable[[], object], threads: int = 16) -> list[object]:
    """What `work` gave or raised in each of several threads that begin together, each with a transaction of its own."""
    results: list[object] = []
    start = threading.Barrier(threads)

    def run() -> None:
        with isolated():
            start.wait()
            try:
                with transaction():
                    results.append(work())
            except Exception as error:
                results.append(error)

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return results


def test_a_company_is_registered_with_a_number_of_its_series(cast: Cast) -> None:
    with transaction():
        client = services.register_client(COMPANY, cast.actor("sales"), NOW)
    assert client.number.startswith("KH-2611-")
    assert client.phone == "+86 10 6231 0000"
    assert client.sales_id == cast.user("sales").id
    assert tags(client.id) == ["client.registered"]
    stored = session().execute(text("SELECT registration_number FROM clients WHERE number = :n"), {"n": client.number}).scalar_one()
    assert COMPANY.registration_number.encode() not in bytes(stored)
    entry = session().scalars(select(AuditEntry).where(AuditEntry.subject_id == client.id)).one()
    assert COMPANY.registration_number not in str(entry.after)


@pytest.mark.parametrize("who", ["admin", "colleague", "room_staff", "guard", "supervisor", "administrator", "auditor"])
def test_only_sales_and_customer_service_register(cast: Cast, who: str) -> None:
    with pytest.raises(Forbidden), transaction():
        services.register_client(COMPANY, cast.actor(who), NOW)


def test_wrong_numbers_are_told_beside_their_fields(cast: Cast) -> None:
    wrong = replace(COMPANY, registration_number="91110108MA01", phone="12345")
    with pytest.raises(Refused) as refused, transaction():
        services.register_client(wrong, cast.actor("sales"), NOW)
    assert codes(refused) == [("client.code_shape", "registration_number"), ("client.phone", "phone")]
    with pytest.raises(Refused) as refused, transaction():
        services.register_client(replace(COMPANY, kind="individual"), cast.actor("sales"), NOW)
    assert codes(refused) == [("document.identity_shape", "registration_number")]


def test_the_same_number_twice_is_refused_and_names_the_client(cast: Cast) -> None:
    typed = company_code(1).lower()
    with pytest.raises(Refused) as refused, transaction():
        services.register_client(replace(COMPANY, registration_number=f" {typed[:9]} {typed[9:]}"), cast.actor("service"), NOW)
    assert codes(refused) == [("client.number_known", "registration_number")]
    assert refused.value.refusal.data == {"name": cast.alpha.name, "number": cast.alpha.number}


def test_of_sixteen_registrations_of_one_company_at_once_one_wins(cast: Cast) -> None:
    sales = cast.actor("sales")
    results = at_once(lambda: services.register_client(COMPANY, sales, NOW))
    won = [result for result in results if isinstance(result, Client)]
    lost = [result for result in results if isinstance(result, Refused)]
    assert (len(won), len(lost)) == (1, 15)
    assert {error.refusal.code for error in lost} == {"client.number_known"}


def test_numbers_are_given_once_at_once(cast: Cast) -> None:
    results = at_once(lambda: next_number("KH", NOW))
    assert len(set(results)) == 16


def test_a_client_is_changed_and_only_what_changed_is_told(cast: Cast) -> None:
    sales = cast.actor("sales")
    with transaction():
        client = queries.get_client(sales, cast.alpha.id)
        services.change_client(client, ClientChange("新名字", "", "上海", "", cast.user("sales").id), sales, NOW)
    entry = session().scalars(select(AuditEntry).where(AuditEntry.tag == "client.changed")).one()
    assert entry.after == {"name": "新名字", "address": "上海"}
    assert entry.before == {"name": "星海数联（北京）信息技术有限公司", "address": ""}
    with transaction():
        client = queries.get_client(sales, cast.alpha.id)
        services.change_client(client, ClientChange("新名字", "", "上海", "", cast.user("sales").id), sales, NOW)
    assert tags(cast.alpha.id).count("client.changed") == 1


def test_a_mistyped_registration_number_is_corrected_but_not_into_another_clients(cast: Cast) -> None:
    sales = cast.actor("sales")
    same = ClientChange(cast.alpha.name, "", "", "", cast.alpha.sales_id)
    with transaction():
        client = queries.get_client(sales, cast.alpha.id)
        services.change_client(client, replace(same, registration_number=company_code(901)), sales, NOW)
    client = queries.get_client(sales, cast.alpha.id)
    assert client.registration_number == company_code(901)
    assert client.registration_hash == services.registration_hash(company_code(901))
    entry = session().scalars(select(AuditEntry).where(AuditEntry.tag == "client.changed")).one()
    assert entry.after == {"registration": "9111••••••••••" + company_code(901)[-4:]}
    with pytest.raises(Refused) as refused, transaction():
        services.change_client(queries.get_client(sales, cast.alpha.id), replace(same, registration_number=company_code(2)), sales, NOW)
    assert codes(refused) == [("client.number_known", "registration_number")]


def test_showing_a_number_in_full_stays_on_record(cast: Cast) -> None:
    service = cast.actor("service")
    with transaction():
        assert services.reveal_client_number(queries.get_client(service, cast.alpha.id), service, NOW) == company_code(1)
        person = queries.get_person(service, cast.people["wang"].id)
        assert services.reveal_person_number(person, service, NOW) == identity_number(10)
    assert tags(cast.alpha.id)[-1] == "client.number_revealed"
    assert tags(cast.people["wang"].id)[-1] == "person.number_revealed"
    for who in ("colleague", "sales", "room_staff", "guard", "administrator", "auditor"):
        with pytest.raises(Forbidden), transaction():
            services.reveal_person_number(cast.people["wang"], cast.actor(who), NOW)


def test_contacts_come_change_and_go(cast: Cast) -> None:
    admin = cast.actor("admin")
    with transaction():
        client = queries.get_client(admin, cast.alpha.id)
        services.add_contact(client, ContactData("赵一鸣", "运维", "13800138000", "zhao@client.example"), admin, NOW)
    client = queries.get_client(admin, cast.alpha.id)
    (contact,) = queries.contacts_of(client)
    assert contact.phone == "+86 138 0013 8000"
    with transaction():
        client = queries.get_client(admin, cast.alpha.id)
        contact = queries.get_contact(client, contact.id)
        services.change_contact(contact, client, ContactData("赵一鸣", "财务", "13800138000", "zhao@client.example"), admin, NOW)
    with transaction():
        client = queries.get_client(admin, cast.alpha.id)
        services.remove_contact(queries.get_contact(client, contact.id), client, admin, NOW)
    assert tags(cast.alpha.id)[-3:] == ["contact.added", "contact.changed", "contact.removed"]
    assert session().scalar(select(func.count(Contact.id))) == 0


def test_a_contact_can_be_reached_and_belongs_to_its_client(cast: Cast) -> None:
    admin, stranger = cast.actor("admin"), cast.actor("stranger")
    with pytest.raises(Refused) as refused, transaction():
        services.add_contact(queries.get_client(admin, cast.alpha.id), ContactData("赵一鸣"), admin, NOW)
    assert codes(refused) == [("contact.unreachable", "phone")]
    with transaction():
        contact = services.add_contact(queries.get_client(admin, cast.alpha.id), ContactData("赵", phone="13800138000"), admin, NOW)
    with pytest.raises(NotFound):
        queries.get_client(stranger, cast.alpha.id)
    with pytest.raises(NotFound):
        queries.get_contact(queries.get_client(stranger, cast.beta.id), contact.id)


NEW = NewPerson(None, "新人", "identity_card", identity_number(50), "13800138000")  # type: ignore[arg-type]


def test_a_person_is_added_once_for_a_client_and_may_act_for_two(cast: Cast) -> None:
    with transaction():
        person = services.add_person(replace(NEW, client_id=cast.alpha.id), cast.actor("admin"), NOW)
    assert person.document_tail == identity_number(50)[-4:]
    assert tags(person.id) == ["person.added"]
    with pytest.raises(Refused) as refused, transaction():
        services.add_person(replace(NEW, client_id=cast.alpha.id), cast.actor("colleague"), NOW)
    assert codes(refused) == [("person.known", "document_number")]
    assert refused.value.refusal.data == {"name": "新人"}
    with transaction():
        services.add_person(replace(NEW, client_id=cast.beta.id), cast.actor("stranger"), NOW)


def test_the_same_digits_of_another_document_are_another_number(cast: Cast) -> None:
    with transaction():
        for kind in ("passport", "taiwan_permit"):
            services.add_person(NewPerson(cast.alpha.id, "某人", kind, "12345678"), cast.actor("admin"), NOW)


def test_of_sixteen_additions_of_one_person_at_once_one_wins(cast: Cast) -> None:
    command, admin = replace(NEW, client_id=cast.alpha.id), cast.actor("admin")
    results = at_once(lambda: services.add_person(command, admin, NOW))
    assert sum(isinstance(result, Person) for result in results) == 1
    assert {result.refusal.code for result in results if isinstance(result, Refused)} == {"person.known"}
    assert sum(isinstance(result, Refused) for result in results) == 15


def test_nobody_adds_people_to_another_client(cast: Cast) -> None:
    with pytest.raises(NotFound), transaction():
        services.add_person(replace(NEW, client_id=cast.alpha.id), cast.actor("stranger"), NOW)
    with pytest.raises(Forbidden), transaction():
        services.add_person(replace(NEW, client_id=cast.alpha.id), cast.actor("sales"), NOW)


def test_a_person_who_left_is_not_offered_and_can_be_taken_back(cast: Cast) -> None:
    admin, wang = cast.actor("admin"), cast.people["wang"].id
    with transaction():
        services.mark_left(queries.get_person(admin, wang), admin, NOW)
        services.mark_left(queries.get_person(admin, wang), admin, NOW)
    assert wang not in {person.id for person in queries.people_of(admin, cast.alpha.id)}
    with pytest.raises(Refused) as refused, transaction():
        services.add_person(NewPerson(cast.alpha.id, "王珺", "identity_card", identity_number(10)), admin, NOW)
    assert codes(refused) == [("person.known_left", "document_number")]
    with transaction():
        services.take_back(queries.get_person(admin, wang), admin, NOW)
    assert wang in {person.id for person in queries.people_of(admin, cast.alpha.id)}
    assert tags(wang) == ["person.added", "person.left", "person.taken_back"]


def test_a_persons_data_change_and_the_number_only_when_given(cast: Cast) -> None:
    admin, wang = cast.actor("admin"), cast.people["wang"].id
    with transaction():
        services.change_person(queries.get_person(admin, wang), PersonChange("王珺珺", "", "identity_card"), admin, NOW)
    assert queries.get_person(admin, wang).document_number == identity_number(10)
    with transaction():
        services.change_person(queries.get_person(admin, wang), PersonChange("王珺珺", "", "passport", "E12345678"), admin, NOW)
    person = queries.get_person(admin, wang)
    assert (person.document_kind, person.document_number, person.document_tail) == ("passport", "E12345678", "5678")
    other = PersonChange("王珺珺", "", "identity_card", identity_number(11))
    with pytest.raises(Refused) as refused, transaction():
        services.change_person(queries.get_person(admin, wang), other, admin, NOW)
    assert codes(refused) == [("person.known", "document_number")]


def test_what_each_side_sees(cast: Cast) -> None:
    everyone, own = (queries.client_choices(cast.actor(who), {}).options for who in ("service", "stranger"))
    assert set(everyone) >= set(own)
    assert len(own) == 1
    assert len(session().scalars(queries.select_people(cast.actor("stranger"))).all()) == 1
    with pytest.raises(NotFound):
        queries.get_person(cast.actor("stranger"), cast.people["wang"].id)
    assert queries.people_of(cast.actor("stranger"), cast.alpha.id) == []


def test_search_finds_by_part_of_a_name_and_by_a_whole_number_only(cast: Cast) -> None:
    service = cast.actor("service")

    def clients(typed: str) -> list[str]:
        return [client.name for client in session().scalars(queries.select_clients(service).where(queries.client_like(typed)))]

    def people(typed: str) -> list[str]:
        return [person.name for person in session().scalars(queries.select_people(service).where(queries.person_like(typed)))]

    assert clients("星海") == [cast.alpha.name]
    assert clients(company_code(1).lower()) == [cast.alpha.name]
    assert clients(company_code(1)[:17]) == []
    assert people(identity_number(10)) == ["王珺"]
    assert people(identity_number(10)[-4:]) == ["王珺"]
    assert people(identity_number(10)[:12]) == []
    assert clients("%") == []
