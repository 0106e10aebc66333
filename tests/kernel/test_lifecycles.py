"""Every state × every action × every role, of every lifecycle: what its table says happens, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.audit.tags import LIFECYCLES, OTHERS, all_tags
from portal.equipment.models import Equipment
from portal.evidence import services as evidence
from portal.evidence.models import EvidencePack
from portal.files.models import StoredFile
from portal.kernel.change import move, open_record
from portal.kernel.db import Stateful, session, transaction
from portal.kernel.errors import Conflict, Forbidden
from portal.kernel.lifecycle import Action, Lifecycle, State, Tone
from portal.kernel.policy import CLIENT_ROLES, ROLE_GRANTS, STAFF_ROLES, Actor, Permission, Role
from portal.models import Base
from portal.tickets.models import Ticket
from portal.workorders.models import WorkOrderItem
from tests.badges import making as badges
from tests.cast import NOW, Cast
from tests.conduct import making as conduct
from tests.emergencies import making as emergencies
from tests.exits import making as exits
from tests.gate_offline import making as offline
from tests.papers import staged
from tests.reviews import making as reviews
from tests.shifts import making as shifts
from tests.tickets import making as tickets
from tests.visits import making as visits
from tests.workorders import making as workorders

LATER = NOW + timedelta(minutes=1)
BY_NAME = {lifecycle.name: lifecycle for lifecycle in LIFECYCLES}
MAKE: dict[str, Callable[[Cast], Stateful]] = {
    "user": lambda cast: cast.user("colleague"),
    "contract": lambda cast: cast.contracts["alpha"],
    "work_order": workorders.prepared,
    "work_order_item": lambda cast: _item_of(exits.servers(cast)[0]),
    "equipment": lambda cast: exits.servers(cast)[0],
    "badge": badges.issued,
    "access_review": reviews.opened,
    "evidence_pack": lambda cast: _pack(cast),
    "exit": lambda cast: exits.issued(cast, exits.servers(cast), kind="repair"),
    "violation": conduct.recorded,
    "visit": visits.approved,
    "visitor": lambda cast: visits.people(visits.approved(cast))[0],
    "visit_extension": lambda cast: visits.longer(cast, visits.approved(cast)),
    "offline_mistake": offline.mistake,
    "emergency": emergencies.left,
    "shift": shifts.running,
    "ticket": lambda cast: _ticket(cast),
}


class _Enough(Exception):
    """Ends a transaction so that nothing of it stays."""


@contextmanager
def undone() -> Iterator[None]:
    """A transaction of which nothing stays."""
    try:
        with transaction():
            yield
            raise _Enough
    except _Enough:
        pass


def someone(role: Role, cast: Cast) -> Actor:
    """A person of that role who has asked for nothing."""
    return Actor(None, role.value, role, cast.alpha.id if role in CLIENT_ROLES else None)


def _item_of(equipment: Equipment) -> WorkOrderItem:
    return session().scalars(select(WorkOrderItem).where(WorkOrderItem.equipment_id == equipment.id)).one()


def _pack(cast: Cast) -> EvidencePack:
    """A pack, and a file that it could have."""
    staged("letter", cast.actor("auditor"), NOW)
    return evidence.ask(NOW.date(), NOW.date(), cast.actor("auditor"), NOW)


def _ticket(cast: Cast) -> Ticket:
    """A request, and one that it could be merged into."""
    tickets.asked(cast)
    return tickets.asked(cast)


def put(record: Stateful, state: str) -> None:
    """Puts a record in a state past all guards but the database's own."""
    cls = type(record)
    there = update(cls).where(cls.id == record.id).values(state=state, **with_state(record, state))
    session().execute(there.execution_options(through_lifecycle=True))
    session().refresh(record)


def with_state(record: Stateful, state: str) -> dict[str, Any]:
    """What the database wants to go with a state: an accepted item has its equipment, no other has; a made pack has its file."""
    if isinstance(record, EvidencePack):
        return {"file_id": session().scalars(select(StoredFile.id)).first(), "made_at": NOW, "sha256": "ab" * 32} if state == "made" else {}
    if isinstance(record, Ticket):
        other = session().scalars(select(Ticket.id).where(Ticket.id != record.id)).first()
        return {"merged_into_id": other if state == "merged" else None, "settled_at": NOW, "settle_due_at": None}
    if not isinstance(record, WorkOrderItem):
        return {}
    equipment = session().scalars(select(Equipment.id).where(Equipment.serial == record.serial)).one()
    return {"equipment_id": equipment if state == "accepted" else None}


def test_every_lifecycle_is_tried() -> None:
    found = {mapper.class_.LIFECYCLE.name for mapper in Base.registry.mappers if issubclass(mapper.class_, Stateful)}
    assert found == set(BY_NAME) == set(MAKE)


@pytest.mark.parametrize("name", BY_NAME)
def test_product(cast: Cast, name: str) -> None:
    """In each state, each action by each role: done and told, refused for want of the permission, or a conflict."""
    lifecycle = BY_NAME[name]
    with transaction():
        record = MAKE[name](cast)
    tried = 0
    for state in lifecycle.states:
        with undone():
            put(record, state)
            for action in lifecycle.actions.values():
                for role in Role:
                    expected = _expected(role, action, state)
                    assert _attempt(record, action, someone(role, cast)) == expected, (state, action.key, role)
                    assert record.state == state
                    tried += 1
    assert tried == len(lifecycle.states) * len(lifecycle.actions) * len(Role)


def _expected(role: Role, action: Action, state: str) -> str:
    if action.permission not in ROLE_GRANTS[role]:
        return "forbidden"
    return action.target if state in action.sources else "conflict"


def _attempt(record: Stateful, action: Action, actor: Actor) -> str:
    """What comes of an action: the new state, "forbidden" or "conflict". Nothing of it stays."""
    reason, before = "because" if "reason" in action.needs else None, record.state
    possible = before in action.sources and action.permission in ROLE_GRANTS[actor.role]
    point = session().begin_nested() if possible else None  # the others are told before anything is written
    try:
        move(record, action.key, actor, LATER, reason=reason, values=with_state(record, action.target))
    except Forbidden:
        return "forbidden"
    except Conflict:
        return "conflict"
    entry = session().scalars(select(AuditEntry).where(AuditEntry.subject_id == record.id).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.tag, entry.before["state"], entry.after["state"]) == (record.LIFECYCLE.tag(action.key), before, action.target)
    reached = record.state
    assert point is not None
    point.rollback()
    session().refresh(record)
    return reached


@pytest.mark.parametrize("name", BY_NAME)
def test_every_opening_action_asks_for_its_permission(cast: Cast, name: str) -> None:
    for action in BY_NAME[name].actions.values():
        for role in Role:
            if action.sources or action.permission in ROLE_GRANTS[role]:
                continue
            blank = User(email="new@rackpass.example", name="x", role="sales")
            blank.LIFECYCLE = BY_NAME[name]  # type: ignore[misc]
            with pytest.raises(Forbidden):
                open_record(blank, action.key, someone(role, cast), NOW)
    assert session().scalar(select(User.id).where(User.email == "new@rackpass.example")) is None


@pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=BY_NAME)
def test_the_table_is_whole(lifecycle: Lifecycle) -> None:
    """Every state can be reached, something leads out of it unless it is an end, and every permission is somebody's."""
    opened = {action.target for action in lifecycle.actions.values() if not action.sources}
    assert opened
    reached, grown = opened, True
    while grown:
        further = {a.target for a in lifecycle.actions.values() if set(a.sources) & reached} | reached
        grown, reached = further != reached, further
    assert reached == set(lifecycle.states)
    ends = {state for state in lifecycle.states if not any(state in action.sources for action in lifecycle.actions.values())}
    assert all(lifecycle.states[state].tone in (Tone.REST, Tone.STOP, Tone.OK) for state in ends), "an end does not wait for anybody"
    for action in lifecycle.actions.values():
        assert any(action.permission in ROLE_GRANTS[role] for role in Role), action.key
        assert lifecycle.tag(action.key) in all_tags()
        assert lifecycle.tag(action.key) not in OTHERS
    offered = [[action.primary for action in lifecycle.from_state(state)].count(True) for state in lifecycle.states]
    assert max(offered) <= 2, "of the usual next steps a state has one, or one for the client and one for staff"


def test_a_table_that_names_a_state_it_does_not_have_is_refused() -> None:
    action = Action("go", "Go", "Gone", ("here",), "there", Permission.AUDIT_READ)
    with pytest.raises(ValueError, match=r"walk\.go names unknown states {'there'}"):
        Lifecycle("walk", [State("here", "Here", Tone.OK)], [action])


def test_clients_and_staff_are_told_apart() -> None:
    assert CLIENT_ROLES | STAFF_ROLES | {Role.SYSTEM} == set(Role)
    assert not CLIENT_ROLES & STAFF_ROLES
    assert ROLE_GRANTS[Role.SYSTEM] == {Permission.SYSTEM_WORK}
    assert not any(Permission.SYSTEM_WORK in ROLE_GRANTS[role] for role in Role if role is not Role.SYSTEM)
    writes = {p for p in Permission if not p.endswith((":read", ":view"))}
    making = {Permission.EVIDENCE_PACK}
    assert ROLE_GRANTS[Role.AUDITOR] & writes == making, "an auditor reads all and changes none of it: a pack is a copy of what was read"
    acts_on = {lifecycle.name for lifecycle in LIFECYCLES for action in lifecycle.actions.values() if action.permission in making}
    assert acts_on == {"evidence_pack"}
