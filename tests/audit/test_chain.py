"""The chain against someone who can write to the database: whatever was changed, removed, put in or cut off is named."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import delete, select, text, update

from portal import cli
from portal.audit import services
from portal.audit.models import AuditEntry, AuditHead
from portal.audit.services import FIRST, content, head_text, link
from portal.audit.verify import Report, verify
from portal.kernel import crypto, ids
from portal.kernel.db import isolated, session, transaction
from portal.kernel.policy import Actor, Role
from tests.cast import NOW
from tests.threads import at_once

ACTOR = Actor(uuid.UUID(int=7), "林岚", Role.SUPERVISOR)
COUNT = 6


def write(number: int) -> AuditEntry:
    return services.record(
        "contract.suspend", "contract", ids.new(), f"HT-{number}", ACTOR, NOW + timedelta(seconds=number),
        client_id=uuid.UUID(int=3), before={"state": "in_force"}, after={"state": "suspended", "days": 90}, reason="欠费",
    )  # fmt: skip


def sealed(count: int = COUNT, first: int = 1) -> None:
    with transaction():
        for number in range(first, first + count):
            write(number)
    with transaction():
        while services.seal(NOW):
            pass


@pytest.fixture
def anchor(app: Flask, tmp_path: Path) -> Path:
    """A chain of six sealed entries, and the kept copy of its head."""
    path = tmp_path / "head.json"
    sealed()
    with isolated():
        services.keep_head(path)
    return path


def told(anchor: Path) -> str:
    report = look(anchor)
    assert not report.sound, report.text
    return report.text


def look(anchor: Path) -> Report:
    with isolated():
        return verify(anchor)


def change(seq: int, **values: Any) -> None:
    """Changes a row as the database's owner would, past the application."""
    with transaction():
        session().execute(update(AuditEntry).where(AuditEntry.seq == seq).values(**values))


def remove(*seqs: int) -> None:
    with transaction():
        session().execute(delete(AuditEntry).where(AuditEntry.seq.in_(seqs)))


def renumber(first: int, by: int) -> None:
    """Moves the places of the entries from `first` on, so that there is no gap."""
    with transaction():
        rows = session().scalars(
            select(AuditEntry).where(AuditEntry.seq >= first).order_by(AuditEntry.seq.desc() if by > 0 else AuditEntry.seq)
        )
        for row in rows.all():
            row.seq = (row.seq or 0) + by
            session().flush()


def rechain() -> None:
    """Makes hashes and places anew, as one can who knows the code but not the keys."""
    with transaction():
        previous = FIRST
        for seq, row in enumerate(session().scalars(select(AuditEntry).order_by(AuditEntry.seq)).all(), 1):
            row.seq, row.hash = seq, link(previous, seq, row.mac)
            previous = row.hash
            session().flush()
        head = session().scalars(select(AuditHead)).one()
        head.seq, head.hash = seq, previous


def test_a_sound_chain_is_sound_and_says_how_long_it_is(anchor: Path) -> None:
    assert look(anchor) == Report(True, f"{COUNT} entries verified; 0 wait for their seal.")
    with transaction():
        write(7)
    assert look(anchor) == Report(True, f"{COUNT} entries verified; 1 wait for their seal.")


@pytest.mark.parametrize("seq", [1, 3, COUNT])
@pytest.mark.parametrize(
    "values",
    [
        {"at": NOW - timedelta(days=1)},
        {"tag": "contract.resume"},
        {"actor_id": uuid.UUID(int=8)},
        {"actor_id": None},
        {"actor_name": "林风"},
        {"actor_role": "auditor"},
        {"subject_kind": "badge"},
        {"subject_id": uuid.UUID(int=9)},
        {"subject_label": "HT-9"},
        {"client_id": None},
        {"before": {"state": "draft"}},
        {"after": {"state": "suspended", "days": 9}},
        {"after": {}},
        {"reason": None},
        {"reason": "欠费。"},
    ],
    ids=lambda values: ",".join(values),
)
def test_a_changed_entry_is_named(anchor: Path, seq: int, values: dict[str, Any]) -> None:
    change(seq, **values)
    assert told(anchor).startswith(f"Entry {seq} was changed")


def test_the_first_of_several_is_named(anchor: Path) -> None:
    change(5, reason="x")
    change(2, reason="x")
    assert told(anchor).startswith("Entry 2 was changed")


@pytest.mark.parametrize("seq", range(1, COUNT))
def test_a_removed_entry_is_named(anchor: Path, seq: int) -> None:
    remove(seq)
    assert told(anchor).startswith(f"Entry {seq} was removed")


def test_a_removed_entry_whose_place_was_closed_up_is_named(anchor: Path) -> None:
    remove(3)
    renumber(4, by=-1)
    assert told(anchor).startswith("Entry 3 does not follow from the one before")


def test_one_put_in_between_is_named(anchor: Path) -> None:
    """A true copy of another entry, MAC and all, at a place of its own."""
    renumber(4, by=1)
    with transaction():
        one = session().scalars(select(AuditEntry).where(AuditEntry.seq == 2)).one()
        columns = {c.key: getattr(one, c.key) for c in AuditEntry.__table__.columns} | {"id": ids.new(), "seq": 4}
        session().execute(AuditEntry.__table__.insert().values(**columns))
    assert told(anchor).startswith("Entry 4 does not follow from the one before")


def test_two_that_changed_places_are_named(anchor: Path) -> None:
    with transaction():
        one, two = session().scalars(select(AuditEntry).where(AuditEntry.seq.in_((2, 3))).order_by(AuditEntry.seq)).all()
        one.seq = None
        session().flush()
        two.seq = 2
        session().flush()
        one.seq = 3
    assert told(anchor).startswith("Entry 2 does not follow from the one before")


def test_one_that_is_forged_without_the_key_is_named(anchor: Path) -> None:
    """Everything is made as the portal makes it, but for the MAC, which needs the key."""
    with transaction():
        forged = write(99)
        forged.mac = crypto.hashlib.sha256(content(forged)).hexdigest()
        forged.seq, forged.hash = COUNT + 1, link("0" * 64, COUNT + 1, forged.mac)
    assert told(anchor).startswith(f"Entry {COUNT + 1} was changed")


def test_one_that_is_forged_and_not_sealed_yet_is_named(anchor: Path) -> None:
    with transaction():
        write(7).mac = "0" * 64
    assert "not sealed yet was changed or forged: contract.suspend of HT-7" in told(anchor)


def test_a_chain_made_anew_without_the_key_is_found_out_by_its_head(anchor: Path) -> None:
    remove(3)
    rechain()
    assert told(anchor).startswith("The head's signature is wrong")


@pytest.mark.parametrize("cut", [1, 3, COUNT])
def test_what_was_cut_off_the_end_is_named(anchor: Path, cut: int) -> None:
    remove(*range(COUNT - cut + 1, COUNT + 1))
    assert told(anchor) == f"Entries {COUNT - cut + 1} to {COUNT} were cut off the end."


def test_cut_off_with_the_head_put_back_to_a_true_earlier_one(anchor: Path) -> None:
    """The earlier head is truly signed; only the copy that was kept outside knows better."""
    with transaction():
        earlier = session().scalars(select(AuditHead)).one()
        before = (earlier.seq, earlier.hash, earlier.sealed_at, earlier.signature)
    sealed(2, first=7)
    with isolated():
        services.keep_head(anchor)
    remove(7, 8)
    with transaction():
        head = session().scalars(select(AuditHead)).one()
        head.seq, head.hash, head.sealed_at, head.signature = before
    assert told(anchor) == "Entries 7 to 8 were cut off the end, and the head was put back with them."
    anchor.unlink()
    assert look(anchor).sound, "without the copy this cannot be told"


def test_a_head_that_is_behind_is_found_out(anchor: Path) -> None:
    """Someone who has the audit key itself can sign a shorter chain: then the head and the chain disagree with the copy."""
    with transaction():
        head = session().scalars(select(AuditHead)).one()
        row = session().scalars(select(AuditEntry).where(AuditEntry.seq == 4)).one()
        assert row.hash is not None
        head.seq, head.hash = 4, row.hash
        head.signature = crypto.audit_signing_key().sign(head_text(4, row.hash, head.sealed_at)).hex()
    assert told(anchor) == f"The head says 4 entries, the chain has {COUNT}: entries were put in after entry 4."
    remove(5, 6)
    assert told(anchor) == "Entries 5 to 6 were cut off the end, and the head was put back with them."


def test_a_chain_made_anew_with_the_key_is_found_out_by_the_kept_copy(anchor: Path) -> None:
    with transaction():
        row = session().scalars(select(AuditEntry).where(AuditEntry.seq == 3)).one()
        row.reason = "made up"
        row.mac = crypto.audit_mac(content(row))
    rechain()
    with transaction():
        head = session().scalars(select(AuditHead)).one()
        head.signature = crypto.audit_signing_key().sign(head_text(head.seq, head.hash, head.sealed_at)).hex()
    assert told(anchor) == f"The chain up to entry {COUNT} was made anew."


@pytest.mark.parametrize("everything", [False, True])
def test_a_head_that_was_removed_is_missed(anchor: Path, everything: bool) -> None:
    with transaction():
        session().execute(delete(AuditHead))
        if everything:
            session().execute(delete(AuditEntry))
    assert told(anchor) == "The signed head was removed."


def test_a_kept_copy_that_was_written_by_someone_else_is_not_believed(anchor: Path) -> None:
    kept = json.loads(anchor.read_text())
    anchor.write_text(json.dumps(kept | {"seq": 3}))
    assert told(anchor) == "The kept copy of the head is not signed by this portal."


def test_the_chain_goes_on_from_where_it_was(anchor: Path) -> None:
    sealed(3, first=7)
    assert look(anchor) == Report(True, "9 entries verified; 0 wait for their seal.")


def test_many_writers_and_sealers_at_once_make_one_chain(app: Flask, tmp_path: Path) -> None:
    def work(number: int) -> None:
        for turn in range(5):
            with transaction():
                if number % 2:
                    write(100 * number + turn)
                else:
                    services.seal(NOW, batch=3)

    at_once(8, work)
    while True:
        with transaction():
            if not services.seal(NOW):
                break
    assert look(tmp_path / "none.json") == Report(True, "20 entries verified; 0 wait for their seal.")


def test_the_command_line_names_what_is_wrong_and_fails(anchor: Path, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_settings", lambda: app.config["SETTINGS"])
    monkeypatch.setattr(cli, "set_up", lambda _settings: None)
    run: Callable[[], Any] = lambda: CliRunner().invoke(cli.main, ["audit", "verify", "--anchor", str(anchor)])  # noqa: E731
    assert (run().exit_code, run().output) == (0, f"{COUNT} entries verified; 0 wait for their seal.\n")
    change(2, actor_name="x")
    assert run().exit_code == 1
    assert run().output.startswith("Entry 2 was changed: contract.suspend of HT-2")


def test_nothing_of_the_application_takes_an_entry_back(anchor: Path) -> None:
    """What a person may do leaves entries where they are: no code deletes from the table."""
    from tests.architecture.sources import portal

    for module in portal().modules.values():
        source = module.path.read_text()
        assert "delete(AuditEntry" not in source, module.name
        assert "update(AuditEntry" not in source, module.name
    assert session().scalar(text("SELECT count(*) FROM audit_entries")) == COUNT
