"""The pages of emergency access: asking, noting a call, deciding, the record, the report, the desk, the search."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.emergencies.forms import people_in, serials_in
from portal.emergencies.models import Emergency
from portal.emergencies.services import Expected
from portal.kernel import ids
from portal.kernel.db import session, transaction
from portal.passes.queries import live_pass
from portal.passes.token import group_short_code
from tests.cast import NOW, Cast
from tests.emergencies import making

As = Callable[[str], FlaskClient]


def path(emergency: Emergency, rest: str = "") -> str:
    return f"/emergencies/{ids.to_text(emergency.id)}{rest}"


def test_names_and_numbers_as_people_type_them() -> None:
    typed = "罗成 138 0013 8000\n\n 伍七，139-0013-9000 \nJohn Smith +44 20 7946 0958\n只有名字\n"
    assert people_in(typed) == (
        Expected("罗成", "138 0013 8000"),
        Expected("伍七", "139-0013-9000"),
        Expected("John Smith", "+44 20 7946 0958"),
        Expected("只有名字"),
    )
    assert serials_in("SN-1, SN-2，SN-3\nSN-4；\n") == ("SN-1", "SN-2", "SN-3", "SN-4")


def test_the_client_asks_and_sees_how_it_stands(as_: As, cast: Cast) -> None:
    client = as_("admin")
    room = ids.to_text(cast.rooms["B2"].id)
    refused = client.post("/emergencies/ask", data={"room": room, "reason": ""})
    assert refused.status_code == 422
    data = {"room": room, "reason": "掉电", "people": "罗成 138 0013 8000", "equipment": "", "once": "one"}
    answer = client.post("/emergencies/ask", data=data)
    assert answer.status_code == 302
    assert client.post("/emergencies/ask", data=data).headers["Location"] == answer.headers["Location"], "sent twice, asked once"
    (emergency,) = session().scalars(select(Emergency)).all()
    shown = client.get(path(emergency)).text
    assert "待主管审批" in shown
    assert "已通知主管" in shown, "that the supervisor was told stands on the timeline"
    assert "批准</button>" not in shown
    assert path(emergency) in client.get(f"/search?q={emergency.number.lower()}").text
    assert path(emergency) not in as_("stranger").get(f"/search?q={emergency.number}").text
    assert as_("stranger").get(path(emergency)).status_code == 404


def test_staff_choose_who_is_on_the_phone_first(as_: As, cast: Cast) -> None:
    guard = as_("guard")
    found = guard.get("/emergencies/ask?q=星海").text
    assert "星海数联" in found
    assert "澄明" not in found
    form = f"/emergencies/ask?client={ids.to_text(cast.alpha.id)}"
    data = {"room": ids.to_text(cast.rooms["B2"].id), "reason": "掉电", "caller_name": "", "caller_phone": "", "called_at": ""}
    refused = guard.post(form, data=data)
    assert refused.headers["X-Refusal"] == "emergency.caller_missing"
    data |= {"caller_name": "赵一鸣", "caller_phone": "13912345678", "called_at": "2026-11-23T10:20"}
    assert guard.post(form, data=data).status_code == 302
    emergency = session().scalars(select(Emergency)).one()
    assert (emergency.channel, emergency.called_at) == ("phone", NOW - timedelta(minutes=10))
    record = path(emergency)
    assert "+86 139 1234 5678" in as_("supervisor").get(record).text


def test_the_supervisor_decides_on_the_record_s_own_page(as_: As, cast: Cast) -> None:
    with transaction():
        emergency, other = making.asked(cast), making.asked(cast)
    supervisor = as_("supervisor")
    desk = supervisor.get("/").text
    assert desk.index("立即审批") < desk.index("待审批的紧急进入"), "above everything else"
    assert "故障紧急，确需进入。" in supervisor.get(path(emergency)).text
    usual = {"reason": "故障紧急，确需进入。"}
    assert supervisor.post(path(emergency, "/refuse"), data=usual).status_code == 422, "the usual reason to approve refuses nothing"
    assert supervisor.post(path(emergency, "/approve"), data=usual).status_code == 302
    assert supervisor.post(path(other, "/refuse"), data={"reason": "可等到工作时间"}).status_code == 302
    assert session().scalars(select(Emergency.state).order_by(Emergency.id)).all() == ["approved", "refused"]
    again = supervisor.post(path(emergency, "/approve"), data=usual, follow_redirects=True)
    assert "已批准，未进入" in again.text, "who was slower is told how it stands"
    held = live_pass(emergency.id)
    assert held is not None
    assert (held.kind, held.valid_until) == ("emergency", NOW + timedelta(hours=4)) or held.valid_until > NOW
    code = group_short_code(held.short_code)
    assert code in as_("admin").get(path(emergency)).text
    assert code not in as_("guard").get(path(emergency)).text, "a guard hears it, and does not look it up"
    assert "可等到工作时间" in as_("admin").get(path(other)).text


def test_the_report_and_its_review(as_: As, cast: Cast) -> None:
    with transaction():
        emergency = making.left(cast)
    admin, supervisor = as_("admin"), as_("supervisor")
    form = {"report": "更换电源模块", "equipment": "NO-1", "worked_until": "2026-11-23T11:20"}
    assert admin.post(path(emergency, "/report"), data=form).headers["X-Refusal"] == "emergency.equipment_unknown"
    assert admin.post(path(emergency, "/report"), data=form | {"equipment": ""}).status_code == 302
    assert supervisor.post(path(emergency, "/send_back"), data={"reason": "写明部件"}).status_code == 302
    shown = admin.get(path(emergency, "/report")).text
    assert "写明部件" in shown
    assert "更换电源模块" in shown, "what was written stays"
    assert admin.post(path(emergency, "/report"), data=form | {"equipment": "", "report": "更换电源模块 PSU-2"}).status_code == 302
    assert supervisor.post(path(emergency, "/close"), data={"reason": ""}).status_code == 302
    assert "PSU-2" in admin.get(path(emergency)).text
    assert admin.get(path(emergency, "/report")).status_code == 302, "nothing is due any more"


def test_the_list_filters_and_exports(as_: As, cast: Cast) -> None:
    with transaction():
        for state in ("asked", "closed", "report_due"):
            making.in_state(cast, state)
    service = as_("service")
    assert service.get("/emergencies/?state=open").text.count("EM-2611-") == 2
    assert service.get("/emergencies/?q=EM-2611-0002").text.count("EM-2611-0002") >= 1
    with service.get("/emergencies/?export=csv") as exported:
        assert len(exported.text.strip().splitlines()) == 4
    assert "EM-" not in as_("stranger").get("/emergencies/").text
