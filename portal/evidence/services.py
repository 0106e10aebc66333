"""Evidence packs: asked for by a person, made by the worker outside any transaction, kept encrypted, signed."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select

from portal.accounts import queries as accounts
from portal.accounts.models import User
from portal.evidence import emails, rules
from portal.evidence.models import EvidencePack
from portal.evidence.packing import Asked, Made
from portal.files import services as files
from portal.files.rules import ZIP
from portal.kernel import change, clock, ids
from portal.kernel.db import session
from portal.kernel.errors import Refused
from portal.kernel.numbers import next_number
from portal.kernel.policy import SYSTEM, Actor
from portal.outbox.messages import Message
from portal.outbox.services import notify
from portal.passes.documents.style import Bilingual

LEASE = timedelta(minutes=30)

_site = Bilingual("数据中心", "Data center")


def configure(site: Bilingual) -> None:
    """Sets the data center's name, as packs tell it."""
    global _site
    _site = site


def ask(from_on: date, to_on: date, actor: Actor, now: datetime) -> EvidencePack:
    """Asks for a pack of a period, both days included. The worker makes it. Raises Refused, Forbidden."""
    if refusal := rules.why_not_period(from_on, to_on, clock.today(now)):
        raise Refused(refusal)
    pack = EvidencePack(number=next_number("EP", now), from_on=from_on, to_on=to_on, asked_by_id=actor.user_id)
    change.open_record(pack, "ask", actor, now, facts={"from": from_on, "until": to_on})
    return pack


def ask_again(pack: EvidencePack, actor: Actor, now: datetime) -> None:
    change.move(pack, "ask_again", actor, now, values={"attempts": 0, "leased_until": None, "failure": ""})


def claim(now: datetime) -> tuple[uuid.UUID, Asked] | None:
    """The oldest pack that waits to be made, leased to the caller; one that failed too often is given up. For the worker."""
    waiting = select(EvidencePack).where(
        EvidencePack.state == "asked", or_(EvidencePack.leased_until.is_(None), EvidencePack.leased_until <= now)
    )
    pack = session().scalars(waiting.order_by(EvidencePack.id).limit(1).with_for_update(skip_locked=True)).one_or_none()
    if pack is None:
        return None
    if pack.attempts >= rules.MOST_ATTEMPTS:
        change.move(pack, "fail", SYSTEM, now, values={"failure": pack.failure or "killed", "leased_until": None})
        _tell(emails.FAILED, pack, now)
        return None
    pack.attempts += 1
    pack.leased_until = now + LEASE
    asked_by = session().scalar(select(User.name).where(User.id == pack.asked_by_id)) or ""
    return pack.id, Asked(pack.number, pack.from_on, pack.to_on, asked_by, _site)


def keep(pack_id: uuid.UUID, made: Made, now: datetime) -> None:
    """Stores a made pack and tells who asked. One that another worker finished meanwhile is left as it is."""
    pack = session().get_one(EvidencePack, pack_id)
    change.lock(pack)
    if pack.state != "asked":
        return
    file = files.keep_made(
        made.file, f"{pack.number}.zip", ZIP, "evidence_pack", made.sha256, made.size, pack.asked_by_id, now
    )  # fmt: skip
    values = {
        "file_id": file.id, "made_at": now, "size": made.size, "sha256": made.sha256, "fingerprint": made.fingerprint,
        "audit_seq": made.audit_seq, "audit_hash": made.audit_hash, "rows": made.rows, "leased_until": None, "failure": "",
    }  # fmt: skip
    change.move(pack, "make", SYSTEM, now, facts={"sha256": made.sha256, "size": made.size}, values=values)
    _tell(emails.MADE, pack, now)


def note_failure(pack_id: uuid.UUID, error: str, now: datetime) -> None:
    """Writes down why a pack could not be made; it is tried again at once until it was tried too often."""
    pack = session().get_one(EvidencePack, pack_id)
    change.lock(pack)
    if pack.state == "asked":
        pack.failure, pack.leased_until = error[:500], None


def path(pack: EvidencePack) -> str:
    return f"/evidence/packs/{ids.to_text(pack.id)}"


def _tell(message: Message, pack: EvidencePack, now: datetime) -> None:
    data = {"number": pack.number, "start": pack.from_on.isoformat(), "end": pack.to_on.isoformat()}
    notify(message, accounts.recipient(pack.asked_by_id), now, path=path(pack), data=data)
