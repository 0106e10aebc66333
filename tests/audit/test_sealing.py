"""Sealing and verifying meet each other: a portal that runs is verified as it is, and the kept head never says more than was committed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from portal.audit import services, verify
from portal.audit.models import AuditEntry
from portal.kernel.db import isolated, transaction
from portal.kernel.policy import Actor, Role
from tests.cast import NOW

ACTOR = Actor(None, "Seed", Role.ADMINISTRATOR)


def seal_one_more(anchor: Path) -> None:
    """What a worker does meanwhile: one more entry, sealed."""
    with isolated():
        with transaction():
            services.record("rules.published", "rules", uuid.uuid4(), "1", ACTOR, NOW)
        with transaction():
            assert services.seal(NOW) == 1
        services.keep_head(anchor)


def seal_and_fail() -> None:
    with isolated(), transaction():
        services.seal(NOW)
        raise ArithmeticError


@pytest.fixture
def anchor(app: Flask, tmp_path: Path) -> Path:
    path = tmp_path / "audit" / "head.json"
    for _time in range(3):
        seal_one_more(path)
    return path


@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_chain_that_grows_while_it_is_verified_is_sound(anchor: Path, monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    content, seen = services.content, []

    def slowly(entry: AuditEntry) -> bytes:
        seen.append(entry.seq)
        if len(seen) == place:
            seal_one_more(anchor)
        return content(entry)

    monkeypatch.setattr(verify, "content", slowly)
    with isolated():
        report = verify.verify(anchor)
    assert report.sound, report.text
    assert "3 entries verified" in report.text
    with isolated():
        assert "4 entries verified" in verify.verify(anchor).text


def test_what_is_not_committed_does_not_stand_in_the_kept_head(anchor: Path) -> None:
    before = anchor.read_text()

    with isolated(), transaction():
        services.record("rules.published", "rules", uuid.uuid4(), "1", ACTOR, NOW)
    with pytest.raises(ArithmeticError):
        seal_and_fail()
    assert anchor.read_text() == before
    with isolated():
        assert verify.verify(anchor).sound


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda entry: setattr(entry, "subject_label", "2"), "Entry 2 was changed"),
        (lambda entry: setattr(entry, "seq", None), "Entry 2 was removed"),
    ],
)
def test_damage_is_found_and_named(anchor: Path, damage: Callable[[AuditEntry], None], told: str) -> None:
    with isolated(), transaction() as db:
        damage(db.query(AuditEntry).filter(AuditEntry.seq == 2).one())
    with isolated():
        report = verify.verify(anchor)
    assert not report.sound
    assert told in report.text
