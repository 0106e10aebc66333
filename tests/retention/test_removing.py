"""What goes when its time is over, what stays, and that the audit chain and the invariants hold afterwards."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.accounts.models import User, UserSession
from portal.audit import services as audit
from portal.audit.models import AuditEntry
from portal.audit.verify import verify
from portal.badges import services as badges
from portal.badges.models import Badge
from portal.clients import services as clients
from portal.clients.models import Person
from portal.conduct import services as conduct_services
from portal.evidence import services as evidence
from portal.evidence.models import EvidencePack
from portal.exits.models import Exit
from portal.files.models import StoredFile
from portal.gate.models import GateEvent
from portal.kernel import clock, files, ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import Forbidden, NotFound, Refused
from portal.outbox.models import Notice, OutboxMessage
from portal.retention import queries, rules, services
from portal.retention.rules import KINDS, REMOVED
from portal.retention.services import NewPeriod
from portal.shifts import services as shifts
from portal.shifts.models import Shift
from tests import scene as scenes
from tests.badges import making
from tests.cast import NOW, Cast
from tests.conduct import making as conduct

YEARS = timedelta(days=365)
As = Callable[[str], FlaskClient]


def set_days(cast: Cast, kind: str, days: int) -> None:
    command = NewPeriod(days, False, "试", "test", "PIPL 19")
    with transaction():
        services.change_period(kind, command, cast.actor("administrator"), NOW)


def run(at: timedelta) -> dict[str, int]:
    """Runs until nothing is left; what went in all."""
    total: dict[str, int] = {}
    while True:
        with transaction():
            counts = services.carry_out(NOW + at)
        if not counts:
            return total
        for kind, count in counts.items():
            total[kind] = total.get(kind, 0) + count


def test_nothing_goes_before_its_time(cast: Cast) -> None:
    with transaction():
        making.issued(cast)
        scenes_before = session().scalar(select(func.count()).select_from(GateEvent))
    assert run(timedelta(days=29)) == {}
    assert session().scalar(select(func.count()).select_from(GateEvent)) == scenes_before


def test_ten_years_later_no_name_is_left_but_in_the_audit(app: Flask, cast: Cast, tmp_path: Path) -> None:
    """The whole scene grows old: the figures stay, the audit verifies, every invariant holds (after each test)."""
    with transaction():
        scenes.build(cast)
        violation = conduct.decided(cast, conduct.WARNING)
        conduct_services.close_due(NOW + timedelta(days=60))
        shift = session().scalars(select(Shift).where(Shift.state == "running")).one()
        shifts.end(shift, "道路封闭", cast.actor("guard"), NOW)
        assert "王珺" in {row["person"] for row in shift.snapshot["inside"]}
        lost = session().scalars(select(Badge).where(Badge.state == "lost")).one()
        events = session().scalar(select(func.count()).select_from(GateEvent))
        photo = lost.photo_id
        clients.mark_left(cast.people["chen2"], cast.actor("solo"), NOW)
        pack = evidence.ask(clock.today(NOW), clock.today(NOW), cast.actor("auditor"), NOW)
    from portal import worker

    with transaction():
        while audit.seal(NOW):
            pass
    assert worker.make_pack(NOW)
    went = run(10 * YEARS)
    assert {
        "gate_log",
        "visits",
        "shifts",
        "identity_papers",
        "badge_photos",
        "people",
        "users",
        "sessions",
        "messages",
        "evidence_packs",
    } <= went.keys()
    with transaction():
        assert session().scalar(select(func.count()).select_from(GateEvent)) == events
        for event in session().scalars(select(GateEvent).where(GateEvent.kind == "entry")):
            assert (event.person_name, event.person_id, event.facts) == (REMOVED, None, {})
            assert event.room_id is not None
        left = session().get_one(Person, cast.people["chen2"].id, populate_existing=True)
        assert (left.name, left.document_number, left.phone, left.document_tail) == (REMOVED, "", "", "")
        wang = session().get_one(Person, cast.people["wang"].id, populate_existing=True)
        assert wang.name == "王珺"  # is inside on a live badge, whatever the day
        stored = session().get_one(StoredFile, photo, populate_existing=True)
        assert stored.filename == REMOVED
        kept = session().get_one(StoredFile, session().scalars(select(Badge.photo_id).where(Badge.state == "issued")).one())
        assert kept.removed_at is None
        disabled = session().scalars(select(User).where(User.state == "disabled")).one()
        assert disabled.email.endswith("@removed.invalid")
        assert session().scalar(select(func.count()).select_from(UserSession)) == 0
        assert session().scalar(select(func.count()).select_from(Notice)) == 0
        session().refresh(violation)
        assert violation.person_name == (REMOVED if violation.state == "closed" else "王珺")
        found = session().get_one(EvidencePack, pack.id, populate_existing=True)
        assert (found.state, found.sha256 != "") == ("removed", True)
        session().refresh(shift)
        assert (shift.notes, {row["person"] for row in shift.snapshot["inside"]}) == (REMOVED, {REMOVED})
        movers = set(session().scalars(select(Exit.mover_name).where(Exit.state == "released")))
        assert movers == {REMOVED}
        with pytest.raises(files.Lost):
            files.get(photo)
    with transaction():
        while audit.seal(NOW):
            pass
    audit.keep_head(tmp_path / "head.json")
    assert verify(tmp_path / "head.json").sound
    told = session().scalars(select(AuditEntry).where(AuditEntry.tag == "retention.carried_out")).all()
    assert sum(entry.after.get("people", 0) for entry in told) == went["people"]


def test_a_ban_still_finds_its_person(cast: Cast) -> None:
    with transaction():
        conduct.decided(cast, conduct.BAN)
        clients.mark_left(cast.people["wang"], cast.actor("admin"), NOW)
        clients.mark_left(cast.people["liu"], cast.actor("admin"), NOW)
    run(9 * YEARS)
    with transaction():
        session().expire_all()
        assert session().get_one(Person, cast.people["wang"].id).name == "王珺"
        assert session().get_one(Person, cast.people["liu"].id).name == REMOVED


def test_papers_go_so_long_after_the_badge_ended_not_after_the_upload(cast: Cast, app: Flask, as_: As) -> None:
    with transaction():
        badge = making.issued(cast)
        copy, photo = badge.identity_copy_id, badge.photo_id
    with transaction():
        badges.cancel(badge, "left", cast.actor("admin"), NOW + timedelta(days=80))
    assert run(timedelta(days=165)) == {}
    assert run(timedelta(days=171)) == {"badge_photos": 1}
    assert "identity_papers" not in run(timedelta(days=440))
    assert run(timedelta(days=446))["identity_papers"] == 2
    for file_id in (copy, photo):
        assert as_("service").get(f"/files/{ids.to_text(file_id)}").status_code == 404
        with pytest.raises(files.Lost):
            files.get(file_id)
    assert as_("service").get(f"/badges/{ids.to_text(badge.id)}").status_code == 200


def test_batches_go_on_until_all_is_done(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.retention import removing

    monkeypatch.setattr(removing, "BATCH", 2)
    with transaction():
        for number in range(5):
            session().add(
                OutboxMessage(created_at=NOW, code="badge.issued", address=f"{number}@x.example", locale="en", path="/", data={},
                              available_at=NOW, sent_at=NOW, attempts=1)
            )  # fmt: skip
    with transaction():
        assert services.carry_out(NOW + timedelta(days=181))["messages"] <= 4  # two e-mails, two notices
    run(timedelta(days=181))
    assert session().scalar(select(func.count()).where(OutboxMessage.sent_at.is_not(None))) == 0


def test_changing_a_period(cast: Cast) -> None:
    command = NewPeriod(200, False, "合同约定", "As the contract says", "合同第 8 条")
    for who in ("supervisor", "auditor", "service"):
        with pytest.raises(Forbidden), transaction():
            services.change_period("gate_log", command, cast.actor(who), NOW)
    administrator = cast.actor("administrator")
    for key, days, code in (
        ("gate_log", 179, "retention.below_minimum"),
        ("gate_log", None, "retention.days_missing"),
        ("gate_log", 99_999, "retention.too_long"),
        ("audit", 4000, "retention.fixed"),
    ):
        with pytest.raises(Refused) as refused, transaction():
            services.change_period(key, NewPeriod(days, False, "x", "x", "x"), administrator, NOW)
        assert refused.value.refusal.code == code
    with pytest.raises(NotFound), transaction():
        services.change_period("nothing", command, administrator, NOW)
    with transaction():
        services.change_period("gate_log", command, administrator, NOW)
        assert queries.over_before("gate_log", NOW) == NOW - timedelta(days=200)
        services.change_period("gate_log", NewPeriod(None, True, "x", "x", "x"), administrator, NOW)
        assert queries.over_before("gate_log", NOW) is None
    entry = session().scalars(select(AuditEntry).where(AuditEntry.tag == "retention.changed").order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.before, entry.after) == ({"days": 200}, {"days": "∞"})


def test_every_kind_has_a_reason_and_is_carried_out() -> None:
    from portal.retention.removing import REMOVERS

    assert {key for key, kind in KINDS.items() if kind.days is not None} == REMOVERS.keys()
    for kind in KINDS.values():
        assert kind.reason
        assert kind.clause
        assert kind.days is None or kind.days >= kind.least
        assert rules.why_not_period(kind, kind.days, for_good=kind.days is None) is None or kind.fixed


def test_everything_held_on_a_person_is_handed_out_on_record(cast: Cast, app: Flask, as_: As) -> None:
    with transaction():
        badge = making.issued(cast)
        conduct.same_person_for_beta(cast)
    person = cast.people["wang"]
    address = f"/retention/people/{ids.to_text(person.id)}/hand-out"
    answer = as_("service").post(address)
    assert answer.status_code == 200
    with zipfile.ZipFile(BytesIO(answer.data)) as pack:
        held = json.loads(pack.read("held.json"))
        names = pack.namelist()
    assert [one["client"] for one in held["people"]] == [cast.alpha.name, cast.beta.name]
    assert held["people"][0]["document_number"] == person.document_number
    assert [one["number"] for one in held["badges"]] == [badge.number]
    assert {file["purpose"] for file in held["files"]} == {"badge_photo", "identity_copy", "letter"}
    assert len([name for name in names if name.startswith("files/")]) == 3
    assert {change["tag"] for change in held["changes"]} >= {"person.added", "badge.issue"}
    entries = session().scalars(select(AuditEntry.actor_name).where(AuditEntry.tag == "person.exported")).all()
    assert list(entries) == ["周敏", "周敏"]
    for who in ("admin", "colleague", "auditor", "guard", "administrator"):
        assert as_(who).post(address).status_code == 403
