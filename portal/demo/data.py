"""The demo data: a year of two sites, thirty clients and some four hundred servers, so that no page is empty.

Everything is done through the services, at the time when it is said to have happened; so audit, notices and history are real.
"""

from __future__ import annotations

import sys
import uuid
from datetime import date, datetime, timedelta
from functools import lru_cache

import click
from sqlalchemy import select, update

from config import Settings
from portal import worker
from portal.accounts import services as accounts
from portal.accounts.passwords import hash_password
from portal.accounts.queries import actor_of
from portal.accounts.rules_text import default_texts
from portal.audit import services as audit
from portal.badges.models import Badge
from portal.clients import services as clients
from portal.clients.models import Client, Person
from portal.contracts import services as contracts
from portal.contracts.models import Contract
from portal.demo import building, cases, conduct, emergencies, evidence, inside, shifts, story, tickets, visiting
from portal.demo.numbers import company_code, identity_number
from portal.demo.people import CLIENT_ADMIN, CLIENT_MEMBER, COMPANIES, INDIVIDUALS, PASSWORD, STAFF
from portal.equipment import queries as equipment
from portal.equipment.models import EquipmentModel
from portal.equipment.services import load_catalogue
from portal.facility.models import Rack, Room
from portal.kernel import clock
from portal.kernel.db import isolated, session, transaction
from portal.kernel.policy import Actor, Role
from portal.outbox.models import Notice, OutboxMessage

SEED = Actor(None, "Rackpass", Role.ADMINISTRATOR)
SERVERS = ("Dell PowerEdge R750", "Dell PowerEdge R740", "HPE ProLiant DL380 Gen10", "Lenovo ThinkSystem SR650", "Dell PowerEdge R650",
           "HPE ProLiant DL360 Gen10", "Lenovo ThinkSystem SR630", "Huawei 2288H V5")  # fmt: skip
ROOMS = ("B2", "A1", "C1", "C2")

# What became of each company's contract; those not named are in force. And how many days some have left.
FATES = {20: "suspended", 21: "ending", 22: "draft", 23: "closed"}
DAYS_LEFT = {3: 55, 7: 27, 11: 6, 14: 58}
RACK_OF_ITS_OWN = {0, 6}  # companies to which the last rack of their room is granted whole, on top of some units


def load(settings: Settings) -> None:
    """Fills an empty database. Takes about a minute; says how far it is on standard error."""
    now = clock.now()
    with isolated(), click.progressbar(length=len(COMPANIES) + len(INDIVIDUALS) + 7, label="Demo data", file=sys.stderr) as bar:
        with transaction():
            _staff(now - timedelta(days=400))
            rooms = building.build(cases.staff(Role.ADMINISTRATOR), now - timedelta(days=390))
            load_catalogue(now - timedelta(days=390))
        bar.update(1)
        for index in range(len(COMPANIES) + len(INDIVIDUALS)):
            _client(index, rooms, now)
            bar.update(1)
        story.what_is_going_on(now)
        bar.update(1)
        conduct.violations(now)
        story.visits(now)
        visiting.what_visits_there_are(now)
        shifts.shifts(now)
        bar.update(1)
        emergencies.calendar_and_rota(now)
        emergencies.emergencies(now)
        bar.update(1)
        inside.people_inside(now)
        visiting.visiting_hours(now)
        bar.update(1)
        tickets.a_year(now)
        bar.update(1)
        evidence.reviews(now)
        evidence.retention_period(now)
        evidence.ask_for_pack(now)
        with transaction():
            _settle_mail(now)
        sealed = 1
        while sealed:
            with transaction():
                sealed = audit.seal(now)
        audit.keep_head(settings.var_dir / "audit" / "head.json")
        worker.make_pack(now - timedelta(hours=20))
        bar.update(1)


@lru_cache
def _password_hash() -> str:
    return hash_password(PASSWORD)


def _staff(now: datetime) -> None:
    for email, name, role in STAFF:
        accounts.add_active_user(email, name, role, None, _password_hash(), SEED, now)
    zh, en = default_texts()
    accounts.publish_rules(accounts.PublishRules(zh, en, 0), cases.staff(Role.ADMINISTRATOR), now)


def _client(index: int, rooms: dict[str, Room], now: datetime) -> None:
    """One client with its users, people, contract, equipment and badges."""
    company = index < len(COMPANIES)
    signed = now - timedelta(days=340 - index * 7)
    with transaction():
        client, people = _register(index, signed)
        contract = _contract(client, index, rooms, now, signed)
    if contract.state != "in_force":
        return
    models = _models()
    count = (14 + index * 5 % 9 if company else 1 + index % 2) if FATES.get(index) != "ending" else 3
    if FATES.get(index) == "closed":
        count = 0
    for part, size in enumerate(filter(None, (count - count // 2, count // 2))):
        with transaction():
            arrives = clock.at_local(clock.today(signed) + timedelta(days=7 + part * 60), 10)
            cases.order(contract, models, size, "completed", arrives, f"SN{index:02d}{part}", now)
    with transaction():
        for number, person in enumerate(people[: 2 if company else 1]):
            _badge(client, person, contract, index, number, signed + timedelta(days=8 + number), now)
    with transaction():
        _fate(contract, FATES.get(index, ""), now)


def _register(index: int, now: datetime) -> tuple[Client, list[Person]]:
    sales, service = cases.staff(Role.SALES), cases.staff(Role.CUSTOMER_SERVICE)
    company = index < len(COMPANIES)
    name, domain, people = COMPANIES[index] if company else (INDIVIDUALS[index - len(COMPANIES)], f"personal{index}", ())
    number = company_code(index + 1) if company else identity_number(index + 500)
    phone = f"010-5550{1000 + index}"
    client = clients.register_client(
        clients.NewClient("company" if company else "individual", name, number, phone, "北京市海淀区中关村东路 1 号", "", sales.user_id),
        sales,
        now,
    )
    admin = CLIENT_ADMIN if index == 0 else f"admin@{domain}.example"
    user = accounts.add_active_user(
        admin, "赵一鸣" if index == 0 else (people[0] if company else name), Role.CLIENT_ADMIN, client.id, _password_hash(), SEED, now
    )
    users = [user]
    if index == 0:
        users.append(accounts.add_active_user(CLIENT_MEMBER, "钱多", Role.CLIENT_MEMBER, client.id, _password_hash(), SEED, now))
    for user in users:
        accounts.accept_rules(1, actor_of(user), "127.0.0.1", now)
    clients.add_contact(client, clients.ContactData(user.name, "运维负责人", "13800138000", user.email), service, now)
    made = [
        clients.add_person(
            clients.NewPerson(client.id, person, "identity_card", identity_number(index * 10 + number), "13900139000"), service, now
        )
        for number, person in enumerate(people or (name,))
    ]
    return client, made


def _contract(client: Client, index: int, rooms: dict[str, Room], now: datetime, signed: datetime) -> Contract:
    company = index < len(COMPANIES)
    left = DAYS_LEFT.get(index, 90 + index * 9)
    sales = cases.staff(Role.SALES)
    racks = (_last_rack(rooms[ROOMS[index % 4]]),) if index in RACK_OF_ITS_OWN else ()
    contract = contracts.draft_contract(
        contracts.NewContract(
            client_id=client.id, room_id=rooms[ROOMS[index % 4]].id, starts_on=clock.today(signed), ends_on=_day(now, left),
            units_granted=18 if racks else 60 if company else 4, power_w=16000 if company else 2000, bandwidth_mbps=200 if company else 20,
            ips_per_server=2 if index % 6 == 0 else 1, ports_per_server=2 if index % 6 == 0 else 1,
            ips_total=None, ports_total=None, rack_ids=racks, note="",
        ),
        sales,
        signed,
    )  # fmt: skip
    if index == len(COMPANIES) + len(INDIVIDUALS) - 1:
        contracts.cancel_contract(contract, "客户改变计划。", sales, signed + timedelta(days=2))
    elif FATES.get(index) != "draft":
        contracts.sign_contract(contract, sales, signed)
        contracts.add_document(contract, cases.contract_scan(client, contract, sales, signed), "托管合同（盖章扫描件）", sales, signed)
    return contract


def _last_rack(room: Room) -> uuid.UUID:
    return session().scalars(select(Rack.id).where(Rack.room_id == room.id).order_by(Rack.code.desc()).limit(1)).one()


def _badge(client: Client, person: Person, contract: Contract, index: int, number: int, at: datetime, now: datetime) -> Badge | None:
    """The first person of each client has a badge; of the second ones some were lost, returned, suspended, refused."""
    state = "issued"
    if number == 1:
        state = {2: "lost", 5: "returned", 8: "suspended", 10: "refused", 13: "cancelled"}.get(index, "issued")
    if FATES.get(index) == "closed":
        state = "returned"
    if index in (1, 4, 6, 9) and number == 1:
        return None  # their applications are under way, see story
    return cases.badge(client, person, [contract], state, at, index * 10 + number)


def _fate(contract: Contract, fate: str, now: datetime) -> None:
    sales, supervisor = cases.staff(Role.SALES), cases.staff(Role.SUPERVISOR)
    if fate == "suspended":
        contracts.suspend_contract(contract, "托管费逾期未付。", supervisor, now - timedelta(days=9))
    elif fate in ("ending", "closed"):
        contracts.end_contract(contract, "客户到期不再续约。", sales, now - timedelta(days=20))
        if fate == "closed":
            contracts.close_contract(contract, sales, now - timedelta(days=12))


def _models() -> list[EquipmentModel]:
    found = equipment.find_models(SERVERS)
    return [model for model in found.values() if model is not None]


def _settle_mail(now: datetime) -> None:
    """What was told in the past was sent then; only the last two days' notices are still unread."""
    session().execute(update(OutboxMessage).values(sent_at=OutboxMessage.created_at, attempts=1))
    session().execute(update(Notice).where(Notice.created_at < now - timedelta(days=2)).values(read_at=Notice.created_at))


def _day(now: datetime, days: int) -> date:
    return clock.today(now) + timedelta(days=days)
