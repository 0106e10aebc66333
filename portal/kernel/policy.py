"""Who may do what: permissions as area:thing:action, one table of grants, and the markers that every endpoint carries."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from portal.kernel.marks import N_


class Permission(StrEnum):
    USER_MANAGE = "accounts:user:manage"
    COLLEAGUE_MANAGE = "accounts:colleague:manage"
    RULES_PUBLISH = "accounts:rules:publish"
    AUDIT_READ = "audit:entry:read"

    CLIENT_READ = "clients:client:read"
    CLIENT_WRITE = "clients:client:write"
    PERSON_READ = "clients:person:read"
    PERSON_WRITE = "clients:person:write"
    IDENTITY_REVEAL = "clients:identity:reveal"
    PERSON_EXPORT = "clients:person:export"
    IDENTITY_FILE_READ = "clients:identity_file:read"

    CONTRACT_READ = "contracts:contract:read"
    CONTRACT_WRITE = "contracts:contract:write"
    CONTRACT_SUSPEND = "contracts:contract:suspend"
    CONTRACT_DOCUMENT_READ = "contracts:document:read"

    FACILITY_READ = "facility:room:read"
    FACILITY_WRITE = "facility:room:write"
    UNITS_RESERVE = "facility:units:reserve"
    RACK_VIEW = "facility:rack:view"

    NETWORK_READ = "network:prefix:read"
    NETWORK_WRITE = "network:prefix:write"
    ADDRESS_VIEW = "network:address:view"

    EQUIPMENT_READ = "equipment:item:read"
    EQUIPMENT_TAG = "equipment:item:tag"
    MODEL_READ = "equipment:model:read"
    MODEL_WRITE = "equipment:model:write"

    WORK_ORDER_READ = "workorders:order:read"
    WORK_ORDER_DRAFT = "workorders:order:draft"
    WORK_ORDER_ISSUE = "workorders:order:issue"
    WORK_ORDER_CANCEL = "workorders:order:cancel"
    WORK_ORDER_PREPARE = "workorders:order:prepare"
    WORK_ORDER_ACCEPT = "workorders:order:accept"

    BADGE_READ = "badges:badge:read"
    BADGE_APPLY = "badges:badge:apply"
    BADGE_REVIEW = "badges:badge:review"
    BADGE_PRINT = "badges:badge:print"
    BADGE_SUSPEND = "badges:badge:suspend"
    BADGE_REPORT_LOST = "badges:badge:report_lost"
    BADGE_CANCEL = "badges:badge:cancel"
    BADGE_TAKE_BACK = "badges:badge:take_back"

    EXIT_READ = "exits:exit:read"
    EXIT_APPLY = "exits:exit:apply"
    EXIT_INSPECT = "exits:exit:inspect"
    EXIT_CANCEL = "exits:exit:cancel"
    EXIT_BOOK_RETURN = "exits:return:book"
    EXIT_PLACE_REPLACEMENT = "exits:replacement:place"

    VISIT_READ = "visits:visit:read"
    VISIT_REQUEST = "visits:visit:request"
    VISIT_REVIEW = "visits:visit:review"
    VISIT_CANCEL = "visits:visit:cancel"
    VISIT_SETTINGS = "visits:settings:write"

    EMERGENCY_READ = "emergencies:emergency:read"
    EMERGENCY_ASK = "emergencies:emergency:ask"
    EMERGENCY_APPROVE = "emergencies:emergency:approve"
    EMERGENCY_REPORT = "emergencies:report:write"
    EMERGENCY_REVIEW = "emergencies:report:review"

    CALENDAR_READ = "calendar:day:read"
    CALENDAR_WRITE = "calendar:day:write"
    ROTA_READ = "oncall:rota:read"
    ROTA_WRITE = "oncall:rota:write"
    CHANNEL_WRITE = "oncall:channel:write"

    GATE_VERIFY = "gate:pass:verify"
    GATE_LOG_READ = "gate:log:read"
    PRESENCE_READ = "gate:presence:read"
    PRESENCE_SETTLE = "gate:presence:settle"
    OFFLINE_RELEASE_ALLOW = "gate:offline_release:allow"
    OFFLINE_MISTAKE_SETTLE = "gate:offline_mistake:settle"
    SHIFT_READ = "shifts:shift:read"
    SHIFT_HAND_OVER = "shifts:shift:hand_over"

    VIOLATION_READ = "conduct:violation:read"
    VIOLATION_RECORD = "conduct:violation:record"
    VIOLATION_DECIDE = "conduct:violation:decide"
    VIOLATION_APPEAL = "conduct:violation:appeal"

    ACCESS_REVIEW_READ = "reviews:review:read"
    ACCESS_REVIEW_CONFIRM = "reviews:review:confirm"
    EVIDENCE_READ = "evidence:answer:read"
    EVIDENCE_PACK = "evidence:pack:make"
    RETENTION_READ = "retention:period:read"
    RETENTION_WRITE = "retention:period:write"

    TICKET_READ = "tickets:ticket:read"
    TICKET_READ_ALL = "tickets:all:read"
    TICKET_ASK = "tickets:ticket:ask"
    TICKET_REGISTER = "tickets:ticket:register"
    TICKET_WORK = "tickets:ticket:work"
    TICKET_SUPERVISE = "tickets:ticket:supervise"
    TICKET_TEXTS = "tickets:text:write"
    TICKET_SETTINGS = "tickets:settings:write"
    TICKET_FIGURES = "tickets:figures:read"

    SYSTEM_WORK = "system:work:run"


P = Permission


class Role(StrEnum):
    CLIENT_ADMIN = "client_admin"
    CLIENT_MEMBER = "client_member"
    CUSTOMER_SERVICE = "customer_service"
    SALES = "sales"
    ROOM_STAFF = "room_staff"
    DUTY = "duty"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    SYSTEM = "system"


CLIENT_ROLES = frozenset({Role.CLIENT_ADMIN, Role.CLIENT_MEMBER})
STAFF_ROLES = frozenset(Role) - CLIENT_ROLES - {Role.SYSTEM}

ROLE_LABELS: dict[Role, str] = {
    Role.CLIENT_ADMIN: N_("Client administrator"),
    Role.CLIENT_MEMBER: N_("Client member"),
    Role.CUSTOMER_SERVICE: N_("Customer service"),
    Role.SALES: N_("Sales"),
    Role.ROOM_STAFF: N_("Machine-room staff"),
    Role.DUTY: N_("Duty staff"),
    Role.SUPERVISOR: N_("Supervisor"),
    Role.ADMINISTRATOR: N_("Administrator"),
    Role.AUDITOR: N_("Auditor"),
    Role.SYSTEM: N_("Portal"),
}

_CLIENT = frozenset({
    P.CLIENT_READ, P.PERSON_READ, P.PERSON_WRITE, P.IDENTITY_FILE_READ, P.CONTRACT_READ, P.RACK_VIEW, P.ADDRESS_VIEW,
    P.EQUIPMENT_READ, P.EQUIPMENT_TAG, P.MODEL_READ, P.WORK_ORDER_READ, P.WORK_ORDER_DRAFT, P.WORK_ORDER_CANCEL,
    P.BADGE_READ, P.BADGE_APPLY, P.BADGE_REPORT_LOST, P.BADGE_CANCEL, P.EXIT_READ, P.EXIT_APPLY, P.EXIT_CANCEL,
    P.VISIT_READ, P.VISIT_REQUEST, P.VISIT_CANCEL, P.EMERGENCY_READ, P.EMERGENCY_ASK, P.EMERGENCY_REPORT, P.CALENDAR_READ,
    P.VIOLATION_READ, P.ACCESS_REVIEW_READ, P.TICKET_READ, P.TICKET_ASK,
})  # fmt: skip
_STAFF = frozenset({
    P.CLIENT_READ, P.CONTRACT_READ, P.FACILITY_READ, P.RACK_VIEW, P.ADDRESS_VIEW, P.EQUIPMENT_READ, P.MODEL_READ, P.WORK_ORDER_READ,
    P.BADGE_READ, P.EXIT_READ, P.VISIT_READ, P.EMERGENCY_READ, P.CALENDAR_READ, P.ROTA_READ,
})  # fmt: skip

ROLE_GRANTS: dict[Role, frozenset[Permission]] = {
    Role.CLIENT_MEMBER: _CLIENT,
    Role.CLIENT_ADMIN: _CLIENT | {
        P.COLLEAGUE_MANAGE, P.CONTRACT_DOCUMENT_READ, P.IDENTITY_REVEAL, P.VIOLATION_APPEAL, P.ACCESS_REVIEW_CONFIRM,
    },
    Role.CUSTOMER_SERVICE: _STAFF | {
        P.CLIENT_WRITE, P.PERSON_READ, P.PERSON_WRITE, P.PERSON_EXPORT, P.IDENTITY_REVEAL, P.IDENTITY_FILE_READ,
        P.BADGE_APPLY, P.BADGE_REVIEW, P.BADGE_PRINT, P.BADGE_SUSPEND, P.BADGE_REPORT_LOST, P.BADGE_CANCEL, P.BADGE_TAKE_BACK,
        P.EXIT_INSPECT, P.EXIT_CANCEL, P.NETWORK_READ, P.GATE_LOG_READ, P.PRESENCE_READ,
        P.VISIT_REQUEST, P.VISIT_REVIEW, P.VISIT_CANCEL, P.VISIT_SETTINGS, P.EMERGENCY_ASK, P.EMERGENCY_REPORT,
        P.VIOLATION_READ, P.VIOLATION_RECORD, P.SHIFT_READ,
        P.TICKET_READ, P.TICKET_READ_ALL, P.TICKET_REGISTER, P.TICKET_WORK, P.TICKET_TEXTS, P.TICKET_FIGURES,
    },
    Role.SALES: _STAFF | {
        P.CLIENT_WRITE, P.PERSON_READ, P.CONTRACT_WRITE, P.CONTRACT_DOCUMENT_READ,
        P.WORK_ORDER_DRAFT, P.WORK_ORDER_ISSUE, P.WORK_ORDER_CANCEL, P.NETWORK_READ,
        P.TICKET_READ, P.TICKET_REGISTER, P.TICKET_WORK,
    },
    Role.ROOM_STAFF: _STAFF | {
        P.NETWORK_READ, P.UNITS_RESERVE, P.EQUIPMENT_TAG, P.WORK_ORDER_PREPARE, P.WORK_ORDER_ACCEPT,
        P.EXIT_BOOK_RETURN, P.EXIT_PLACE_REPLACEMENT, P.PRESENCE_READ, P.VIOLATION_RECORD,
        P.TICKET_READ, P.TICKET_REGISTER, P.TICKET_WORK,
    },
    Role.DUTY: frozenset({
        P.FACILITY_READ, P.EXIT_READ, P.BADGE_READ, P.BADGE_REPORT_LOST, P.BADGE_TAKE_BACK, P.EXIT_BOOK_RETURN,
        P.GATE_VERIFY, P.GATE_LOG_READ, P.PRESENCE_READ, P.PRESENCE_SETTLE, P.VISIT_READ, P.EMERGENCY_READ, P.EMERGENCY_ASK,
        P.CALENDAR_READ, P.ROTA_READ,
        P.SHIFT_READ, P.SHIFT_HAND_OVER, P.VIOLATION_RECORD, P.TICKET_READ, P.TICKET_REGISTER, P.TICKET_WORK,
    }),
    Role.SUPERVISOR: _STAFF | {
        P.PERSON_READ, P.PERSON_EXPORT, P.IDENTITY_REVEAL, P.IDENTITY_FILE_READ, P.CONTRACT_SUSPEND,
        P.CONTRACT_DOCUMENT_READ, P.NETWORK_READ,
        P.BADGE_SUSPEND, P.WORK_ORDER_CANCEL, P.EXIT_CANCEL, P.GATE_LOG_READ, P.PRESENCE_READ, P.PRESENCE_SETTLE, P.AUDIT_READ,
        P.VISIT_CANCEL, P.VISIT_SETTINGS, P.EMERGENCY_APPROVE, P.EMERGENCY_REVIEW, P.CALENDAR_WRITE, P.ROTA_WRITE,
        P.OFFLINE_RELEASE_ALLOW, P.OFFLINE_MISTAKE_SETTLE, P.SHIFT_READ, P.VIOLATION_READ, P.VIOLATION_RECORD, P.VIOLATION_DECIDE,
        P.ACCESS_REVIEW_READ, P.ACCESS_REVIEW_CONFIRM, P.EVIDENCE_READ, P.EVIDENCE_PACK, P.RETENTION_READ,
        P.TICKET_READ, P.TICKET_READ_ALL, P.TICKET_REGISTER, P.TICKET_WORK, P.TICKET_SUPERVISE, P.TICKET_TEXTS, P.TICKET_FIGURES,
    },
    Role.ADMINISTRATOR: _STAFF | {
        P.USER_MANAGE, P.RULES_PUBLISH, P.FACILITY_WRITE, P.UNITS_RESERVE, P.NETWORK_READ, P.NETWORK_WRITE, P.MODEL_WRITE, P.AUDIT_READ,
        P.VISIT_SETTINGS, P.CALENDAR_WRITE, P.ROTA_WRITE, P.CHANNEL_WRITE, P.RETENTION_READ, P.RETENTION_WRITE,
        P.TICKET_SETTINGS, P.TICKET_TEXTS,
        P.ACCESS_REVIEW_READ, P.ACCESS_REVIEW_CONFIRM,  # of the supervisors' own accounts: nobody confirms themself
    },
    Role.AUDITOR: _STAFF | {
        P.PERSON_READ, P.NETWORK_READ, P.GATE_LOG_READ, P.PRESENCE_READ, P.AUDIT_READ, P.SHIFT_READ, P.VIOLATION_READ,
        P.ACCESS_REVIEW_READ, P.EVIDENCE_READ, P.EVIDENCE_PACK, P.RETENTION_READ, P.TICKET_READ, P.TICKET_READ_ALL, P.TICKET_FIGURES,
    },
    Role.SYSTEM: frozenset({P.SYSTEM_WORK}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `client_id` is set for client users alone, and then everything they see is that client's."""

    user_id: uuid.UUID | None
    name: str
    role: Role
    client_id: uuid.UUID | None = None
    locale: str = "zh_CN"
    session_id: uuid.UUID | None = None

    def may(self, permission: Permission) -> bool:
        return permission in ROLE_GRANTS[self.role]

    @property
    def is_client(self) -> bool:
        return self.role in CLIENT_ROLES

    @property
    def role_label(self) -> str:
        return ROLE_LABELS[self.role]


SYSTEM = Actor(user_id=None, name="Rackpass", role=Role.SYSTEM)

View = TypeVar("View", bound=Callable[..., object])
ANYONE, SIGNED_IN = "anyone", "signed-in"


def allow(permission: Permission, *others: Permission) -> Callable[[View], View]:
    """Opens an endpoint to who holds any of the permissions. An endpoint without a marker answers 403."""

    def mark(view: View) -> View:
        view.__access__ = frozenset({permission, *others})  # type: ignore[attr-defined]
        return view

    return mark


def allow_anyone(view: View) -> View:
    """Opens an endpoint to strangers: signing in, links from e-mail, static pages."""
    view.__access__ = ANYONE  # type: ignore[attr-defined]
    return view


def allow_machines(view: View) -> View:
    """Open to anyone, and nobody is looked up: for what balancers and monitors ask, also while the database is away."""
    view.__machines__ = True  # type: ignore[attr-defined]
    return allow_anyone(view)


def proven(view: View) -> View:
    """Marks a sensitive endpoint: who opens it has shown who they are in the last minutes, or does so first."""
    view.__proven__ = True  # type: ignore[attr-defined]
    return view


def allow_signed_in(view: View) -> View:
    """Opens an endpoint to every signed-in user: the desk, the own profile."""
    view.__access__ = SIGNED_IN  # type: ignore[attr-defined]
    return view
