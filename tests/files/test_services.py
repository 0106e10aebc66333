"""Staging, claiming, removing; and who opens what."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete, select

from portal.audit.models import AuditEntry
from portal.files import queries, services
from portal.files.models import StoredFile
from portal.files.rules import MAX_UNCLAIMED, PURPOSES
from portal.kernel import files, ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import NotFound, Refused
from portal.kernel.policy import Role
from tests.cast import NOW, Cast
from tests.papers import picture, staged


@pytest.fixture(autouse=True)
def _ids_by_this_tests_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids never go back in time; a test before may have looked far ahead."""
    monkeypatch.setattr(ids, "_last", 0)


_REVIEWERS = {"service", "service2", "supervisor"}


def claimed(cast: Cast, purpose: str, client: str = "alpha", by: str = "admin") -> uuid.UUID:
    actor = cast.actor(by)
    with transaction():
        file_id = staged(purpose, actor, NOW)
        services.claim(file_id, purpose, getattr(cast, client).id, actor, NOW)
    return file_id


def code_of(error: pytest.ExceptionInfo[Refused]) -> str:
    return error.value.refusal.code


def test_staged_content_comes_back_and_only_to_its_uploader(cast: Cast) -> None:
    with transaction():
        file_id = staged("letter", cast.actor("admin"), NOW)
    file = queries.get_file(cast.actor("admin"), file_id)
    assert queries.content(file)[:3] == b"\xff\xd8\xff"
    assert file.size == len(queries.content(file))
    for other in ("colleague", "stranger", "service", "supervisor", "guard", "administrator"):
        with pytest.raises(NotFound):
            queries.get_file(cast.actor(other), file_id)


def test_size_is_limited(cast: Cast) -> None:
    actor = cast.actor("admin")
    with pytest.raises(Refused) as refused, transaction():
        services.stage(b"", "a.jpg", "letter", actor, NOW)
    assert code_of(refused) == "file.empty"
    with pytest.raises(Refused) as refused, transaction():
        services.stage(bytes(1024 * 1024 + 1), "a.jpg", "letter", actor, NOW, limit_mb=1)
    assert code_of(refused) == "file.too_large"
    assert refused.value.refusal.data["limit"] == 1


def test_one_user_cannot_fill_the_store(cast: Cast) -> None:
    actor = cast.actor("admin")
    with transaction():
        for _ in range(MAX_UNCLAIMED):
            services.stage(picture(size=(180, 230)), "a.jpg", "letter", actor, NOW)
    with pytest.raises(Refused) as refused, transaction():
        staged("letter", actor, NOW)
    assert code_of(refused) == "file.too_many"
    with transaction():
        staged("letter", cast.actor("colleague"), NOW)


def test_claiming_is_for_the_uploader_and_the_purpose(cast: Cast) -> None:
    admin, alpha, beta = cast.actor("admin"), cast.alpha.id, cast.beta.id
    with transaction():
        letter = staged("letter", admin, NOW)
    for file_id, purpose, client, who in (
        (letter, "identity_copy", alpha, "admin"),
        (letter, "letter", alpha, "colleague"),
        (letter, "letter", beta, "stranger"),
        (uuid.uuid4(), "letter", alpha, "admin"),
    ):
        with pytest.raises(Refused) as refused, transaction():
            services.claim(file_id, purpose, client, cast.actor(who), NOW)
        assert code_of(refused) == "file.gone"
    with transaction():
        services.claim(letter, "letter", alpha, admin, NOW)
    with transaction():  # a correction keeps what is there, whoever of the client sends it
        assert services.claim(letter, "letter", alpha, cast.actor("colleague"), NOW).claimed_at == NOW
    with pytest.raises(Refused), transaction():
        services.claim(letter, "letter", beta, cast.actor("stranger"), NOW)
    entries = session().scalars(select(AuditEntry).where(AuditEntry.tag == "file.uploaded")).all()
    assert [(entry.subject_id, entry.client_id) for entry in entries] == [(letter, alpha)]


@pytest.mark.parametrize(
    ("purpose", "opens"),
    [
        (
            "badge_photo",
            {
                "admin",
                "colleague",
                "service",
                "service2",
                "sales",
                "room_staff",
                "guard",
                "guard2",
                "supervisor",
                "administrator",
                "auditor",
            },
        ),
        ("identity_copy", {"admin", "colleague"} | _REVIEWERS),
        ("letter", {"admin", "colleague"} | _REVIEWERS),
        ("contract_document", {"admin", "sales", "supervisor"}),
        ("evidence", {"service", "service2", "room_staff", "guard", "guard2", "supervisor", "auditor"}),
        ("appeal", {"admin", "colleague", "service", "service2", "supervisor", "auditor"}),
    ],
)
def test_each_purpose_opens_to_whom_it_names(cast: Cast, purpose: str, opens: set[str]) -> None:
    file_id = claimed(cast, purpose)
    found = set()
    for name in cast.users:
        try:
            queries.get_file(cast.actor(name), file_id)
        except NotFound:
            continue
        found.add(name)
    assert found == opens
    assert {name for name in cast.users if file_id in queries.files_by_id(cast.actor(name), [file_id, None])} == opens


def test_no_role_is_forgotten_by_the_table_above(cast: Cast) -> None:
    assert {user.role for user in cast.users.values()} == {role.value for role in Role} - {"system"}
    elsewhere = {"evidence_pack", "ticket", "ticket_internal"}  # who opens these is tried in tests/evidence and tests/tickets
    assert set(PURPOSES) - elsewhere == {"badge_photo", "identity_copy", "letter", "contract_document", "evidence", "appeal"}


def test_what_no_form_used_is_removed_after_a_day_and_its_content_after_its_row(cast: Cast) -> None:
    kept = claimed(cast, "letter")
    with time_machine.travel(NOW), transaction():
        old = staged("letter", cast.actor("admin"), NOW)
    with time_machine.travel(NOW + timedelta(hours=23)):
        with transaction():
            young = staged("letter", cast.actor("admin"), NOW + timedelta(hours=23))
            services.remove_unclaimed(NOW + timedelta(hours=24))
        assert session().get(StoredFile, old) is not None
    later = NOW + timedelta(hours=24, seconds=1)
    with time_machine.travel(later):
        with transaction():
            services.remove_unclaimed(later)
            session().expire_all()
            assert session().get(StoredFile, old) is None
            assert files.get(old)  # until the end of its row is committed, its content stays
        with transaction():
            assert services.remove_unclaimed(later) >= 1
        with pytest.raises(files.Lost):
            files.get(old)
        assert files.get(young)
        assert files.get(kept)


def test_a_content_without_a_row_is_removed_but_not_while_it_is_young(cast: Cast) -> None:
    kept = claimed(cast, "letter")
    with transaction():
        orphan = staged("letter", cast.actor("admin"), NOW)
        session().execute(delete(StoredFile).where(StoredFile.id == orphan))
    with transaction():
        services.remove_unclaimed(NOW)
    assert files.get(orphan)
    with time_machine.travel(NOW + timedelta(hours=2)), transaction():
        assert services.remove_unclaimed(NOW) >= 1
    with pytest.raises(files.Lost):
        files.get(orphan)
    assert files.get(kept)


def test_a_stage_that_is_rolled_back_leaves_only_an_orphan(cast: Cast) -> None:
    with suppress(ZeroDivisionError), transaction():
        file_id = staged("letter", cast.actor("admin"), NOW)
        raise ZeroDivisionError
    assert session().get(StoredFile, file_id) is None
    assert files.get(file_id)
