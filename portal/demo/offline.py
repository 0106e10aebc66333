"""A gate that was without a network: what it let through and should not have, and the word that slips may leave offline."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from portal.badges.models import Badge
from portal.demo import cases
from portal.facility.models import Room
from portal.gate import rules as gate_rules
from portal.gate import services as gate
from portal.gate.models import GateEvent
from portal.gate.offline import booking, mistakes, queries, releases
from portal.kernel import crypto
from portal.kernel.db import session, transaction
from portal.kernel.policy import Role
from portal.passes.models import Pass

AWAY = timedelta(minutes=40)  # how long the network was gone after the entry


def without_network(now: datetime) -> None:
    """Two people came in on dead badges while the network was gone, and went again: the first is settled, the second waits."""
    guard, supervisor = cases.staff(Role.DUTY), cases.staff(Role.SUPERVISOR)
    dead = select(Pass).join(Badge, Badge.id == Pass.subject_id).where(Pass.revoked_at.is_not(None), Badge.state != "expired")
    room = session().scalars(select(Room).order_by(Room.code).limit(1)).one()
    for hours, held in zip((47, 3), session().scalars(dead.order_by(Pass.id.desc()).limit(2)).all(), strict=False):
        at = now - timedelta(hours=hours)
        nonce = crypto.new_token()
        assert guard.user_id is not None
        entry = booking.OfflineEvent(
            nonce=nonce, kind="entry", guard_id=guard.user_id, happened=at, copied=at - timedelta(minutes=25), pass_id=held.id,
            room_id=room.id, points=tuple(key for key, _label in gate_rules.CHECKLIST_POINTS), item_ids=(), escort_id=None, kept=(),
            given_back=(), who_id=None, serial="", mover_seen=False, rest_stays=False, code="", reason="",
        )  # fmt: skip
        with transaction():
            booking.book(entry, at + AWAY, guard, at + AWAY)
            gate.leave(held, crypto.new_token(), guard, at + AWAY + timedelta(minutes=5))
        if hours > 24:
            with transaction():
                booked = session().scalars(select(GateEvent).where(GateEvent.nonce == nonce)).one()
                mistake = queries.of_event(booked.id)
                assert mistake is not None, "a dead badge is objected to"
                reason = "当晚断网，证件失效未能同步到手机。持证人已请出，旧卡已收回；门岗已加装 4G 备用网络。"
                mistakes.settle(mistake, reason, supervisor, at + timedelta(hours=14))
    with transaction():
        word = releases.Allowance(room.site_id, now + timedelta(hours=6), "运营商检修光缆，今晚可能断网，撤机设备须按时搬出。")
        releases.allow(word, supervisor, now - timedelta(minutes=20))
