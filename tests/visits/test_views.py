"""The pages of visits by real requests: typing and pasting people, what is wrong said beside them, numbers masked, review, passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.demo.numbers import identity_number
from portal.kernel import ids
from portal.kernel.db import session, transaction
from portal.visits.models import SiteVisitHours, Visit, VisitExtension
from tests.cast import NOW, Cast
from tests.papers import staged
from tests.visits import making

AsUser = Callable[[str], FlaskClient]
HEADERS = {"Accept-Language": "en"}


def filled(cast: Cast, **changes: Any) -> dict[str, Any]:
    """The form as the browser sends it, for nobody."""
    with transaction():
        letter = ids.to_text(staged("letter", cast.actor("admin"), NOW))
    room = ids.to_text(cast.rooms["B2"].id)
    values = {"room": room, "starts_at": "2026-11-24T09:00", "ends_at": "2026-11-24T18:00", "reason": "更换电源", "letter_kept": letter}
    return {**values, "do": "save"} | changes


def rows(*people: tuple[str, str, str]) -> dict[str, list[str]]:
    names, numbers, addresses = zip(*people, strict=True)
    kinds = ["identity_card"] * len(people)
    return {"row_name": list(names), "row_document_kind": kinds, "row_document_number": list(numbers), "row_email": list(addresses)}


def path(visit: Visit, rest: str = "") -> str:
    return f"/visits/{ids.to_text(visit.id)}{rest}"


def test_a_request_with_known_and_new_people(as_: AsUser, cast: Cast) -> None:
    wang, number = ids.to_text(cast.people["wang"].id), identity_number(70)
    data = filled(
        cast, person=[wang], **{f"email-{wang}": "wang@x.example"}, **rows(("许巍", number, "xu@work.example")), vehicles="京a12345"
    )
    answer = as_("admin").post("/visits/request", data=data)
    assert answer.status_code == 302, answer.text
    visit = session().scalars(select(Visit)).one()
    assert [(v.person.name, v.email) for v in making.people(visit)] == [("王珺", "wang@x.example"), ("许巍", "xu@work.example")]
    assert visit.vehicles == ["京A12345"]
    page = as_("admin").get(answer.location).text
    assert "许巍" in page
    assert number not in page
    assert number[:4] in page


def test_wrong_lines_are_marked_and_nothing_is_lost(as_: AsUser, cast: Cast) -> None:
    wang = ids.to_text(cast.people["wang"].id)
    lines = rows(("许巍", "110101199003070003", "no-address"), ("", identity_number(71), ""), ("别人", identity_number(10), ""))
    answer = as_("admin").post("/visits/request", data=filled(cast, person=[wang], **lines))
    assert answer.status_code == 422
    for kept in ("110101199003070003", "no-address", identity_number(71), "更换电源"):
        assert kept in answer.text
    assert answer.text.count('class="bad"') == 3
    assert not session().scalars(select(Visit)).all()
    # A list is put into the table first, whatever was pressed, and is seen before it is sent.
    pasted = as_("admin").post("/visits/request", data=filled(cast, pasted=f"许巍,{identity_number(72)}"))
    assert pasted.status_code == 200
    assert identity_number(72) in pasted.text
    assert not session().scalars(select(Visit)).all()


def test_repeating_an_earlier_visit_takes_people_and_purpose_over(as_: AsUser, cast: Cast) -> None:
    with transaction():
        visit = making.in_state(cast, "over", people=(making.new(60, "许巍", email="xu@work.example"),), tools="万用表")
    page = as_("admin").get(f"/visits/request?repeats={ids.to_text(visit.id)}").text
    assert "万用表" in page
    assert "xu@work.example" in page
    person = ids.to_text(making.people(visit)[0].person_id)
    answer = as_("admin").post(f"/visits/request?repeats={ids.to_text(visit.id)}", data=filled(cast, person=[person]))
    assert answer.status_code == 302
    assert session().scalars(select(Visit.repeats_id).where(Visit.id != visit.id)).one() == visit.id


def test_correct_review_and_approve_a_part(as_: AsUser, cast: Cast) -> None:
    with transaction():
        visit = making.in_state(cast, "needs_correction", "wang", "liu")
    people = [ids.to_text(cast.people[name].id) for name in ("wang", "zhang")]
    assert as_("admin").post(path(visit, "/resend"), data=filled(cast, person=people)).status_code == 302
    service = as_("service")
    assert "张䶮" in service.get(path(visit, "/approve")).text
    chosen = [ids.to_text(v.id) for v in making.people(visit) if v.person.name == "张䶮"]
    assert service.post(path(visit, "/approve"), data={"people": [], "escorted": "y"}).status_code == 422
    assert service.post(path(visit, "/approve"), data={"people": chosen, "escorted": "y"}).status_code == 302
    assert {v.person.name: v.state for v in making.people(visit)} == {"王珺": "refused", "刘洋": "withdrawn", "张䶮": "approved"}
    number, own = next(
        (v.number, path(visit, f"/people/{ids.to_text(v.id)}/pass.pdf")) for v in making.people(visit) if v.state == "approved"
    )
    found = as_("colleague").get(own)
    assert (found.status_code, found.mimetype) == (200, "application/pdf")
    assert as_("stranger").get(path(visit, "/passes.pdf")).status_code == 404
    assert session().scalars(select(AuditEntry.after).where(AuditEntry.tag == "visit.printed")).one() == {"for": number}
    other = next(path(visit, f"/people/{ids.to_text(v.id)}/pass.pdf") for v in making.people(visit) if v.state == "refused")
    assert as_("admin").get(other).status_code == 404


def test_shorten_extend_and_take_off_on_their_pages(as_: AsUser, cast: Cast) -> None:
    with transaction():
        visit = making.approved(cast, "wang", "liu")
    admin = as_("admin")
    assert admin.post(path(visit, "/shorten"), data={"ends_at": "2026-11-24T19:00"}).status_code == 422
    assert admin.post(path(visit, "/shorten"), data={"ends_at": "2026-11-24T17:00"}).status_code == 302
    assert admin.post(path(visit, "/more-time"), data={"ends_at": "2026-11-24T20:00", "reason": "备件晚到"}).status_code == 302
    extension = session().scalars(select(VisitExtension)).one()
    answer = path(visit, f"/more-time/{ids.to_text(extension.id)}/approve")
    assert admin.get(answer).status_code == 403
    assert as_("service").post(answer).status_code == 302
    one = path(visit, f"/people/{ids.to_text(making.people(visit)[0].id)}/withdraw")
    assert admin.post(one, data={"reason": "生病"}).status_code == 302
    assert [v.state for v in making.people(visit)] == ["withdrawn", "approved"]


def test_hours_and_rules_are_set_on_their_pages(as_: AsUser, cast: Cast) -> None:
    site = ids.to_text(cast.rooms["B2"].site_id)
    supervisor = as_("supervisor")
    wrong = {"opens": "18:00", "closes": "9", "days": ["1"], "slot_minutes": "30"}
    assert supervisor.post(f"/visits/settings/sites/{site}", data=wrong).status_code == 422
    right = {"opens": "09:00", "closes": "18:00", "days": ["1", "2", "3", "4", "5"], "working_days_only": "y", "slot_minutes": "30"}
    assert supervisor.post(f"/visits/settings/sites/{site}", data=right).status_code == 302
    found = session().scalars(select(SiteVisitHours)).one()
    assert (found.opens, found.closes, found.weekdays, found.working_days_only, found.slot_minutes) == (540, 1080, "12345", True, 30)
    page = supervisor.get("/visits/settings", headers=HEADERS).text
    assert "09:00–18:00" in page
    rule = {"active": "y", "people_most": "2", "hours_most": "10", "visits_a_week": "1"}
    client = ids.to_text(cast.alpha.id)
    assert supervisor.post(f"/visits/settings/clients/{client}", data=rule | {"people_most": "51"}).status_code == 422
    assert supervisor.post(f"/visits/settings/clients/{client}", data=rule).status_code == 302
    wang = ids.to_text(cast.people["wang"].id)
    assert as_("admin").post("/visits/request", data=filled(cast, person=[wang])).status_code == 302
    assert session().scalars(select(Visit)).one().by_rule
    assert supervisor.post(f"/visits/settings/sites/{site}/lift").status_code == 302
    assert not session().scalars(select(SiteVisitHours)).all()


def test_the_list_the_desk_and_the_search_find_it(as_: AsUser, cast: Cast) -> None:
    with transaction():
        visit = making.requested(cast)
    number = visit.number
    assert number in as_("service").get("/").text
    assert number in as_("service").get("/visits/?q=王珺").text
    assert number in as_("service").get(f"/search?q={number}").text
    assert number not in as_("stranger").get("/visits/").text
    assert number in as_("admin").get("/visits/?export=csv", buffered=True).text
