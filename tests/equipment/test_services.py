"""What happens to equipment, step by step, each on record."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.equipment import queries, services
from portal.equipment.models import Equipment
from portal.facility.queries import held_in
from portal.kernel import ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import Conflict, Forbidden, NotFound, Refused
from portal.network import queries as network
from tests.cast import NOW
from tests.equipment.making import racked, undone


def moves(equipment):
    return [(move.kind, move.from_place, move.to_place, move.reference, move.actor_name) for move in queries.moves_of(equipment.id)]


def holds(equipment):
    """How many units, addresses and ports an item has."""
    units = [row for row in held_in([equipment.rack_id]) if row.holder_id == equipment.id] if equipment.rack_id else []
    return len(units), len(network.addresses_of([equipment.id])[equipment.id]), len(network.ports_of([equipment.id])[equipment.id])


def test_acceptance_is_a_move_and_an_entry(cast):
    with transaction():
        server = racked(cast, "sn-0001 ", unit=21, model="r750")
    assert (server.serial, server.state) == ("SN-0001", "in_service")
    assert moves(server) == [("accept", "", "B2-01 / 21–22U", "WO-2611-0001", "马超")]
    entry = session().scalars(select(AuditEntry).where(AuditEntry.tag == "equipment.accept")).one()
    assert entry.after == {"state": "in_service", "place": "B2-01 / 21–22U", "reference": "WO-2611-0001"}
    assert (entry.subject_label, entry.client_id) == ("SN-0001", cast.alpha.id)


def test_a_serial_is_in_the_building_once(cast):
    with transaction():
        racked(cast, "SN-0001", unit=1)
    for contract in ("alpha", "beta"):
        with pytest.raises(Refused, match="serial_in_service") as caught, transaction():
            racked(cast, " sn-00 01", unit=5, contract=contract)
        assert caught.value.refusal.field == "serial"
        assert dict(caught.value.refusal.data) == {"serial": "SN-0001"}
    assert len(list(session().scalars(select(Equipment)))) == 1


def test_what_is_no_serial_is_not_kept(cast):
    with pytest.raises(Refused, match="bad_serial"), transaction():
        racked(cast, "?")


def test_only_room_staff_accept(cast, monkeypatch):
    for who in ("admin", "sales", "guard", "administrator"):
        monkeypatch.setitem(cast.users, "room_staff", cast.users[who])
        with pytest.raises(Forbidden), transaction():
            racked(cast)


def test_withdrawal_frees_everything_and_addresses_rest(cast):
    with transaction():
        server = racked(cast, unit=5)
    with undone():
        server = queries.get_equipment(cast.actor("guard"), server.id)
        address = network.addresses_of([server.id])[server.id][0]
        services.leave(server, "withdraw", cast.actor("guard"), NOW, "EX-2611-0001")
        session().flush()
        assert (server.state, server.rack_id, server.unit) == ("withdrawn", None, None)
        assert holds(server) == (0, 0, 0)
        assert not held_in([cast.racks["B2-01"].id])
        session().refresh(address)
        assert address.released_at == NOW
        assert address.freed_at is None
        assert moves(server)[0] == ("withdraw", "B2-01 / 05U", "", "EX-2611-0001", "孙强")
        again = racked(cast, server.serial, unit=5)  # the same item may come in again
        assert again.id != server.id
        with pytest.raises(Conflict):
            services.leave(server, "withdraw", cast.actor("guard"), NOW, "EX-2611-0001")


def test_repair_keeps_everything_until_it_is_back(cast):
    with transaction():
        server = racked(cast, unit=5)
    before = holds(server)
    with undone():
        guard = cast.actor("guard")
        services.leave(server, "go_out", guard, NOW, "EX-2611-0002")
        session().flush()
        assert (server.state, holds(server), server.unit) == ("out_for_repair", before, 5)
        with pytest.raises(Refused, match="serial_in_service"):
            racked(cast, server.serial, unit=20)


def test_repair_and_back(cast):
    with transaction():
        server = racked(cast, unit=5)
    before = holds(server)
    with undone():
        services.leave(server, "go_out", cast.actor("guard"), NOW, "EX-2611-0002")
        services.come_back(server, cast.actor("room_staff"), NOW, "EX-2611-0002")
        session().flush()
        assert (server.state, holds(server)) == ("in_service", before)
        assert [kind for kind, *_rest in moves(server)] == ["come_back", "go_out", "accept"]
        assert moves(server)[0][1:3] == ("", "B2-01 / 05U")
        with pytest.raises(Conflict):
            services.come_back(server, cast.actor("room_staff"), NOW, "EX-2611-0002")


def test_what_does_not_come_back_is_written_off(cast):
    with transaction():
        server = racked(cast, unit=5)
    with undone():
        services.leave(server, "go_out", cast.actor("guard"), NOW, "EX-2611-0002")
        with pytest.raises(Forbidden):
            services.write_off(server, cast.actor("guard"), NOW, "EX-2611-0002")
        services.write_off(server, cast.actor("service"), NOW, "EX-2611-0002")
        session().flush()
        assert (server.state, holds(server)) == ("withdrawn", (0, 0, 0))


def test_what_is_in_service_is_not_written_off(cast):
    with transaction():
        server = racked(cast)
    with pytest.raises(Conflict), transaction():
        services.write_off(server, cast.actor("service"), NOW, "EX-2611-0002")
    with pytest.raises(Conflict), transaction():
        services.replace(server, cast.actor("room_staff"), NOW, "EX-2611-0002")


def test_the_asset_tag_is_the_clients_own_affair(cast):
    with transaction():
        server = racked(cast)
    with transaction():
        services.change_asset_tag(server, "  AT-17 ", cast.actor("admin"), NOW)
        services.change_asset_tag(server, "AT-17", cast.actor("admin"), NOW)
    entries = list(session().scalars(select(AuditEntry).where(AuditEntry.tag == "equipment.changed")))
    assert [(entry.before, entry.after) for entry in entries] == [({"asset_tag": ""}, {"asset_tag": "AT-17"})]
    for who in ("service", "auditor", "guard", "supervisor"):
        with pytest.raises(Forbidden), transaction():
            services.change_asset_tag(server, "x", cast.actor(who), NOW)


def test_of_another_client_there_is_nothing(cast):
    with transaction():
        server = racked(cast)
    assert queries.get_equipment(cast.actor("colleague"), server.id).client.name == cast.alpha.name
    for actor in (cast.actor("stranger"), cast.actor("solo")):
        with pytest.raises(NotFound):
            queries.get_equipment(actor, server.id)
    with pytest.raises(NotFound):
        queries.get_equipment(cast.actor("auditor"), ids.new())


def test_what_is_in_the_building_is_found_by_serial(cast):
    with transaction():
        racked(cast, "SN-0001", unit=1)
        racked(cast, "SN-0002", unit=2, contract="beta")
    found = queries.by_serials(["sn-0001", " SN-0002", "SN-0003"])
    assert {serial: (item.client_id, queries.place_of(item)) for serial, item in found.items()} == {
        "SN-0001": (cast.alpha.id, "B2-01 / 01U"),
        "SN-0002": (cast.beta.id, "B2-01 / 02U"),
    }
    assert queries.by_serials([]) == {}
    assert [item.serial for item in queries.of_contract_present(cast.contracts["beta"].id)] == ["SN-0002"]


def test_equipment_without_height(cast):
    with transaction():
        strip = services.add_model(services.ModelFacts("APC", "AP7830", "", 0, False, None, 1, 0, 0, 1), cast.actor("administrator"), NOW)
        cast.models["strip"] = strip
        server, power = racked(cast, "SN-0001", unit=1), racked(cast, "PDU-1", unit=1, model="strip", face="side", power_w=0)
    assert queries.place_of(queries.get_equipment(cast.actor("admin"), power.id)) == "B2-01 / 0U"
    assert (holds(server), holds(power)) == ((2, 1, 1), (1, 1, 1))
