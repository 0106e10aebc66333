"""The pages of contracts, asked for as browsers do."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.contracts import queries, services
from portal.contracts.models import Contract
from portal.kernel import ids
from portal.kernel.db import session, transaction
from tests.badges import making as badge_making
from tests.cast import NOW, Cast
from tests.contracts.making import drafted
from tests.equipment.making import racked
from tests.files.test_contents import PDF_FILE
from tests.papers import staged

As = Callable[[str], FlaskClient]
STAFF = ["service", "sales", "room_staff", "supervisor", "administrator", "auditor"]


def url(contract: Contract, rest: str = "") -> str:
    return f"/contracts/{ids.to_text(contract.id)}{rest}"


def state_of(contract_id: object) -> str:
    return session().scalars(select(Contract.state).where(Contract.id == contract_id)).one()


def terms(**changes: str) -> dict[str, str]:
    return {
        "units_granted": "10",
        "power_w": "2000",
        "bandwidth_mbps": "100",
        "ips_per_server": "1",
        "ips_total": "",
        "ports_per_server": "1",
        "ports_total": "",
        "note": "",
    } | changes


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
@pytest.mark.parametrize("who", [*STAFF, "admin", "colleague"])
def test_list_and_record_open_in_both_languages(cast: Cast, as_: As, who: str, locale: str) -> None:
    browser = as_(who)
    with browser.session_transaction() as cookie:
        cookie["locale"] = locale
    number = cast.contracts["alpha"].number
    assert number in browser.get("/contracts/").text
    page = browser.get(url(cast.contracts["alpha"]))
    assert page.status_code == 200
    assert number in page.text


def test_duty_staff_have_no_business_with_contracts(cast: Cast, as_: As) -> None:
    guard = as_("guard")
    assert guard.get("/contracts/").status_code == 403
    assert guard.get(url(cast.contracts["alpha"])).status_code == 403


def test_strangers_ids_are_404_on_every_route(cast: Cast, as_: As) -> None:
    stranger, alpha = as_("stranger"), cast.contracts["alpha"]
    assert stranger.get(url(alpha)).status_code == 404
    assert alpha.number not in stranger.get("/contracts/").text
    assert alpha.number not in stranger.get("/contracts/?export=csv", buffered=True).get_data(as_text=True)
    for rest in ("/draft", "/terms", "/renew", "/documents/add", "/sign", "/close", "/suspend"):
        for method in (stranger.get, stranger.post):
            assert method(url(alpha, rest)).status_code in (403, 404), rest
    sales = as_("sales")
    for rest in ("", "/draft", "/terms", "/renew", "/documents/add", "/sign"):
        assert sales.get(f"/contracts/{'0' * 26}{rest}").status_code == 404, rest
    assert sales.get(url(alpha, "/explode")).status_code == 404
    assert sales.get(url(alpha, "/expire")).status_code == 404


def test_a_draft_in_two_steps_signed_and_opened(cast: Cast, as_: As) -> None:
    sales = as_("sales")
    client, room = ids.to_text(cast.beta.id), ids.to_text(cast.rooms["A1"].id)
    rack = ids.to_text(cast.racks["A1-01"].id)
    assert cast.beta.name in sales.get(f"/contracts/draft?client={client}").text
    step = f"/contracts/draft?client={client}&room={room}"
    page = sales.get(step)
    assert "A1-01" in page.text
    assert "B2-01" not in page.text
    data = terms(starts_on="2026-11-23", ends_on="2027-11-22", rack_ids=rack, note="internal remark")
    response = sales.post(step, data=data | {"document": (io.BytesIO(PDF_FILE), "contract.pdf")}, content_type="multipart/form-data")
    assert response.status_code == 302
    page = sales.get(response.headers["Location"])
    assert "contract.pdf" in page.text
    assert "A1-01" in page.text
    contract_id = session().scalars(select(Contract.id).where(Contract.client_id == cast.beta.id, Contract.state == "draft")).one()
    assert sales.get(f"{response.headers['Location']}/sign").status_code == 200
    assert sales.post(f"{response.headers['Location']}/sign").status_code == 302
    assert state_of(contract_id) == "in_force"
    seen = as_("stranger").get(response.headers["Location"])
    assert "contract.pdf" in seen.text
    assert "internal remark" not in seen.text


def test_what_is_wrong_in_a_draft_is_told_and_nothing_typed_is_lost(cast: Cast, as_: As) -> None:
    sales = as_("sales")
    step = f"/contracts/draft?client={ids.to_text(cast.beta.id)}&room={ids.to_text(cast.rooms['A1'].id)}"
    data = terms(units_granted="999", starts_on="2026-11-23", ends_on="2027-11-22", note="kept text")
    response = sales.post(step, data=data)
    assert response.status_code == 422
    assert "126" in response.text
    assert "kept text" in response.text
    assert 'value="999"' in response.text
    for wrong in ({"units_granted": "many"}, {"power_w": ""}, {"ips_per_server": "0"}, {"ends_on": "soon"}, {"power_w": "-1"}):
        assert sales.post(step, data=data | {"units_granted": "1"} | wrong).status_code == 422, wrong
    assert sales.post(step, data=data | {"rack_ids": "nonsense"}).status_code == 422
    assert sales.get("/contracts/draft?client=nonsense").status_code == 404


def test_a_follow_up_begins_with_the_terms_before(cast: Cast, as_: As) -> None:
    alpha = cast.contracts["alpha"]
    page = as_("sales").get(f"/contracts/draft?renews={ids.to_text(alpha.id)}")
    assert page.status_code == 200
    assert alpha.number in page.text
    assert f'value="{alpha.ends_on + timedelta(days=1)}"' in page.text


def test_a_draft_is_changed_and_terms_in_force_are_for_a_reason(cast: Cast, as_: As) -> None:
    sales = as_("sales")
    with transaction():
        contract = drafted(cast, units_granted=1)
    contract_id = contract.id
    path = url(contract)
    assert sales.get(f"{path}/draft").status_code == 200
    assert sales.post(f"{path}/draft", data=terms(starts_on="2026-11-01", ends_on="2027-10-31")).status_code == 302
    assert session().get_one(Contract, contract_id).units_granted == 10
    alpha = url(cast.contracts["alpha"], "/terms")
    assert sales.get(alpha).status_code == 200
    assert sales.post(alpha, data=terms()).status_code == 422
    assert sales.post(alpha, data=terms(reason="supplement")).status_code == 302
    assert "supplement" in sales.get(url(cast.contracts["alpha"])).text


def test_renewal_refuses_an_earlier_day_and_takes_a_later_one(cast: Cast, as_: As) -> None:
    sales, alpha = as_("sales"), cast.contracts["alpha"]
    last, path = alpha.ends_on, url(alpha)
    assert sales.get(f"{path}/renew").status_code == 200
    assert sales.post(f"{path}/renew", data={"ends_on": str(last)}).status_code == 422
    assert sales.post(f"{path}/renew", data={"ends_on": "never"}).status_code == 422
    assert sales.post(f"{path}/renew", data={"ends_on": str(last + timedelta(days=1))}).status_code == 302


def test_each_role_is_offered_its_own_actions(cast: Cast, as_: As) -> None:
    path = url(cast.contracts["alpha"])
    for who in (*STAFF, "admin"):
        page = as_(who).get(path).text
        assert (f"{path}/suspend" in page) == (who == "supervisor"), who
        assert (f"{path}/terms" in page) == (who == "sales"), who
        assert (f"{path}/documents/add" in page) == (who == "sales"), who
    assert as_("service").post(f"{path}/suspend", data={"reason": "x"}).status_code == 403
    assert as_("sales").post(f"{path}/suspend", data={"reason": "x"}).status_code == 403
    assert as_("supervisor").post(f"{path}/end", data={"reason": "x"}).status_code == 403


def test_suspending_needs_a_reason_and_shows_on_the_record(cast: Cast, as_: As) -> None:
    supervisor, path, contract_id = as_("supervisor"), url(cast.contracts["alpha"]), cast.contracts["alpha"].id
    assert supervisor.post(f"{path}/suspend", data={"reason": ""}).status_code == 422
    assert supervisor.post(f"{path}/suspend", data={"reason": "unpaid"}).status_code == 302
    assert state_of(contract_id) == "suspended"
    assert "callout stop" in as_("admin").get(path).text
    again = supervisor.post(f"{path}/suspend", data={"reason": "unpaid"})
    assert again.status_code == 302
    assert supervisor.post(f"{path}/resume", data={"reason": "paid"}).status_code == 302


def test_closing_says_what_is_still_open_and_the_record_lists_it(cast: Cast, as_: As) -> None:
    sales, path, contract_id = as_("sales"), url(cast.contracts["alpha"]), cast.contracts["alpha"].id
    with transaction():
        badge = badge_making.issued(cast).number
        racked(cast, "SN-0100", unit=20)
        cast.contracts["alpha"] = queries.get_contract(cast.actor("sales"), contract_id)
        services.end_contract(cast.contracts["alpha"], "moves out", cast.actor("sales"), NOW)
    for who in ("sales", "admin"):
        page = as_(who).get(path).text
        assert badge in page
        assert "SN-0100" in page
    response = sales.post(f"{path}/close")
    assert response.status_code == 422
    assert badge in response.text
    assert "SN-0100" in response.text
    assert state_of(contract_id) == "ending"


def test_documents_show_to_the_client_admin_sales_and_supervisors_alone(cast: Cast, as_: As) -> None:
    alpha = cast.contracts["alpha"]
    with transaction():
        services.add_document(alpha, staged("contract_document", cast.actor("sales"), NOW), "主合同扫描件", cast.actor("sales"), NOW)
    path = url(alpha)
    for who in (*STAFF, "admin", "colleague"):
        assert ("主合同扫描件" in as_(who).get(path).text) == (who in ("sales", "supervisor", "admin")), who


def test_the_list_filters_sorts_and_exports(cast: Cast, as_: As) -> None:
    sales = as_("sales")
    number = {name: contract.number for name, contract in cast.contracts.items()}
    assert number["beta"] not in sales.get("/contracts/?q=星海").text
    assert number["alpha"] not in sales.get("/contracts/?room=A1").text
    assert number["alpha"] in sales.get("/contracts/?state=in_force&sort=-ends_on").text
    assert number["alpha"] not in sales.get("/contracts/?soon=1").text
    assert number["alpha"] not in sales.get("/contracts/?ends_from=2030-01-01").text
    exported = sales.get("/contracts/?export=csv", buffered=True).get_data(as_text=True)
    assert all(text in exported for text in number.values())
