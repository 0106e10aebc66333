"""One of everything: every kind of record that an address can name, in the states from which its actions start.

Of the first client as far as its users have to do with it; made through the services.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portal.accounts import links, managing
from portal.accounts import services as accounts
from portal.accounts.managing import InviteUser
from portal.accounts.services import PublishRules
from portal.audit.models import AuditEntry
from portal.badges import services as badge_services
from portal.clients import services as clients
from portal.contracts import services as contracts
from portal.equipment.models import Equipment
from portal.exits.models import Exit
from portal.facility import administration as facility
from portal.gate import rules as gate_rules
from portal.gate import services as gate
from portal.gate.models import GateEvent, Presence
from portal.kernel import crypto, ids
from portal.kernel.change import move
from portal.kernel.db import session
from portal.kernel.policy import SYSTEM, Role
from portal.network import administration as network
from portal.network.models import Prefix, ReservedRange, Switch, SwitchPort
from portal.passes.models import Pass
from portal.passes.queries import live_pass
from portal.tickets.models import Ticket
from portal.workorders import queries as orders
from portal.workorders import services as order_services
from portal.workorders.checking import Line
from portal.workorders.planning import Room
from tests import scene_conduct, scene_emergencies, scene_evidence, scene_gate, scene_reviews, scene_shifts, scene_tickets, scene_visits
from tests.badges import making as badges
from tests.cast import NOW, Cast, new_contract
from tests.exits import making as exits
from tests.gate_offline import scene as scene_offline
from tests.papers import staged
from tests.tickets import making as tickets
from tests.workorders import making as workorders


@dataclass
class Scene:
    """Records by name. `text("badge")` is an id as it stands in an address."""

    cast: Cast
    ids: dict[str, uuid.UUID] = field(default_factory=dict)
    nonce: str = ""
    scan: str = ""
    opinion: str = ""  # the token of the link that asks for an opinion

    def text(self, name: str) -> str:
        return ids.to_text(self.ids[name])

    def keep(self, **records: Any) -> None:
        self.ids |= {name: record if isinstance(record, uuid.UUID) else record.id for name, record in records.items()}


def build(cast: Cast) -> Scene:
    """Sets the scene in the open transaction, at the cast's time."""
    scene = Scene(cast)
    _people(scene)
    _building(scene)
    servers = exits.servers(cast, 7)
    scene.keep(equipment=servers[6], equipment_held=servers[2])
    _badges(scene)
    _exits(scene, servers)
    _orders(scene)
    _contracts(scene)
    _gate(scene)
    scene.keep(**scene_reviews.build(cast))
    scene.keep(**scene_evidence.build(cast))
    scene_visits.build(scene)
    scene_offline.set_up(scene)
    scene_emergencies.build(scene)
    scene_gate.build(scene)
    scene.keep(entry=session().scalars(select(AuditEntry.id).where(AuditEntry.tag == "badge.issue")).first())
    scene.keep(**scene_conduct.violations(cast))
    scene.keep(**scene_shifts.shifts(cast))
    scene.keep(**scene_tickets.tickets(cast, servers[6].serial))
    scene.opinion = tickets.token_of(session().get_one(Ticket, scene.ids["ticket_settled"]))
    session().flush()
    return scene


def _people(scene: Scene) -> None:
    cast = scene.cast
    administrator, admin, service = cast.actor("administrator"), cast.actor("admin"), cast.actor("service")
    rules = accounts.publish_rules(PublishRules("# 规则", "# Rules", 0), administrator, NOW)
    for name in ("admin", "colleague", "stranger", "solo"):
        accounts.accept_rules(1, cast.actor(name), "127.0.0.1", NOW)
    scene.keep(rules=rules, client=cast.alpha, person=cast.people["zhang"], user=cast.user("colleague"), staff=cast.user("service2"))
    for name in ("invited", "withdrawn", "disabled"):
        email, client_id = f"{name}@client.example", cast.alpha.id
        user = managing.invite(InviteUser(email, name, Role.CLIENT_MEMBER, client_id, "zh_CN"), admin, NOW)
        if name == "withdrawn":
            managing.withdraw(user, admin, NOW)
        elif name == "disabled":
            links.revoke(user, NOW)
            move(user, "accept", SYSTEM, NOW, values={"password_hash": cast.user("admin").password_hash})
            managing.disable(user, "left", admin, NOW)
        scene.keep(**{f"user_{name}": user})
    scene.keep(contact=clients.add_contact(cast.alpha, clients.ContactData("王珺", "运维", "010-5550 0101", ""), service, NOW))
    scene.keep(file_waiting=staged("letter", admin, NOW))


def _building(scene: Scene) -> None:
    cast, administrator = scene.cast, scene.cast.actor("administrator")
    room, rack = cast.rooms["B2"], cast.racks["B2-01"]
    scene.keep(site=room.site_id, room=room, rack=rack, model=cast.models["r650"])
    scene.keep(holder=facility.reserve_units(facility.Reservation(rack.id, 40, 42, "both", "cable tray"), administrator, NOW))
    prefix = session().scalars(select(Prefix).where(Prefix.room_id == room.id)).one()
    switch = session().scalars(select(Switch).where(Switch.room_id == room.id)).one()
    network.reserve_range(network.Reservation(prefix.id, "198.51.2.200", "198.51.2.210", "printers"), administrator, NOW)
    scene.keep(prefix=prefix, switch=switch)
    scene.keep(range=session().scalars(select(ReservedRange.id).where(ReservedRange.kind == "reserved")).one())
    scene.keep(port=session().scalars(select(SwitchPort.id).where(SwitchPort.switch_id == switch.id, SwitchPort.position == 20)).one())


def _badges(scene: Scene) -> None:
    """The first client's two: one issued, its holder inside, one to be corrected. A lost one; the others' under review and suspended."""
    cast, service = scene.cast, scene.cast.actor("service")
    lost = badges.issued(cast, "zhang")
    badge_services.report_lost(lost, cast.actor("admin"), NOW)
    issued = badges.issued(cast, "wang")
    correcting = badges.applied(cast, "liu")
    badge_services.ask_correction(correcting, "blurred photo", service, NOW)
    suspended = badges.issued(cast, "chen", "solo")
    badge_services.suspend(suspended, "investigation", service, NOW)
    reviewing = badges.applied(cast, "li", "stranger")
    scene.keep(badge=issued, badge_correcting=correcting, badge_lost=lost, badge_suspended=suspended, badge_reviewing=reviewing)
    scene.keep(photo=issued.photo_id, identity_copy=issued.identity_copy_id, letter=issued.letter_id)


def _exits(scene: Scene, servers: list[Equipment]) -> None:
    cast = scene.cast
    made: dict[str, Exit] = {
        "exit_reviewing": exits.applied(cast, servers[0:1]),
        "exit_correcting": exits.in_state(cast, "needs_correction", servers[1:2]),
        "exit": exits.issued(cast, servers[2:3], kind="repair"),
        "exit_out": exits.released(cast, servers[3:4], kind="repair"),
        "exit_back": exits.back_at_gate(cast, servers[4:5], kind="replacement"),
        "exit_gone": exits.released(cast, servers[5:6]),
    }
    scene.keep(**made)
    scene.keep(**{f"{name}_item": exits.items(found)[0] for name, found in made.items()})


def _orders(scene: Scene) -> None:
    cast, sales, admin, room_staff = scene.cast, scene.cast.actor("sales"), scene.cast.actor("admin"), scene.cast.actor("room_staff")

    def order(first: int, count: int, until: str) -> Any:
        early = until in ("prepared", "partly_accepted")
        now, arrives = (exits.ORDERED, exits.RACKED) if early else (NOW, workorders.ARRIVAL)
        lines = tuple(Line(cast.models["r650"], f"SN-{number:04d}") for number in range(first, first + count))
        made = order_services.draft(order_services.Draft(cast.contracts["alpha"].id, arrives, lines), admin, now)
        if until != "draft":
            order_services.request(made, admin, now)
        if until in ("issued", "prepared", "partly_accepted"):
            order_services.issue(made, sales, now)
        if early:
            loaded = orders.get_order(room_staff, made.id)
            order_services.prepare(loaded, Room(loaded).propose(loaded.items), room_staff, now)
        if until == "partly_accepted":
            workorders.accept(cast, made, 1, exits.RACKED)
        return made

    scene.keep(order_draft=order(101, 1, "draft"), order_requested=order(102, 1, "requested"), order_issued=order(103, 1, "issued"))
    scene.keep(order=order(104, 1, "prepared"), order_partly=order(105, 2, "partly_accepted"))
    scene.keep(order_item=orders.get_order(room_staff, scene.ids["order"]).items[0])


def _contracts(scene: Scene) -> None:
    cast, sales, supervisor = scene.cast, scene.cast.actor("sales"), scene.cast.actor("supervisor")
    contract = cast.contracts["alpha"]
    paper = contracts.add_document(contract, staged("contract_document", sales, NOW), "合同正本", sales, NOW)
    scene.keep(contract=contract, document=paper.file_id)
    for name in ("draft", "suspended", "ending"):
        terms = new_contract(cast.alpha, cast.rooms["A1"], NOW, units_granted=2, power_w=500)
        made = contracts.draft_contract(terms, sales, NOW)
        if name != "draft":
            contracts.sign_contract(made, sales, NOW)
        if name == "suspended":
            contracts.suspend_contract(made, "arrears", supervisor, NOW)
        elif name == "ending":
            contracts.end_contract(made, "moving", sales, NOW)
        scene.keep(**{f"contract_{name}": made})
    whole = new_contract(cast.beta, cast.rooms["A1"], NOW, units_granted=0, rack_ids=(cast.racks["A1-03"].id,))
    contracts.sign_contract(contracts.draft_contract(whole, sales, NOW), sales, NOW)


def _gate(scene: Scene) -> None:
    """Wang is inside; somebody showed a badge that was lost."""
    cast, guard = scene.cast, scene.cast.actor("guard")
    held = live_pass(scene.ids["badge"])
    assert held is not None
    scene.nonce = crypto.new_token()
    points = [key for key, _label in gate_rules.CHECKLIST_POINTS]
    assert gate.enter(held, cast.rooms["B2"].id, points, scene.nonce, guard, NOW - timedelta(hours=1)).refusal is None
    slip = live_pass(scene.ids["exit"])
    assert slip is not None
    scene.keep(badge_pass=held, slip_pass=slip, stay=session().scalars(select(Presence.id)).one())
    scene.scan = held.short_code
    lost = session().scalars(select(Pass).where(Pass.subject_id == scene.ids["badge_lost"])).one()
    gate.verify(lost.short_code, guard, NOW)
    scene.keep(event=session().scalars(select(GateEvent.id).where(GateEvent.kind == "refusal")).one())
