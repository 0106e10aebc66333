"""The pages of clients and people, asked for as browsers do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from portal.accounts.models import UserSession
from portal.audit.models import AuditEntry
from portal.clients import queries, services
from portal.clients.models import Client, Contact, Person
from portal.kernel import ids
from portal.kernel.db import session, transaction
from tests.badges import making
from tests.cast import NOW, PASSWORD, Cast, company_code, identity_number

As = Callable[[str], FlaskClient]


def client_url(client: Client, rest: str = "") -> str:
    return f"/clients/{ids.to_text(client.id)}{rest}"


def person_url(person: Person, rest: str = "") -> str:
    return f"/clients/people/{ids.to_text(person.id)}{rest}"


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
@pytest.mark.parametrize("who", ["service", "sales", "supervisor", "administrator", "auditor", "room_staff"])
def test_staff_see_the_list_and_each_record(cast: Cast, as_: As, who: str, locale: str) -> None:
    browser = as_(who)
    with browser.session_transaction() as cookie:
        cookie["locale"] = locale
    for path in ("/clients/", client_url(cast.alpha), client_url(cast.solo)):
        response = browser.get(path)
        assert response.status_code == 200
        assert company_code(1) not in response.text
        assert identity_number(1) not in response.text


def test_client_users_see_their_own_company_and_no_other(cast: Cast, as_: As) -> None:
    for who in ("admin", "colleague"):
        browser = as_(who)
        assert browser.get("/clients/").headers["Location"] == "/clients/own"
        assert cast.alpha.name in browser.get("/clients/own").text
        assert browser.get(client_url(cast.alpha)).status_code == 200
    assert as_("service").get("/clients/own").headers["Location"] == "/clients/"


def test_strangers_ids_are_404_on_every_route(cast: Cast, as_: As) -> None:
    stranger, admin = as_("stranger"), cast.actor("admin")
    with transaction():
        client = session().get_one(Client, cast.alpha.id)
        contact = services.add_contact(client, services.ContactData("赵", phone="13800138000"), admin, NOW)
    one = f"/contacts/{ids.to_text(contact.id)}"
    for path in ("", "/contacts/add", one, f"{one}/remove", "/people/add"):
        assert stranger.get(client_url(cast.alpha, path)).status_code == 404, path
    for path in ("/contacts/add", one, f"{one}/remove", "/people/add", "/number"):
        assert stranger.post(client_url(cast.alpha, path), data={"name": "x"}).status_code == 404, path
    assert stranger.post(client_url(cast.beta, f"{one}/remove")).status_code == 404
    wang = cast.people["wang"]
    for path in ("", "/change", "/left"):
        assert stranger.get(person_url(wang, path)).status_code == 404, path
    for path in ("/change", "/left", "/number"):
        assert stranger.post(person_url(wang, path)).status_code == 404, path
    assert stranger.get(f"/clients/people?client={ids.to_text(cast.alpha.id)}").status_code == 404
    assert session().scalars(select(Contact)).one().name == "赵"


def test_registering_and_the_same_number_again(cast: Cast, as_: As) -> None:
    sales = as_("sales")
    assert sales.get("/clients/register").status_code == 200
    data = {"kind": "company", "name": "云岭科技", "registration_number": company_code(900), "phone": "010-62310000"}
    response = sales.post("/clients/register", data=data)
    assert response.status_code == 302
    assert "云岭科技" in sales.get(response.headers["Location"]).text
    again = sales.post("/clients/register", data=data | {"name": "Another"})
    assert again.status_code == 422
    assert "云岭科技" in again.text
    assert 'value="Another"' in again.text
    bad = sales.post("/clients/register", data={"kind": "company", "name": "", "registration_number": ""})
    assert bad.status_code == 422


def test_a_form_sent_twice_counts_once(cast: Cast, as_: As) -> None:
    sales = as_("sales")
    data = {"kind": "company", "name": "云岭科技", "registration_number": company_code(900), "once": "token-of-this-form"}
    first, second = sales.post("/clients/register", data=data), sales.post("/clients/register", data=data)
    assert first.headers["Location"] == second.headers["Location"]


def test_changing_a_client_keeps_the_number_out_of_the_page(cast: Cast, as_: As) -> None:
    sales = as_("sales")
    response = sales.get(client_url(cast.alpha, "/change"))
    assert response.status_code == 200
    assert company_code(1) not in response.text
    data = {"name": "星海数联", "phone": "", "address": "上海", "sales": "", "note": "VIP"}
    assert sales.post(client_url(cast.alpha, "/change"), data=data).status_code == 302
    client = session().get_one(Client, cast.alpha.id)
    assert (client.name, client.address, client.sales_id, client.registration_number) == ("星海数联", "上海", None, company_code(1))
    assert "VIP" in as_("service").get(client_url(cast.alpha)).text
    assert "VIP" not in as_("admin").get(client_url(cast.alpha)).text


def test_a_number_is_shown_by_post_alone_and_on_record(cast: Cast, as_: As) -> None:
    service = as_("service")
    assert service.get(client_url(cast.alpha, "/number")).status_code == 405
    response = service.post(client_url(cast.alpha, "/number"))
    assert company_code(1) in response.text
    assert response.headers["Cache-Control"] == "no-store"
    assert company_code(1) not in service.get(client_url(cast.alpha)).text
    response = service.post(person_url(cast.people["wang"], "/number"))
    assert identity_number(10) in response.text
    found = session().scalars(select(AuditEntry.tag).where(AuditEntry.tag.like("%number_revealed")).order_by(AuditEntry.id)).all()
    assert found == ["client.number_revealed", "person.number_revealed"]


def test_a_number_is_shown_to_who_has_just_shown_who_they_are(cast: Cast, as_: As) -> None:
    """A browser left open at the counter shows no identity number: the password is asked for first, then the record again."""
    browser, record, secret = as_("service"), person_url(cast.people["wang"]), identity_number(10)
    address = client_url(cast.alpha)
    with transaction():
        session().execute(update(UserSession).values(proven_at=NOW - timedelta(minutes=11)))
    for where in (record, address):
        asked = browser.post(f"{where}/number", headers={"Referer": f"http://localhost{where}"})
        assert asked.status_code == 302
        assert parse_qs(urlsplit(asked.location).query) == {"next": [where]}
        assert urlsplit(asked.location).path == "/sign-in/again"
    assert browser.post(asked.location, data={"present": "not the password"}).status_code == 422
    assert browser.post(f"{record}/number").status_code == 302
    assert session().scalars(select(AuditEntry.tag).where(AuditEntry.tag.like("%number_revealed"))).all() == []
    assert browser.post(asked.location, data={"present": PASSWORD}).location == address
    assert secret in browser.post(f"{record}/number").text


@pytest.mark.parametrize("who", ["colleague", "sales", "administrator", "auditor", "room_staff"])
def test_who_may_not_see_numbers_is_not_offered_them(cast: Cast, as_: As, who: str) -> None:
    browser = as_(who)
    assert browser.post(client_url(cast.alpha, "/number")).status_code == 403
    assert "/number" not in browser.get(client_url(cast.alpha)).text


def test_people_are_added_changed_and_marked_as_left(cast: Cast, as_: As) -> None:
    admin = as_("admin")
    data = {"name": "新人", "document_kind": "identity_card", "document_number": identity_number(51), "phone": "13800138000"}
    assert admin.get(client_url(cast.alpha, "/people/add")).status_code == 200
    response = admin.post(client_url(cast.alpha, "/people/add"), data=data)
    assert response.status_code == 302
    page = admin.get(response.headers["Location"])
    assert "新人" in page.text
    assert identity_number(51) not in page.text
    person = session().scalars(select(Person).where(Person.name == "新人")).one()
    change_url, left_url, person_id = person_url(person, "/change"), person_url(person, "/left"), person.id
    assert admin.post(client_url(cast.alpha, "/people/add"), data=data).status_code == 422
    change = {"name": "新人二", "document_kind": "identity_card", "document_number": "", "phone": ""}
    assert admin.post(change_url, data=change).status_code == 302
    assert admin.get(left_url).status_code == 200
    assert admin.post(left_url).status_code == 302
    assert session().get_one(Person, person_id).left_at is not None
    assert admin.post(left_url).status_code == 302
    assert session().get_one(Person, person_id).left_at is None


def test_a_person_who_left_with_a_live_badge_is_warned_of(cast: Cast, as_: As) -> None:
    with transaction():
        badge = making.issued(cast)
    number, wang = badge.number, cast.people["wang"]
    admin = as_("admin")
    assert number in admin.get(person_url(wang, "/left")).text
    assert "callout stop" not in admin.get(person_url(wang)).text
    admin.post(person_url(wang, "/left"))
    page = admin.get(person_url(wang)).text
    assert "callout stop" in page
    assert number in page


def test_contacts_are_kept_on_the_record(cast: Cast, as_: As) -> None:
    admin = as_("admin")
    add = client_url(cast.alpha, "/contacts/add")
    assert admin.post(add, data={"name": "赵", "email": "not an address"}).status_code == 422
    assert admin.post(add, data={"name": "赵"}).status_code == 422
    assert admin.post(add, data={"name": "赵", "phone": "13800138000", "email": "Zhao@Client.example"}).status_code == 302
    contact = session().scalars(select(Contact)).one()
    assert contact.email == "zhao@client.example"
    one = client_url(cast.alpha, f"/contacts/{ids.to_text(contact.id)}")
    assert admin.get(one).status_code == 200
    assert admin.post(one, data={"name": "钱", "phone": "13800138000"}).status_code == 302
    assert "钱" in admin.get(client_url(cast.alpha)).text
    assert admin.get(f"{one}/remove").status_code == 200
    assert admin.post(f"{one}/remove").status_code == 302
    assert session().scalars(select(Contact)).all() == []


def test_lists_filter_sort_and_export(cast: Cast, as_: As) -> None:
    service = as_("service")
    assert cast.beta.name not in service.get("/clients/?q=星海").text
    assert cast.alpha.name not in service.get("/clients/?kind=individual").text
    assert cast.alpha.name in service.get("/clients/?in_force=1&sort=name").text
    exported = service.get("/clients/?export=csv", buffered=True).get_data(as_text=True)
    assert cast.alpha.name in exported
    assert company_code(1) not in exported
    assert "王珺" in service.get("/clients/people?q=王珺").text
    assert "李想" not in service.get("/clients/people?q=王珺").text
    assert "王珺" in service.get("/clients/people?state=here&document=identity_card&sort=name").text
    assert "王珺" not in service.get("/clients/people?state=left").text
    people = service.get("/clients/people?export=csv", buffered=True).get_data(as_text=True)
    assert "王珺" in people
    assert identity_number(10) not in people
    assert "王珺" not in as_("stranger").get("/clients/people?export=csv", buffered=True).get_data(as_text=True)
    assert service.get("/clients/people?export=exe").status_code == 404


@pytest.mark.parametrize("who", ["guard", "room_staff", "administrator"])
def test_people_are_not_for_everyone(cast: Cast, as_: As, who: str) -> None:
    browser = as_(who)
    assert browser.get("/clients/people").status_code == 403
    assert browser.get(person_url(cast.people["wang"])).status_code == 403
    if who != "guard":
        assert "王珺" not in browser.get(client_url(cast.alpha)).text


def test_many_clients_are_searched_before_one_is_chosen(as_: As, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    service, administrator = as_("service"), as_("administrator")
    alpha, beta = (f'value="{ids.to_text(client.id)}"' for client in (cast.alpha, cast.beta))
    places = [("/badges/apply", service), ("/visits/request", service), ("/violations/record", service), ("/users/invite", administrator)]
    for path, who in places:
        assert "client_q" not in who.get(path).text, path
    monkeypatch.setattr(queries, "CHOICES", 2)
    for path, who in places:
        assert 'name="client_q"' in who.get(path).text, path
        found = who.get(f"{path}?client_q=澄明").text
        assert beta in found, path
        assert alpha not in found, path
        assert beta not in who.get(f"{path}?client_q=zzz").text, path
    assert beta in administrator.get(f"/users/invite?client={ids.to_text(cast.beta.id)}").text
