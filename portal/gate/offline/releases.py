"""Whether exit slips of a site may be released without a network: the supervisor's word, for a time, on record (R-X3)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.audit import services as audit
from portal.facility.models import Site
from portal.gate.offline import rules
from portal.gate.offline.models import OfflineRelease
from portal.kernel.db import session
from portal.kernel.errors import Forbidden, NotFound, Refused
from portal.kernel.policy import Actor, Permission


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the supervisor's form says. `until` in UTC."""

    site_id: uuid.UUID
    until: datetime
    reason: str


def allow(command: Allowance, actor: Actor, now: datetime) -> OfflineRelease:
    """Allows releases without a network at a site until a time, at most 24 hours ahead; an earlier word is replaced by this one."""
    _may(actor)
    if why_not := rules.why_not_allow(command.until, now):
        raise Refused(why_not)
    site = session().get(Site, command.site_id)
    if site is None:
        raise NotFound(command.site_id)
    for earlier in in_force(now, command.site_id):
        earlier.until = now
    made = OfflineRelease(created_at=now, site_id=site.id, until=command.until, reason=command.reason, allowed_by_id=actor.user_id)
    session().add(made)
    session().flush()
    facts = {"site": site.code, "until": command.until.isoformat(timespec="minutes")}
    audit.record("offline_release.allowed", "offline_release", made.id, site.code, actor, now, after=facts, reason=command.reason)
    return made


def end(release: OfflineRelease, actor: Actor, now: datetime) -> None:
    """Takes the word back from now on. One that is over already stays as it is."""
    _may(actor)
    session().refresh(release, with_for_update={"of": OfflineRelease})
    if release.until <= now:
        return
    release.until = now
    site = session().get_one(Site, release.site_id)
    audit.record("offline_release.ended", "offline_release", release.id, site.code, actor, now, after={"site": site.code})


def get(release_id: uuid.UUID) -> OfflineRelease:
    found = session().get(OfflineRelease, release_id)
    if found is None:
        raise NotFound(release_id)
    return found


def in_force(moment: datetime, site_id: uuid.UUID | None = None) -> list[OfflineRelease]:
    """The words that hold at a moment, past ones included; of one site, or of all."""
    statement = select(OfflineRelease).where(OfflineRelease.created_at <= moment, OfflineRelease.until > moment)
    if site_id is not None:
        statement = statement.where(OfflineRelease.site_id == site_id)
    return list(session().scalars(statement.order_by(OfflineRelease.until.desc(), OfflineRelease.id)))


def _may(actor: Actor) -> None:
    if not actor.may(Permission.OFFLINE_RELEASE_ALLOW):
        raise Forbidden(Permission.OFFLINE_RELEASE_ALLOW)
