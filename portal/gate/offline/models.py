"""What a gate without a network leaves behind: mistakes to settle, and the word that equipment may leave offline."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.clients.models import Client
from portal.facility.models import Site
from portal.gate.models import GateEvent
from portal.gate.offline.lifecycle import OFFLINE_MISTAKE
from portal.kernel.db import Record, Stateful


class OfflineMistake(Stateful):
    """An event that a phone let through offline and that the portal would have refused. One an event; `objection` is the refusal's code.

    The event itself stands in the log as it happened; here is what the supervisor makes of it.
    """

    __tablename__ = "offline_mistakes"
    __table_args__ = (
        Index("ix_offline_mistakes_state", "state", "id"),
        Index("ix_offline_mistakes_client", "client_id", "id"),
    )
    LIFECYCLE = OFFLINE_MISTAKE

    number: Mapped[str] = mapped_column(String(24), unique=True)
    event_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("gate_events.id"), unique=True)
    client_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("clients.id"))
    objection: Mapped[str] = mapped_column(String(40))
    settled_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    settled_at: Mapped[datetime | None]
    event: Mapped[GateEvent] = relationship(lazy="raise")
    client: Mapped[Client | None] = relationship(lazy="raise")


class OfflineRelease(Record):
    """The supervisor's word that exit slips of a site may be released offline, from `created_at` to `until`.

    Rows stay: whether a release was allowed is judged at its own time. Ending it early brings `until` forward.
    """

    __tablename__ = "offline_releases"
    __table_args__ = (CheckConstraint("until >= created_at", name="until"), Index("ix_offline_releases_site", "site_id", "until"))

    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    until: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(500))
    allowed_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    site: Mapped[Site] = relationship(lazy="raise")
