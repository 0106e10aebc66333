"""Every invariant finds what breaks it: each is broken by hand, past the application, and named."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.exc import DBAPIError

from portal import cli, invariants
from portal.kernel import db
from portal.kernel.db import UTCDateTime, session, transaction
from tests import scene as scenes
from tests.cast import NOW, Cast
from tests.kernel.test_lifecycles import undone

BETA = "(SELECT id FROM clients WHERE name LIKE '澄明%')"
ALPHA = "(SELECT id FROM clients WHERE name LIKE '星海%')"
THE_CONTRACT = f"(SELECT id FROM contracts WHERE client_id = {ALPHA} AND state = 'in_force')"
WHOLE = "(SELECT contract_id FROM contract_racks)"
SERVICE = "(SELECT id FROM users WHERE email = 'service@rackpass.example')"
ADMIN = "(SELECT id FROM users WHERE email = 'admin@client.example')"
INVITED = "(SELECT id FROM users WHERE email = 'invited@client.example')"
STANDING = "(SELECT id FROM equipment WHERE serial = 'SN-0007')"  # in service, in no exit
OUT = "(SELECT id FROM equipment WHERE serial = 'SN-0004')"  # out for repair
GONE = "(SELECT id FROM equipment WHERE serial = 'SN-0006')"  # withdrawn
PREFIX = "(SELECT id FROM prefixes WHERE name = 'B2 public')"
PLANNED = "(SELECT id FROM work_order_items WHERE serial = 'SN-0104')"
RANGES = f"prefix_id = {PREFIX}"
RESERVED = f"{RANGES} AND kind = 'reserved'"
FIRST_FREE = f"(SELECT MIN(first) FROM free_ranges WHERE {RANGES})"
LAST_FREE = f"(SELECT MIN(last) FROM free_ranges WHERE {RANGES})"
HELD = f"(SELECT address FROM address_holds WHERE holder_id = {STANDING} AND released_at IS NULL)"
LAST = f"(SELECT last FROM prefixes WHERE id = {PREFIX})"
ELSEWHERE = "(SELECT first FROM prefixes WHERE name = 'A1 public')"
OUTSIDE = "(SELECT id FROM people p WHERE NOT EXISTS (SELECT 1 FROM presences q WHERE q.person_id = p.id) LIMIT 1)"
A_SESSION = "INSERT INTO user_sessions (id, created_at, user_id, token_hash, address, browser, last_seen_at, expires_at, half)"
ORDER = "(SELECT work_order_id FROM work_order_items WHERE serial = 'SN-0104')"


def a_copy(table: str, where: str, **changes: str) -> str:
    """SQL that puts a copy of the first row that is found, changed as told, into its table."""
    columns = [column.name for column in db.Base.metadata.tables[table].columns]
    values = ", ".join(changes.get(name, name) for name in columns)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} WHERE id = (SELECT id FROM {table} WHERE {where} LIMIT 1)"
    )


def a_crowd(count: int) -> list[str]:
    """SQL that puts so many more people on a visit, each newly known to the client."""
    visit = "SELECT id FROM visits WHERE state = 'under_review' ORDER BY id LIMIT 1"
    absent = (
        f"(SELECT id FROM people p WHERE NOT EXISTS (SELECT 1 FROM visitors v WHERE v.visit_id = ({visit}) AND v.person_id = p.id) LIMIT 1)"
    )
    statements = []
    for number in range(count):
        name = f"'crowd {number}'"
        statements.append(a_copy("people", "name = '王珺'", id=":new", document_hash=name))
        place = {"number": name, "place": str(100 + number)}
        statements.append(a_copy("visitors", f"visit_id = ({visit})", id=":new", person_id=absent, **place))
    return statements


def unchecked(table: str, name: str) -> str:
    """SQL after which a CHECK of the table is no longer made. What it forbids is an invariant, too: data may come from elsewhere."""
    if db.engine().dialect.name == "sqlite":
        return "PRAGMA ignore_check_constraints = ON"
    return f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{name}"


def plants() -> dict[str, list[str]]:
    """Invariant -> what breaks it. `:new` is a fresh id, `:now` and `:later` are moments."""
    return {
        "accounts: an active user has a password": [f"UPDATE users SET password_hash = NULL WHERE id = {ADMIN}"],
        "accounts: who is disabled has no open session": [
            f"{A_SESSION} VALUES (:new, :now, {ADMIN}, 'x', '', '', :now, :later, false)",
            f"UPDATE users SET state = 'disabled' WHERE id = {ADMIN}",
        ],
        "accounts: at most one link of a kind is open for a user": [
            a_copy("user_tokens", f"user_id = {INVITED}", id=":new", token_hash="'other'"),
        ],
        "accounts: no link is open for who may not use it": [f"UPDATE users SET state = 'withdrawn' WHERE id = {INVITED}"],
        "accounts: every user's state is told in the audit": [f"DELETE FROM audit_entries WHERE subject_id = {INVITED}"],
        "accounts: rules are accepted after they were published": ["UPDATE rules_texts SET created_at = :later"],
        "accounts: only client users accept the rules": [f"UPDATE rules_acceptances SET user_id = {SERVICE} WHERE user_id = {ADMIN}"],
        "accounts: a secret link does not stay in the outbox": [
            "UPDATE outbox_messages SET sent_at = :now WHERE code = 'accounts.invited' AND path <> ''",
        ],
        "no client holds more badges than its kind may (R-B2)": [f"UPDATE clients SET kind = 'individual' WHERE id = {ALPHA}"],
        "a badge's holder is one of its client's people": [f"UPDATE people SET client_id = {BETA} WHERE name = '王珺'"],
        "a badge stands on its own client's contracts": [
            f"UPDATE badge_grants SET contract_id = {WHOLE} WHERE contract_id = {THE_CONTRACT}",
        ],
        "an issued badge has its dates": ["UPDATE badges SET valid_until = NULL WHERE state = 'issued'"],
        "who applied for a badge did not review it": ["UPDATE badges SET reviewed_by_id = applied_by_id WHERE state = 'issued'"],
        "a closed contract has no badge that holds a place": [f"UPDATE contracts SET state = 'closed' WHERE client_id = {ALPHA}"],
        "a closed contract has no equipment in the building": [f"UPDATE contracts SET state = 'closed' WHERE id = {THE_CONTRACT}"],
        "a closed contract holds no address": [f"UPDATE contracts SET state = 'closed' WHERE id = {THE_CONTRACT}"],
        "a closed contract holds no port": [f"UPDATE contracts SET state = 'closed' WHERE id = {THE_CONTRACT}"],
        "whole racks are granted by contracts that live": [f"UPDATE contracts SET state = 'cancelled' WHERE id = {WHOLE}"],
        "whole racks stand in the contract's room": [
            f"UPDATE contracts SET room_id = (SELECT id FROM rooms WHERE code = 'B2') WHERE id = {WHOLE}",
        ],
        "nobody else's equipment stands in a whole rack": [
            f"UPDATE contract_racks SET rack_id = (SELECT rack_id FROM equipment WHERE id = {STANDING})",
        ],
        "a rack granted whole holds nothing of another client": [
            f"UPDATE contract_racks SET rack_id = (SELECT rack_id FROM equipment WHERE id = {STANDING})",
        ],
        "a contract's papers are its client's files": [
            f"UPDATE stored_files SET client_id = {BETA} WHERE id = (SELECT file_id FROM contract_documents)",
        ],
        "a serial number is in the building once": [
            "DROP INDEX uq_equipment_serial_present", "UPDATE equipment SET serial = 'SN-0007' WHERE serial = 'SN-0004'",
        ],
        "equipment holds exactly the units of its place (R-W3)": [f"UPDATE equipment SET unit = unit + 7 WHERE id = {STANDING}"],
        "equipment holds no unit beside its place": [
            a_copy("rack_units", f"holder_id = {STANDING} AND face = 'front'", id=":new", unit="unit + 20", power_w="0"),
        ],
        "the power of the units is that of their equipment": [f"UPDATE equipment SET power_w = power_w + 1 WHERE id = {STANDING}"],
        "units of equipment belong to equipment in the building (R-X4)": [
            f"UPDATE rack_units SET holder_id = {GONE} WHERE holder_id = {STANDING}",
        ],
        "what is gone has no place (R-X4)": [
            f"UPDATE equipment SET rack_id = (SELECT id FROM racks WHERE code = 'B2-03'), unit = 1 WHERE id = {GONE}",
        ],
        "what is in service has an address and a port (R-W3)": [
            f"UPDATE port_holds SET released_at = :later WHERE holder_id = {STANDING}",
        ],
        "every coming and going of equipment is on record (R-S5)": [f"DELETE FROM equipment_moves WHERE equipment_id = {STANDING}"],
        "nothing is out without a slip that was released (R-X1)": [
            "UPDATE exits SET released_at = NULL WHERE state = 'awaiting_return'",
        ],
        "only lines that were agreed were released": [
            f"UPDATE exit_items SET agreed_at = NULL WHERE equipment_id = {OUT} AND released_at IS NOT NULL",
        ],
        "an issued slip has every line agreed (R-X1)": [
            "UPDATE exit_items SET agreed_at = NULL WHERE exit_id IN (SELECT id FROM exits WHERE state = 'issued')",
        ],
        "an exit that is over holds nothing": ["UPDATE exits SET state = 'cancelled' WHERE state = 'issued'"],
        "what is out for repair is on an exit that expects it": ["UPDATE exits SET state = 'completed' WHERE state = 'awaiting_return'"],
        "an exit lists its own client's equipment": [f"UPDATE exits SET client_id = {BETA} WHERE state = 'issued'"],
        "no rack unit lies beyond its rack": ["UPDATE racks SET units = 10 WHERE code = 'B2-01'"],
        "no rack's power goes beyond its limit": ["UPDATE racks SET power_w = 10 WHERE code = 'B2-01'"],
        "whoever holds rack units holds them in one rack": [
            f"UPDATE rack_units SET rack_id = (SELECT id FROM racks WHERE code = 'B2-03') WHERE holder_id = {STANDING} AND face = 'rear'",
        ],
        "units of one holder lie together": [
            "UPDATE rack_units SET unit = 20 WHERE holder_kind = 'reserved' AND unit = 41",
        ],
        "nobody is inside twice": [
            "DROP INDEX uq_presences_inside", "DROP INDEX uq_presences_person", a_copy("presences", "left_at IS NULL", id=":new"),
        ],
        "every stay has its entry in the log (R-A3)": ["DELETE FROM gate_events WHERE kind = 'entry' AND objection IS NULL"],
        "every entry and exit in the log is of one stay (R-A3)": [a_copy("gate_events", "kind = 'entry'", id=":new", nonce="NULL")],
        "what was left at the desk was given back at the exit (R-E1)": [
            "UPDATE presences SET left_at = :later, kept_items = '[\"camera\"]'",
        ],
        "a stay on a visit is of that person in that room (R-A1)": [
            "UPDATE presences SET room_id = (SELECT id FROM rooms WHERE code = 'A1') WHERE visitor_id IS NOT NULL AND out_reason = ''",
        ],
        "who is inside on an emergency is inside on it there, too (R-A2)": [
            "UPDATE emergency_people SET inside = FALSE WHERE id IN (SELECT id FROM emergency_people WHERE inside)",
        ],
        "nobody is inside on a badge of someone else": [
            f"UPDATE presences SET person_id = {OUTSIDE} WHERE id = (SELECT id FROM presences WHERE badge_id IS NOT NULL LIMIT 1)",
        ],
        "every stay that is over has its exit in the log (R-A3)": ["UPDATE presences SET left_at = :later"],
        "an exit slip is released once (R-X3)": [a_copy("gate_events", "kind = 'release'", id=":new", nonce="NULL")],
        "every refusal in the log has its code": ["UPDATE gate_events SET code = '' WHERE kind = 'refusal'"],
        "prefixes do not overlap": [
            f"UPDATE prefixes SET last = {LAST} WHERE name = 'A1 public'",
        ],
        "free ranges of a prefix do not overlap": [
            a_copy("free_ranges", f"prefix_id = {PREFIX} AND first < last", id=":new", last="first"),
        ],
        "reserved ranges of a prefix do not overlap": [
            f"UPDATE reserved_ranges SET last = {LAST} WHERE {RESERVED}",
        ],
        "free ranges lie within their prefix": [
            f"UPDATE free_ranges SET first = {ELSEWHERE} WHERE {RANGES} AND last = {LAST_FREE}",
        ],
        "reserved ranges lie within their prefix": [
            f"UPDATE reserved_ranges SET first = {ELSEWHERE} WHERE prefix_id = {PREFIX} AND kind = 'network'",
        ],
        "held and resting addresses lie within their prefix": [
            f"UPDATE address_holds SET address = {ELSEWHERE} WHERE holder_id = {STANDING}",
        ],
        "no held or resting address is free": [
            f"UPDATE free_ranges SET first = {HELD} WHERE {RANGES} AND first = {FIRST_FREE}",
        ],
        "no held or resting address is reserved": [
            f"UPDATE reserved_ranges SET first = {HELD} WHERE {RESERVED}",
        ],
        "no reserved address is free": [
            f"UPDATE reserved_ranges SET first = {FIRST_FREE} WHERE {RESERVED}",
        ],
        "a gateway within its prefix is kept back": [f"DELETE FROM reserved_ranges WHERE prefix_id = {PREFIX} AND kind = 'gateway'"],
        "every IPv4 address is free, kept back, held or resting": [f"DELETE FROM free_ranges WHERE prefix_id = {PREFIX}"],
        "who holds an address exists": [f"UPDATE address_holds SET holder_id = :new WHERE holder_id = {STANDING}"],
        "who holds a port exists": [f"UPDATE port_holds SET holder_id = :new WHERE holder_id = {STANDING}"],
        "an address is held for its contract's client": [f"UPDATE address_holds SET client_id = {BETA} WHERE holder_id = {STANDING}"],
        "a port is held for its contract's client": [f"UPDATE port_holds SET client_id = {BETA} WHERE holder_id = {STANDING}"],
        "a port is marked as taken when it is held, and only then": [
            f"UPDATE switch_ports SET taken = FALSE WHERE id IN (SELECT port_id FROM port_holds WHERE holder_id = {STANDING})",
        ],
        "no port out of use is held": ["UPDATE switch_ports SET out_of_use = TRUE WHERE taken"],
        "a rest ends after it began": [
            "UPDATE address_holds SET released_at = :later, rests_until = :now WHERE released_at IS NOT NULL",
        ],
        "a live pass of a badge has an issued or suspended badge": ["UPDATE badges SET state = 'cancelled' WHERE state = 'issued'"],
        "a live pass of an exit slip has an issued exit": ["UPDATE exits SET state = 'cancelled' WHERE state = 'issued'"],
        "an issued badge has a live pass": ["UPDATE passes SET revoked_at = :now WHERE kind = 'badge'"],
        "a planned item has its units, addresses and ports (R-W3)": [f"DELETE FROM rack_units WHERE holder_id = {PLANNED}"],
        "units held by a plan belong to an item that is planned and expected": [
            f"UPDATE work_orders SET state = 'issued' WHERE id = {ORDER}",
        ],
        "addresses held by a plan belong to an item that is planned and expected": [
            f"UPDATE work_orders SET state = 'issued' WHERE id = {ORDER}",
        ],
        "ports held by a plan belong to an item that is planned and expected": [
            f"UPDATE work_orders SET state = 'issued' WHERE id = {ORDER}",
        ],
        "a work order that is over expects nothing": [f"UPDATE work_orders SET state = 'completed' WHERE id = {ORDER}"],
        "a work order that is not over and has its items settled is completed": [
            f"UPDATE work_order_items SET state = 'refused' WHERE id = {PLANNED}",
        ],
        "an issued work order has been issued, in time, and has a live pass (R-W1)": [
            f"UPDATE passes SET revoked_at = :now WHERE subject_id = {ORDER}",
        ],
        "a cancelled work order has no live pass": [f"UPDATE work_orders SET state = 'cancelled' WHERE id = {ORDER}"],
        "nothing was accepted before the notice had passed (R-W1)": [
            "UPDATE work_orders SET possible_from = :later, arrives_at = :later WHERE issued_at IS NOT NULL",
        ],
        "an accepted item is the equipment that its order's contract has": [
            "UPDATE equipment SET serial = 'XX-0007' WHERE serial = 'SN-0007'",
        ],
        "a work order's client is its contract's": [f"UPDATE work_orders SET client_id = {BETA} WHERE id = {ORDER}"],
        "every change of state of users is in the audit": [f"UPDATE users SET state = 'disabled' WHERE id = {SERVICE}"],
        "every change of state of contracts is in the audit": [f"UPDATE contracts SET state = 'ending' WHERE id = {THE_CONTRACT}"],
        "every change of state of work_orders is in the audit": ["UPDATE work_orders SET state = 'cancelled' WHERE state = 'draft'"],
        "every change of state of work_order_items is in the audit": [
            f"UPDATE work_order_items SET state = 'missing' WHERE id = {PLANNED}",
        ],
        "every change of state of equipment is in the audit": [f"DELETE FROM audit_entries WHERE subject_id = {STANDING}"],
        "every change of state of badges is in the audit": ["UPDATE badges SET state = 'refused' WHERE state = 'under_review'"],
        "every change of state of exits is in the audit": ["UPDATE exits SET state = 'refused' WHERE state = 'under_review'"],
        "a live pass of a visit has an approved person on an approved visit, until its end (R-A1)": [
            "UPDATE visits SET ends_at = :later WHERE state = 'approved'",
        ],
        "an approved visitor has a live pass": ["UPDATE passes SET revoked_at = :now WHERE kind = 'visit'"],
        "a visitor is one of the visit's client's people": [f"UPDATE visitors SET client_id = {BETA} WHERE state = 'approved'"],
        "a visit names at most fifty people": a_crowd(51),
        "an approved visit has someone who may enter": ["UPDATE visitors SET state = 'withdrawn' WHERE state = 'approved'"],
        "nobody waits for or enters on a visit that has ended": [
            "UPDATE visitors SET state = 'expected' WHERE visit_id IN (SELECT id FROM visits WHERE state = 'cancelled')",
        ],
        "nobody enters on a visit that is not approved": ["UPDATE visits SET state = 'under_review' WHERE state = 'approved'"],
        "a company's visit stands on a letter (R-A1)": ["UPDATE visits SET letter_id = NULL"],
        "a visit was approved by a person or by the client's rule": [
            "UPDATE visits SET reviewed_by_id = NULL WHERE state = 'approved' AND rule_place IS NULL",
        ],
        "who asked for a visit did not review it": ["UPDATE visits SET reviewed_by_id = asked_by_id WHERE state = 'approved'"],
        "who asked for more time did not review it": ["UPDATE visit_extensions SET reviewed_by_id = asked_by_id"],
        "more time is asked for an approved visit alone": [
            "UPDATE visits SET state = 'over' WHERE id IN (SELECT visit_id FROM visit_extensions WHERE state = 'under_review')",
        ],
        "who asked for an emergency access did not decide it (R-A2)": [
            unchecked("emergencies", "separate"), "UPDATE emergencies SET decided_by_id = asked_by_id",
        ],
        "an emergency access stands on its own client's contract for its room": [
            "UPDATE emergencies SET room_id = (SELECT id FROM rooms WHERE code = 'A1') WHERE state = 'asked'",
        ],
        "an emergency access that was used was approved by somebody, and lapsed later": [
            "UPDATE emergencies SET lapses_at = entered_at WHERE state = 'in_use'",
        ],
        "people are inside on an emergency access exactly while it is in use": [
            "UPDATE emergencies SET state = 'approved' WHERE state = 'in_use'",
        ],
        "whoever entered on an emergency access had shown a document to a guard (R-A2)": [
            "UPDATE emergency_people SET identified_by_id = NULL WHERE inside",
        ],
        "who shows a document on an emergency access is one of its client's people": [
            f"UPDATE emergencies SET client_id = {BETA} WHERE state = 'in_use'",
        ],
        "somebody was told of every emergency access that waits": ["UPDATE emergencies SET next_call_at = NULL WHERE state = 'asked'"],
        "what an emergency access names is its client's equipment": [
            ("INSERT INTO emergency_equipment (id, created_at, emergency_id, equipment_id, in_request, in_report) "
            f"SELECT :new, :now, id, {STANDING}, TRUE, FALSE FROM emergencies WHERE state = 'approved' LIMIT 1"),
            f"UPDATE emergencies SET client_id = {BETA} WHERE state = 'approved'",
        ],
        "a lifted freeze says who lifted it, and why": ["UPDATE freezes SET lifted_at = :now"],
        "who is on call is a supervisor, or was one": [f"UPDATE duty_weeks SET supervisor_id = {ADMIN}"],
        "every objection is an offline mistake to settle, and every mistake has its objection": ["DELETE FROM offline_mistakes"],
        "what is objected to was booked afterwards": ["UPDATE gate_events SET booked_at = NULL WHERE objection IS NOT NULL"],
        "who recorded a violation did not decide on it": ["UPDATE violations SET decided_by_id = recorded_by_id"],
        "a violation's person is one of its client's people": [f"UPDATE violations SET client_id = {BETA}"],
        "a decided violation has its decision": ["DELETE FROM violation_decisions WHERE stage = 'decision'"],
        "an appeal that is open has its words": ["DELETE FROM violation_appeals"],
        "every ban stands on a decision that still holds (R-S7)": ["UPDATE violations SET state = 'lifted' WHERE state = 'appealed'"],
        "nobody who is barred holds a badge that opens the gate (R-S7)": [
            "UPDATE badges SET person_id = (SELECT person_id FROM entry_bans WHERE ended_at IS NULL) WHERE state = 'issued'",
        ],
        "a review that is done has no line without an answer": ["UPDATE access_reviews SET state = 'done'"],
        "nobody confirmed their own access": ["UPDATE access_review_lines SET decided_by_id = user_id WHERE kind = 'user'"],
        "a line of a review is about the review's own client": [
            f"UPDATE access_reviews SET client_id = {BETA} WHERE client_id IS NOT NULL",
        ],
        "what a review removed is gone": [
            ("UPDATE access_review_lines SET decision = 'removed', decided_at = :now "
            "WHERE badge_id IN (SELECT id FROM badges WHERE state IN ('issued', 'suspended'))"),
        ],
        "a request's clock stands still exactly while it waits for the client (R-C2)": [
            "UPDATE tickets SET state = 'open', settle_due_at = :now, near_at = :now WHERE state = 'waiting'",
        ],
        "a request that runs has a deadline": ["UPDATE tickets SET near_at = NULL WHERE state = 'new'"],
        "what was asked stands in every request": ["UPDATE ticket_messages SET kind = 'note'"],
        "a complaint is closed by a satisfied client or by a supervisor with a reason (R-C3)": [
            "UPDATE tickets SET state = 'closed' WHERE type = 'complaint' AND state = 'settled'",
        ],
        "a complaint that was settled was judged (R-C4)": ["UPDATE tickets SET upheld = NULL, fault_department_id = NULL"],
        "a justified complaint counts for a department (R-C6)": ["UPDATE tickets SET fault_department_id = NULL"],
        "a request is merged into one of the same client": [f"UPDATE tickets SET client_id = {BETA} WHERE state = 'merged'"],
        "an opinion is about a settlement that was": [
            ("INSERT INTO ticket_opinions (id, created_at, ticket_id, round, score, satisfied, words, way) "
            "SELECT :new, :now, id, 9, 5, TRUE, '', 'portal' FROM tickets WHERE state = 'settled' LIMIT 1"),
        ],
        "what a request is about is its client's": [
            f"UPDATE tickets SET client_id = {BETA} WHERE id IN (SELECT ticket_id FROM ticket_links)",
        ],
        "who carried a corrective action out did not check it (R-C4)": [
            unchecked("corrective_actions", "checked_by_another"),
            "UPDATE corrective_actions SET checked_by_id = owner_id, checked_at = :now WHERE done_at IS NOT NULL",
        ],
        "every change of state of tickets is in the audit": ["UPDATE tickets SET state = 'open' WHERE state = 'new'"],
        "a shift that is over has its end": ["UPDATE shifts SET ended_at = :now"],
        "a shift that was taken over was taken by someone else": ["UPDATE shifts SET state = 'left' WHERE state = 'handed_over'"],
        "who took over is on the shift that followed": [
            f"UPDATE shifts SET state = 'taken', next_guard_id = {SERVICE} WHERE state = 'handed_over'",
        ],
        "a made evidence pack has its file, claimed": [
            "UPDATE stored_files SET claimed_at = NULL WHERE purpose = 'evidence_pack'",
        ],
        "every change of state of visits is in the audit": ["UPDATE visits SET state = 'refused' WHERE state = 'under_review'"],
        "every change of state of visitors is in the audit": ["UPDATE visitors SET state = 'withdrawn' WHERE state = 'expected'"],
        "every change of state of visit_extensions is in the audit": ["UPDATE visit_extensions SET state = 'refused'"],
        "every change of state of violations is in the audit": ["UPDATE violations SET state = 'withdrawn' WHERE state = 'recorded'"],
        "every change of state of access_reviews is in the audit": ["UPDATE access_reviews SET state = 'done'"],
        "every change of state of offline_mistakes is in the audit": ["UPDATE offline_mistakes SET state = 'settled'"],
        "every change of state of emergencies is in the audit": ["UPDATE emergencies SET state = 'refused' WHERE state = 'asked'"],
        "every change of state of shifts is in the audit": ["UPDATE shifts SET state = 'ended' WHERE state = 'running'"],
        "every change of state of evidence_packs is in the audit": ["UPDATE evidence_packs SET state = 'asked' WHERE state = 'failed'"],
    }  # fmt: skip


def execute(statement: str) -> None:
    """One statement with what it names."""
    given: dict[str, tuple[Any, Any]] = {
        "new": (uuid.uuid4(), Uuid()), "now": (NOW, UTCDateTime()), "later": (NOW + timedelta(days=400), UTCDateTime()),
    }  # fmt: skip
    used = [bindparam(name, value, type_=kind) for name, (value, kind) in given.items() if f":{name}" in statement]
    result = session().execute(text(statement).bindparams(*used))
    assert statement.startswith(("DROP", "ALTER", "PRAGMA")) or result.rowcount > 0, f"nothing to break: {statement}"  # type: ignore[attr-defined]


def finds(name: str) -> bool:
    return session().execute(text(invariants.ALL[name])).first() is not None


def test_every_invariant_is_broken_once(cast: Cast) -> None:
    """On a scene that is sound, each by its own fault; what is put right again is sound again."""
    with transaction():
        scenes.build(cast)
    planted = plants()
    assert set(planted) == set(invariants.ALL), "each has its fault, each fault its invariant"
    missed = []
    for name, statements in planted.items():
        with undone():
            assert not finds(name), name
            try:
                for statement in statements:
                    execute(statement)
            except DBAPIError as error:
                pytest.fail(f"{name}: {error.orig}")
            if not finds(name):
                missed.append(name)
            if statements[0].startswith("PRAGMA"):
                execute("PRAGMA ignore_check_constraints = OFF")
    assert not missed


def test_the_command_line_lists_what_is_broken_and_fails(cast: Cast, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_settings", lambda: app.config["SETTINGS"])
    monkeypatch.setattr(cli, "set_up", lambda _settings: None)
    sound = CliRunner().invoke(cli.main, ["check"])
    assert (sound.exit_code, sound.output) == (0, f"{len(invariants.ALL)} invariants, 0 broken.\n")
    with transaction():
        execute(f"UPDATE users SET password_hash = NULL WHERE id = {ADMIN}")
    broken = CliRunner().invoke(cli.main, ["check"])
    with transaction():
        execute(f"UPDATE users SET password_hash = 'x' WHERE id = {ADMIN}")
    assert broken.exit_code == 1
    assert "accounts: an active user has a password: 1 found" in broken.output
    assert "admin@client.example" in broken.output
    assert broken.output.endswith(f"{len(invariants.ALL)} invariants, 1 broken.\n")
