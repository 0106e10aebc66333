"""A page takes as many queries however many records there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts import managing
from portal.accounts.managing import InviteUser
from portal.clients import services as clients
from portal.clients.models import Client
from portal.contracts import services as contracts
from portal.contracts.models import Contract
from portal.demo.numbers import company_code, identity_number
from portal.facility import administration as facility
from portal.gate import services as gate
from portal.kernel import crypto
from portal.kernel.db import session, transaction
from portal.kernel.policy import Role
from portal.network import administration as network
from portal.passes.models import Pass
from portal.workorders import services as orders
from portal.workorders.checking import Line
from tests.access.conftest import COLUMNS, Stage, staged
from tests.cast import NOW, Cast, new_client, new_contract
from tests.exits import making as exits
from tests.papers import staged as paper
from tests.scene import Scene
from tests.workorders.making import ARRIVAL

MORE = 6
# A search looks up each kind of record until it has enough to show.
VARIES = {"GET /search"}


@pytest.fixture(scope="module")
def stage(module_app: Flask) -> Iterator[Stage]:
    """A stage of this module's own: what grows stays."""
    with staged(module_app) as made:
        yield made


def grow(scene: Scene) -> None:
    """Several more of everything that is listed, of the first client and of others."""
    cast = scene.cast
    sales, service, administrator, admin = (cast.actor(name) for name in ("sales", "service", "administrator", "admin"))
    contract, alpha = session().get_one(Contract, scene.ids["contract"]), session().get_one(Client, scene.ids["client"])
    facility.add_racks(facility.NewRacks(scene.ids["room"], "B2-{11-16}", "2", 42, 6000), administrator, NOW)
    contracts.change_terms(contract, replace(_terms(cast), power_w=16000, units_granted=80), "more", sales, NOW)
    for number in range(MORE):
        clients.add_person(clients.NewPerson(cast.alpha.id, f"员工{number}", "identity_card", identity_number(200 + number)), service, NOW)
        clients.add_contact(alpha, clients.ContactData(f"联系人{number}", "", "010-5550 0199", ""), service, NOW)
        other = clients.register_client(new_client("company", f"客户{number}", company_code(100 + number)), sales, NOW)
        person = clients.NewPerson(other.id, f"某{number}", "identity_card", identity_number(300 + number))
        clients.add_person(person, service, NOW)
        contracts.sign_contract(
            contracts.draft_contract(new_contract(other, cast.rooms["B2"], NOW, units_granted=1, power_w=10), sales, NOW), sales, NOW
        )
        contracts.draft_contract(new_contract(cast.alpha, cast.rooms["A1"], NOW, units_granted=1, power_w=10), sales, NOW)
        contracts.add_document(contract, paper("contract_document", sales, NOW), f"附件{number}", sales, NOW)
        managing.invite(InviteUser(f"m{number}@client.example", f"同事{number}", Role.CLIENT_MEMBER, cast.alpha.id, "zh_CN"), admin, NOW)
        managing.invite(InviteUser(f"s{number}@rackpass.example", f"职员{number}", Role.SALES, None, "zh_CN"), administrator, NOW)
        lines = tuple(Line(cast.models["r650"], f"SN-{9000 + 10 * number + line}") for line in range(2))
        order = orders.draft(orders.Draft(contract.id, ARRIVAL, lines), admin, NOW)
        if number % 2:
            orders.request(order, admin, NOW)
        facility.reserve_units(facility.Reservation(scene.ids["rack"], 30 + number, 30 + number, "both", "tray"), administrator, NOW)
        network.add_prefix(
            network.NewPrefix(scene.ids["room"], f"more {number}", f"203.0.113.{16 * number}/28", f"203.0.113.{16 * number + 1}", None),
            administrator, NOW,
        )  # fmt: skip
        network.reserve_range(network.Reservation(scene.ids["prefix"], f"198.51.2.{220 + number}", "", "x"), administrator, NOW)
        network.add_switch(
            network.NewSwitch(scene.ids["room"], None, f"SW-more-{number}", "S5735", "GE0/0/{1-4}", 1000), administrator, NOW
        )
    servers = exits.servers(cast, 2 * MORE, first=801)
    for server in servers[:MORE]:
        exits.applied(cast, [server])
    exits.issued(cast, servers[MORE:], kind="repair")
    held = session().get_one(Pass, scene.ids["badge_pass"])
    for turn in range(MORE):
        gate.turn_away(held, "drunk", crypto.new_token(), cast.actor("guard"), NOW + timedelta(seconds=turn))
        gate.verify("nonsense", cast.actor("guard"), NOW)


def _terms(cast: Cast) -> contracts.Terms:
    values = new_contract(cast.alpha, cast.rooms["B2"], NOW)
    return contracts.Terms(
        **{name: getattr(values, name) for name in ("units_granted", "power_w", "bandwidth_mbps", "ips_per_server", "ports_per_server")},
        ips_total=None, ports_total=None, rack_ids=(),
    )  # fmt: skip


def test_no_page_takes_more_queries_when_there_is_more_to_show(stage: Stage) -> None:
    wanted = [(a, column) for a in stage.attempts() if a.method == "GET" and a.name not in VARIES for column in COLUMNS]
    before = {(a.name, column): stage.ask(column, "GET", a.path) for a, column in wanted}
    with transaction():
        grow(stage.scene)
    assert session().scalar(select(Pass.id).limit(1)) is not None
    grown = {}
    for attempt, column in wanted:
        earlier = before[attempt.name, column]
        if earlier.status != 200:
            continue
        now = stage.ask(column, "GET", attempt.path)
        assert now.status == 200, attempt.name
        if now.queries > earlier.queries:
            grown[attempt.name, column] = (earlier.queries, now.queries)
    assert not grown, "\n".join(f"{key}: {counts}" for key, counts in grown.items())
