"""Offline mistakes, reached through what makes them: a phone that did not know."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from portal.badges import services as badges
from portal.badges.models import Badge
from portal.gate.offline import booking, releases
from portal.gate.offline.models import OfflineMistake, OfflineRelease
from portal.kernel.db import session
from portal.passes.models import Pass
from tests.badges.making import issued
from tests.cast import NOW, Cast
from tests.gate_offline.phone import LATER, event


def admitted(cast: Cast, held: Pass) -> OfflineMistake:
    """Someone was let in offline on a pass that is dead; in the open transaction."""
    sent = booking.read(event(cast, "entry", held))
    outcome = booking.book(sent, LATER, cast.actor("guard"), LATER)
    assert outcome.outcome == booking.OBJECTION, outcome
    return session().scalars(select(OfflineMistake).order_by(OfflineMistake.id.desc()).limit(1)).one()


def mistake(cast: Cast) -> OfflineMistake:
    """One of 王珺, whose badge was reported as lost after the phone's last sync."""
    badge: Badge = issued(cast)
    held = session().scalars(select(Pass).where(Pass.subject_id == badge.id)).one()
    badges.report_lost(badge, cast.actor("admin"), NOW + timedelta(minutes=2))
    return admitted(cast, held)


def allowed(cast: Cast) -> OfflineRelease:
    """The supervisor's word for the site of the cast."""
    command = releases.Allowance(cast.rooms["B2"].site_id, NOW + timedelta(hours=4), "line cut")
    return releases.allow(command, cast.actor("supervisor"), NOW)
