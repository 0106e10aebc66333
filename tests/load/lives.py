"""One client after years: people, contracts, badges, rack-ins, equipment with addresses and ports, exits, visits, comings and goings."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.accounts.models import User
from portal.badges.models import Badge, BadgeGrant
from portal.clients.models import Client, Person
from portal.clients.services import document_hash
from portal.contracts.models import Contract
from portal.equipment.models import Equipment, EquipmentMove
from portal.exits.models import Exit, ExitItem
from portal.facility.models import RackUnit
from portal.kernel import crypto, ids
from portal.network.models import AddressHold, PortHold
from portal.outbox.models import Notice, OutboxMessage
from portal.passes import token
from portal.passes.models import Pass
from portal.visits.models import Visit, Visitor
from portal.workorders.models import WorkOrder, WorkOrderItem
from tests.cast import password_hash
from tests.load.bulk import Loader, Row
from tests.load.places import Place
from tests.load.telling import Teller

PEOPLE, ORDERS, WITHDRAWN, VISITS, PAIRS = 12, 6, 2, 60, 37
PASSES_OF_LIVE, LIVE, RETURNED = 4, 2, 6
ADDRESSES_OF_SERVER = 10
SERVERS = (12, 13)  # of every second client; with ADDRESSES_OF_SERVER as many addresses as there are passes
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True)
class House:
    """What all clients share: who works here, one model, one scanned file."""

    service: uuid.UUID
    sales: uuid.UUID
    room_staff: uuid.UUID
    model: uuid.UUID
    model_name: str
    watts: int
    file: uuid.UUID
    now: datetime
    enquiry: tuple[uuid.UUID, uuid.UUID]  # a kind of request, and its department
    complaint: tuple[uuid.UUID, uuid.UUID]


@dataclass(frozen=True)
class Comer:
    """Somebody with a pass that opened the gate: what a stay is written from."""

    person: Row
    label: str
    pass_id: uuid.UUID
    badge_id: uuid.UUID | None = None
    visitor_id: uuid.UUID | None = None


class Life:
    """Writes a client's life. `comers`: who may have come, badge holders first; the gate's log is written from them."""

    def __init__(self, number: int, house: House, place: Place, loader: Loader, teller: Teller) -> None:
        self.number, self.house, self.place, self.loader, self.teller = number, house, place, loader, teller
        self.began = house.now - timedelta(days=1100 - number % 300)
        self.client_id = ids.new()
        self.people: list[Row] = []
        self.comers: list[Comer] = []

    def write(self) -> None:
        self._client()
        self._contracts()
        self._badges()
        self._equipment()
        self._visits()

    def tell(self, tag: str, kind: str, row: Row, label: str) -> None:
        self.teller.tell(tag, kind, row["id"], label, row["state"], self.client_id, row["created_at"])

    def _pass(
        self, kind: str, subject_id: uuid.UUID, until: datetime, issued_at: datetime, dead_since: datetime | None, why: str = ""
    ) -> Row:
        return self.loader.add(
            Pass,
            id=ids.new(),
            created_at=issued_at,
            kind=kind,
            subject_id=subject_id,
            short_code=token.new_short_code(),
            valid_until=until,
            issued_by_id=self.house.service,
            revoked_at=dead_since,
            revoked_for=why,
        )

    def _client(self) -> None:
        add, number = self.loader.add, self.number
        registration = f"L{number:08d}"
        add(
            Client,
            id=self.client_id,
            created_at=self.began,
            kind="company",
            number=f"KH-L-{number:05d}",
            name=f"第 {number} 云科技有限公司",
            registration_number=registration,
            registration_hash=crypto.match_hash(registration, "clients.registration"),
        )
        for role in ("client_admin", "client_member"):
            user = add(
                User,
                id=ids.new(),
                created_at=self.began,
                state="active",
                email=f"{role}{number}@load.example",
                name=f"用户 {number}",
                role=role,
                client_id=self.client_id,
                password_hash=password_hash(),
            )
            self.tell("user.accept", "user", user, user["email"])
            self.user_id = user["id"]
        for place in range(PEOPLE):
            document = f"E{number:06d}{place:02d}"
            self.people.append(
                add(
                    Person,
                    id=ids.new(),
                    created_at=self.began,
                    client_id=self.client_id,
                    name=f"员工 {number}-{place}",
                    document_kind="passport",
                    document_number=document,
                    document_hash=document_hash("passport", document),
                    document_tail=document[-4:],
                )
            )
        at = self.house.now - timedelta(days=number % 200 + 1)
        for turn in range(6):
            told = {"number": f"BA-L-{number}", "person": "员工"}
            add(
                OutboxMessage,
                id=ids.new(),
                created_at=at,
                code="badge.issued",
                address=f"client_admin{number}@load.example",
                locale="zh_CN",
                path="/badges/",
                data=told,
                available_at=at,
                attempts=1,
                sent_at=at,
                medium="mail",
            )
            add(
                Notice,
                id=ids.new(),
                created_at=at,
                user_id=self.user_id,
                code="badge.issued",
                path="/badges/",
                data=told,
                read_at=at if turn else None,
            )

    def _contracts(self) -> None:
        today = self.house.now.date()
        for state, starts, ends in (("closed", -1500, -400), ("in_force", -399, 400)):
            contract = self.loader.add(
                Contract,
                id=ids.new(),
                created_at=self.began,
                state=state,
                number=f"HT-L-{self.number:05d}-{state[0]}",
                client_id=self.client_id,
                room_id=self.place.room_id,
                starts_on=today + timedelta(days=starts),
                ends_on=today + timedelta(days=ends),
                units_granted=42,
                power_w=21_000,
                ips_per_server=ADDRESSES_OF_SERVER,
                sales_id=self.house.sales,
            )
            self.tell("contract.sign" if state == "in_force" else "contract.close", "contract", contract, contract["number"])
            self.contract_id = contract["id"]
        self.until = self.house.now + timedelta(days=300)

    def _badges(self) -> None:
        for turn in range(LIVE + RETURNED):
            live, person = turn < LIVE, self.people[turn]
            issued_at = self.began + turn * 20 * DAY
            state = "issued" if live else "returned"
            badge = self.loader.add(
                Badge,
                id=ids.new(),
                created_at=issued_at,
                state=state,
                number=f"BA-L-{self.number:05d}-{turn}",
                client_id=self.client_id,
                person_id=person["id"],
                slot=turn % 2 + 1,
                photo_id=self.house.file,
                identity_copy_id=self.house.file,
                letter_id=self.house.file,
                applied_by_id=self.user_id,
                reviewed_by_id=self.house.service,
                issued_at=issued_at,
                valid_until=self.until.date() if live else (issued_at + 300 * DAY).date(),
                printed_at=issued_at,
                card_back_at=None if live else issued_at + 300 * DAY,
            )
            self.tell(f"badge.{'issue' if live else 'take_back'}", "badge", badge, badge["number"])
            self.loader.add(BadgeGrant, id=ids.new(), created_at=issued_at, badge_id=badge["id"], contract_id=self.contract_id)
            prints = PASSES_OF_LIVE if live else LIVE
            for again in range(prints):
                last = again == prints - 1
                dead = None if live and last else issued_at + (again + 1) * 30 * DAY
                why = "" if dead is None else "returned" if last else "reissued"
                made = self._pass("badge", badge["id"], self.until, issued_at, dead, why)
            self.comers.append(Comer(person, badge["number"], made["id"], badge_id=badge["id"]))

    def _equipment(self) -> None:
        servers = SERVERS[self.number % 2]
        each, more = divmod(servers + WITHDRAWN, ORDERS)
        line = 0
        for turn in range(ORDERS):
            issued_at = self.began + (10 + turn * 60) * DAY
            arrives_at = issued_at + 2 * DAY
            order = self.loader.add(
                WorkOrder,
                id=ids.new(),
                created_at=issued_at,
                state="completed",
                number=f"WO-L-{self.number:05d}-{turn}",
                client_id=self.client_id,
                contract_id=self.contract_id,
                arrives_at=arrives_at,
                issued_at=issued_at,
                issued_by_id=self.house.sales,
                possible_from=issued_at + DAY,
                prepared_at=issued_at + HOUR,
                prepared_by_id=self.house.room_staff,
                drafted_by_id=self.user_id,
                completed_at=arrives_at,
            )
            self.tell("work_order.complete", "work_order", order, order["number"])
            self._pass("work_order", order["id"], self.until, issued_at, None)
            for place in range(each + (turn < more)):
                self._server(order, place + 1, withdrawn=line >= servers)
                line += 1

    def _server(self, order: Row, line: int, *, withdrawn: bool) -> None:
        add, at = self.loader.add, order["arrives_at"]
        rack_id, unit = (None, None) if withdrawn else next(self.place.units)
        serial = f"L{self.number:06d}{order['number'][-1]}{line:02d}"
        thing = add(
            Equipment,
            id=ids.new(),
            created_at=at,
            state="withdrawn" if withdrawn else "in_service",
            model_id=self.house.model,
            serial=serial,
            client_id=self.client_id,
            contract_id=self.contract_id,
            rack_id=rack_id,
            unit=unit,
            power_w=self.house.watts,
        )
        self.tell(f"equipment.{'withdraw' if withdrawn else 'accept'}", "equipment", thing, serial)
        add(
            EquipmentMove,
            id=ids.new(),
            created_at=at,
            equipment_id=thing["id"],
            at=at,
            kind="accept",
            reference=order["number"],
            actor_name="Load",
        )
        item = add(
            WorkOrderItem,
            id=ids.new(),
            created_at=order["created_at"],
            state="accepted",
            work_order_id=order["id"],
            client_id=self.client_id,
            line=line,
            model_id=self.house.model,
            serial=serial,
            accepted_at=at,
            accepted_by_id=self.house.room_staff,
            equipment_id=thing["id"],
        )
        self.tell("work_order_item.accept", "work_order_item", item, serial)
        if withdrawn:
            self._withdrawal(thing, serial)
            return
        for place, face in enumerate(("front", "rear")):
            add(
                RackUnit,
                id=ids.new(),
                created_at=at,
                rack_id=rack_id,
                unit=unit,
                face=face,
                holder_kind="equipment",
                holder_id=thing["id"],
                client_id=self.client_id,
                power_w=0 if place else self.house.watts,
            )
        holder = {"holder_kind": "equipment", "holder_id": thing["id"], "client_id": self.client_id, "contract_id": self.contract_id}
        add(PortHold, id=ids.new(), created_at=at, port_id=self.place.switch_ports[self.place.given], **holder)
        self.place.given += 1
        for _ in range(ADDRESSES_OF_SERVER):
            add(AddressHold, id=ids.new(), created_at=at, prefix_id=self.place.prefix_id, address=next(self.place.addresses), **holder)

    def _withdrawal(self, thing: Row, serial: str) -> None:
        at = self.house.now - timedelta(days=self.number % 300 + 5)
        slip = self.loader.add(
            Exit,
            id=ids.new(),
            created_at=at - DAY,
            state="released",
            number=f"EX-L-{serial[1:]}",
            kind="withdrawal",
            client_id=self.client_id,
            contract_id=self.contract_id,
            leaves_on=at.date(),
            mover_name=self.people[0]["name"],
            mover_document=self.people[0]["document_number"],
            mover_document_tail=self.people[0]["document_tail"],
            letter_id=self.house.file,
            applied_by_id=self.user_id,
            issued_by_id=self.house.service,
            issued_at=at - HOUR,
            released_at=at,
        )
        self.tell("exit.release", "exit", slip, slip["number"])
        self._pass("exit_slip", slip["id"], at + DAY, at - HOUR, at, "used")
        self.loader.add(
            ExitItem,
            id=ids.new(),
            created_at=at - DAY,
            exit_id=slip["id"],
            line=1,
            listed_model=self.house.model_name,
            listed_serial=serial,
            equipment_id=thing["id"],
            holds=False,
            agreed_at=at - HOUR,
            released_at=at,
        )
        self.loader.add(
            EquipmentMove,
            id=ids.new(),
            created_at=at,
            equipment_id=thing["id"],
            at=at,
            kind="withdraw",
            reference=slip["number"],
            actor_name="Load",
        )

    def _visits(self) -> None:
        for turn in range(VISITS):
            starts_at = self.began + (20 + turn * 12) * DAY
            visit = self.loader.add(
                Visit,
                id=ids.new(),
                created_at=starts_at - 2 * DAY,
                state="over",
                number=f"VR-L-{self.number:05d}-{turn:02d}",
                client_id=self.client_id,
                room_id=self.place.room_id,
                reason="巡检",
                starts_at=starts_at,
                ends_at=starts_at + 8 * HOUR,
                letter_id=self.house.file,
                escorted=False,
                asked_by_id=self.user_id,
                reviewed_by_id=self.house.service,
                decided_at=starts_at - DAY,
            )
            self.tell("visit.end", "visit", visit, visit["number"])
            for place in range(1 + (turn < PAIRS)):
                person = self.people[(turn + place) % PEOPLE]
                visitor = self.loader.add(
                    Visitor,
                    id=ids.new(),
                    created_at=visit["created_at"],
                    state="over",
                    visit_id=visit["id"],
                    client_id=self.client_id,
                    person_id=person["id"],
                    number=f"{visit['number']}-{place + 1}",
                    place=place + 1,
                )
                self.tell("visitor.end", "visitor", visitor, visitor["number"])
                made = self._pass("visit", visitor["id"], visit["ends_at"], starts_at - DAY, visit["ends_at"], "over")
                self.comers.append(Comer(person, visitor["number"], made["id"], visitor_id=visitor["id"]))
