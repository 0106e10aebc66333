"""Every table of the portal, imported in one place for migrations and checks."""

from __future__ import annotations

from portal import jobs
from portal.accounts import models as accounts
from portal.audit import models as audit
from portal.badges import models as badges
from portal.calendar import models as calendar
from portal.clients import models as clients
from portal.conduct import models as conduct
from portal.contracts import models as contracts
from portal.emergencies import models as emergencies
from portal.equipment import models as equipment
from portal.evidence import models as evidence
from portal.exits import models as exits
from portal.facility import models as facility
from portal.files import models as files
from portal.gate import models as gate
from portal.gate.offline import models as gate_offline
from portal.kernel import numbers, submissions
from portal.kernel.db import Base
from portal.network import models as network
from portal.oncall import models as oncall
from portal.outbox import models as outbox
from portal.passes import models as passes
from portal.retention import models as retention
from portal.reviews import models as reviews
from portal.shifts import models as shifts
from portal.tickets import models as tickets
from portal.visits import models as visits
from portal.workorders import models as workorders

__all__ = [
    "Base",
    "accounts",
    "audit",
    "badges",
    "calendar",
    "clients",
    "conduct",
    "contracts",
    "emergencies",
    "equipment",
    "evidence",
    "exits",
    "facility",
    "files",
    "gate",
    "gate_offline",
    "jobs",
    "network",
    "numbers",
    "oncall",
    "outbox",
    "passes",
    "retention",
    "reviews",
    "shifts",
    "submissions",
    "tickets",
    "visits",
    "workorders",
]
