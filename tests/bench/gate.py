"""How many scans a second the gate verifies with 1,000,000 passes issued.

A thousand badges are live; the other passes are older prints of them that were reissued. The bare work is one INSERT and its commit.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import insert

from portal import create_app
from portal.badges.models import Badge, BadgeGrant
from portal.clients.models import Client, Person
from portal.contracts.models import Contract
from portal.facility.models import Room, Site
from portal.files.models import StoredFile
from portal.gate import services
from portal.kernel import clock, ids
from portal.kernel.db import isolated, transaction
from portal.kernel.policy import Actor, Role
from portal.passes import token
from portal.passes.models import Pass
from tests.bench import serving
from tests.bench.bare import commits as bare_commits
from tests.bench.harness import Bench, Figure, Stage, Timing, at_once, progress
from tests.bench.network import settle
from tests.bench.signing_in import session_cookie
from tests.cast import add_user

PASSES, LIVE, BATCH = 1_000_000, 1000, 20_000
CLIENTS, TIMES = 16, 2000
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def verification(stage: Stage, only: str) -> Iterator[Figure]:
    """Over HTTP, as a phone at the gate asks: session, signature, pass, badge under lock, ban, stay, scan on record, the page."""
    kind = stage.kinds()[-1]
    with stage.database(kind, connections=20) as url:
        progress(f"  filling in {PASSES:,} passes")
        guard, tokens = _fill(stage)
        durability = stage.durability(kind)
        bare = bare_commits(CLIENTS, TIMES)
        if "gate.verify.c16".startswith(only):
            with serving.served(url, stage.keys, stage.folder) as (port, _process):
                cookie = session_cookie(create_app(serving.settings(url, stage.keys, stage.folder)), guard)

                def scan() -> bytes:
                    return serving.get(f"/G/{random.choice(tokens)}", cookie)

                serving.hammer(port, CLIENTS, 20 * CLIENTS, scan)
                timing = serving.hammer(port, CLIENTS, TIMES, scan)
            note = f"{PASSES:,} passes, two processes, each scan recorded, committed and answered with its page; {durability}"
            yield _figure("gate.verify.c16", timing, bare, note)
        if "gate.decision.c1".startswith(only):

            def decide() -> None:
                with isolated(), transaction():
                    verdict = services.verify(random.choice(tokens), guard, clock.now())
                if verdict.refusal is not None:
                    raise AssertionError(verdict.refusal.code)

            at_once(1, 50, decide)
            yield _figure("gate.decision.c1", at_once(1, TIMES // 2, decide), bare, f"the same without session and page; {durability}")


def _figure(name: str, timing: Timing, bare: Timing, note: str) -> Figure:
    more = timing.milliseconds() | {"errors": len(timing.errors), "bare_ratio": round(timing.per_second / bare.per_second, 3)}
    return Figure(name, timing.per_second, "1/s", len(timing.each), "; ".join([note, *sorted(set(timing.errors))[:3]]), more)


def _fill(stage: Stage) -> tuple[Actor, list[str]]:
    """The passes and what they stand on, in bulk. Returns a guard and the live tokens."""
    signing, _public = token.keys(stage.keys.passes)
    now = clock.now()
    last_day = now.date() + timedelta(days=200)
    with isolated(), transaction() as session:
        user = add_user("guard@rackpass.example", "孙强", Role.DUTY, None, now)
        site = Site(created_at=now, code="S", name="Site", name_en="Site")
        session.add(site)
        session.flush()
        room = Room(created_at=now, site_id=site.id, code="B2", name="Room", name_en="Room")
        session.add(room)
        session.flush()
        clients = [
            _row(kind="company", number=f"C-{n}", name=f"Client {n}", registration_number="x", registration_hash=f"{n}")
            for n in range(LIVE // 2)
        ]
        session.execute(insert(Client), clients)
        contracts = [
            _row(number=f"K-{n}", client_id=client["id"], room_id=room.id, starts_on=now.date(), ends_on=now.date() + timedelta(days=400),
                 units_granted=42, power_w=1000, state="in_force", note="")
            for n, client in enumerate(clients)
        ]  # fmt: skip
        session.execute(insert(Contract), contracts)
        photo = _row(purpose="badge_photo", uploaded_by_id=user.id, filename="x.jpg", media_type="image/jpeg", size=1, sha256="")
        session.execute(insert(StoredFile), [photo])
        people, badges, grants = [], [], []
        for n in range(LIVE):
            client, contract = clients[n // 2], contracts[n // 2]
            person = _row(client_id=client["id"], name=f"Person {n}", document_number="x", document_hash=f"{n}", document_tail="216X")
            badge = _row(
                number=f"BA-{n}", client_id=client["id"], person_id=person["id"], slot=n % 2 + 1, photo_id=photo["id"],
                identity_copy_id=photo["id"], applied_by_id=user.id, issued_at=now, valid_until=last_day, state="issued",
            )  # fmt: skip
            people.append(person)
            badges.append(badge)
            grants.append(_row(badge_id=badge["id"], contract_id=contract["id"]))
        for model, rows in ((Person, people), (Badge, badges), (BadgeGrant, grants)):
            session.execute(insert(model), rows)
    until = now + timedelta(days=200)
    tokens: list[str] = []
    for start in range(0, PASSES, BATCH):
        rows = []
        for n in range(start, start + BATCH):
            live = n < LIVE
            row = _row(
                kind="badge", subject_id=badges[n % LIVE]["id"], short_code=_code(n), valid_until=until, issued_by_id=user.id,
                revoked_at=None if live else now, revoked_for="" if live else "reissued",
            )  # fmt: skip
            rows.append(row)
            if live:
                tokens.append(token.sign(token.Kind.BADGE, row["id"], until, signing))
        with isolated(), transaction() as session:
            session.execute(insert(Pass), rows)
    settle()
    return Actor(user.id, user.name, Role.DUTY), tokens


def _row(**values: Any) -> dict[str, Any]:
    return {"id": ids.new(), "created_at": clock.now(), **values}


def _code(number: int) -> str:
    """A short code of the right shape, distinct for each number."""
    text = ""
    for _ in range(10):
        number, digit = divmod(number, 32)
        text = ALPHABET[digit] + text
    return text


BENCHES = [Bench("gate", verification)]
