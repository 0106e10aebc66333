"""Visits: who asks to enter which room when and why, who is named, and what the sites and the client's rule let through."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.clients.models import Client, Person
from portal.facility.models import Room, Site
from portal.kernel.db import Record, Stateful
from portal.visits.lifecycle import EXTENSION, VISIT, VISITOR

IS_OPEN = text("state = 'under_review'")


class Visit(Stateful):
    """One temporary access: a room, a window (`starts_at` included, `ends_at` not), people with passes of their own (R-A1).

    `escorted` is None until it is decided. `exception`: why the site's hours should not hold this time; empty where they do.
    `rule_week` (its Monday) and `rule_place` are set where the client's rule approved it: places are held once, so the quota of a
    week holds under simultaneous requests. `revision` counts the changes of an approved window, for people's calendars.
    """

    __tablename__ = "visits"
    __table_args__ = (
        UniqueConstraint("client_id", "rule_week", "rule_place", name="uq_visits_rule_place"),
        CheckConstraint("ends_at > starts_at", name="window"),
        CheckConstraint("(rule_week IS NULL) = (rule_place IS NULL)", name="by_rule"),
        CheckConstraint("rule_place >= 1", name="rule_place"),
        CheckConstraint("state <> 'approved' OR escorted IS NOT NULL", name="escorted"),
        Index("ix_visits_client", "client_id", "id"),
        Index("ix_visits_state", "state", "id"),
        Index("ix_visits_state_end", "state", "ends_at"),
        Index("ix_visits_starts_at", "starts_at", "id"),
        Index("ix_visits_room", "room_id", "state", "ends_at"),
    )
    LIFECYCLE = VISIT

    number: Mapped[str] = mapped_column(String(24), unique=True)
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id"))
    room_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("rooms.id"))
    reason: Mapped[str] = mapped_column(String(500))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    opens_rack: Mapped[bool] = mapped_column(default=False)
    tools: Mapped[str] = mapped_column(String(500), default="")
    vehicles: Mapped[list[str]] = mapped_column(default=list)
    exception: Mapped[str] = mapped_column(String(500), default="")
    letter_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stored_files.id"))
    escorted: Mapped[bool | None]
    repeats_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("visits.id"))
    asked_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    reviewed_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    review_note: Mapped[str] = mapped_column(String(500), default="")
    decided_at: Mapped[datetime | None]
    rule_week: Mapped[date | None]
    rule_place: Mapped[int | None]
    revision: Mapped[int] = mapped_column(default=0)
    client: Mapped[Client] = relationship(lazy="raise")
    room: Mapped[Room] = relationship(lazy="raise")
    visitors: Mapped[list[Visitor]] = relationship(lazy="raise", order_by="Visitor.place", back_populates="visit")

    @property
    def by_rule(self) -> bool:
        """Whether the client's rule approved it, and no person."""
        return self.rule_place is not None


class Visitor(Stateful):
    """One person of a visit. `number` is the visit's with the person's `place`; the approved one holds a pass (kind 'visit').

    `email`: where the pass goes besides the client's own users; may be empty.
    """

    __tablename__ = "visitors"
    __table_args__ = (
        UniqueConstraint("visit_id", "person_id"),
        UniqueConstraint("visit_id", "place"),
        CheckConstraint("place >= 1", name="place"),
        Index("ix_visitors_person", "person_id", "state"),
        Index("ix_visitors_client", "client_id", "id"),
    )
    LIFECYCLE = VISITOR

    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visits.id"))
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    number: Mapped[str] = mapped_column(String(28), unique=True)
    place: Mapped[int]
    email: Mapped[str] = mapped_column(String(254), default="")
    visit: Mapped[Visit] = relationship(lazy="raise", back_populates="visitors")
    person: Mapped[Person] = relationship(lazy="raise")


class VisitExtension(Stateful):
    """A later end that is asked for. Until it is approved, the visit and its passes stay as they are. One is open at a time."""

    __tablename__ = "visit_extensions"
    __table_args__ = (
        Index("uq_visit_extensions_open", "visit_id", unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
        Index("ix_visit_extensions_visit", "visit_id", "id"),
        Index("ix_visit_extensions_state", "state", "id"),
    )
    LIFECYCLE = EXTENSION

    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visits.id"))
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id"))
    number: Mapped[str] = mapped_column(String(28), unique=True)
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(500))
    exception: Mapped[str] = mapped_column(String(500), default="")
    asked_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    reviewed_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    review_note: Mapped[str] = mapped_column(String(500), default="")
    visit: Mapped[Visit] = relationship(lazy="raise")


class SiteVisitHours(Record):
    """When visits may begin and end at a site: local minutes of the day, on which weekdays, in steps. A site without a row sets no limit.

    `weekdays` holds the digits of the open ones (1 Monday to 7 Sunday); `working_days_only`: of these, China's working days alone.
    """

    __tablename__ = "site_visit_hours"
    __table_args__ = (
        UniqueConstraint("site_id"),
        CheckConstraint("opens >= 0 AND opens < closes AND closes <= 1440", name="hours"),
        CheckConstraint("slot_minutes IN (5, 10, 15, 30, 60)", name="slot_minutes"),
    )

    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    opens: Mapped[int]
    closes: Mapped[int]
    weekdays: Mapped[str] = mapped_column(String(7))
    working_days_only: Mapped[bool]
    slot_minutes: Mapped[int]
    site: Mapped[Site] = relationship(lazy="raise")


class ClientVisitRule(Record):
    """What of a client's requests is approved at once, without a person: how many people, for how long, how often a week (from Monday)."""

    __tablename__ = "client_visit_rules"
    __table_args__ = (
        UniqueConstraint("client_id"),
        CheckConstraint("people_most BETWEEN 1 AND 50", name="people_most"),
        CheckConstraint("hours_most BETWEEN 1 AND 336", name="hours_most"),
        CheckConstraint("visits_a_week BETWEEN 1 AND 50", name="visits_a_week"),
    )

    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id"))
    active: Mapped[bool]
    people_most: Mapped[int]
    hours_most: Mapped[int]
    visits_a_week: Mapped[int]
    client: Mapped[Client] = relationship(lazy="raise")
