"""The shipped catalogue: all of it, once, quickly; found by what people type."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from sqlalchemy import func, select

from portal.equipment import catalogue, queries, services
from portal.equipment.models import EquipmentModel
from portal.equipment.services import ModelFacts
from portal.kernel.db import session, transaction
from portal.kernel.errors import Forbidden, Refused
from tests.cast import NOW
from tests.equipment.making import racked
from tests.workorders import making


def facts(**changes):
    values = {
        "manufacturer": "Dell", "name": "PowerEdge R750", "part_number": "", "height_u": 2, "full_depth": True, "weight_g": 20000,
        "power_inlets": 2, "power_w": 800, "network_ports": 4, "management_ports": 1,
    }  # fmt: skip
    return ModelFacts(**(values | changes))


def test_every_model_of_the_file():
    models = catalogue.read()
    assert len(models) == 2984
    assert not [key for key, count in Counter((m["manufacturer"], m["name"], m["part_number"]) for m in models).items() if count > 1]
    assert all(0 <= m["height_u"] <= 60 and m["power_w"] >= 0 and len(m["search_text"]) <= 260 for m in models)
    by_name = {(m["manufacturer"], m["name"]): m for m in models}
    assert by_name["Dell", "PowerEdge R650"] | {"part_number": ""} == {
        "manufacturer": "Dell", "name": "PowerEdge R650", "part_number": "", "height_u": 1, "full_depth": True, "weight_g": None,
        "power_inlets": 2, "power_w": 800, "network_ports": 6, "management_ports": 1, "search_text": "dell poweredge r650",
    }  # fmt: skip


def test_it_is_loaded_once_and_quickly(cast):
    begun = time.monotonic()
    with transaction():
        added = services.load_catalogue(NOW)
    assert time.monotonic() - begun < 5
    with transaction():
        assert services.load_catalogue(NOW) == 0
    assert added == 2984 - 2  # the cast has two of them already
    assert session().scalar(select(func.count()).select_from(EquipmentModel)) == 2984


@pytest.fixture
def loaded(cast):
    with transaction():
        services.load_catalogue(NOW)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Dell PowerEdge R650", "Dell PowerEdge R650"),
        ("  dell   poweredge r650 ", "Dell PowerEdge R650"),
        ("PowerEdge R650", "Dell PowerEdge R650"),
        ("3CR17660-91", "3Com 4200G 12 port"),
        ("Huawei 2288H V5", "Huawei 2288H V5"),
        ("Huawei 2288H V5 H22-05-S8AFF", "Huawei 2288H V5"),
        ("PowerEdge", None),
        ("no such model", None),
        ("", None),
    ],
)
def test_the_model_that_is_meant(loaded, typed, found):
    model = queries.find_model(typed)
    assert (model.label if model else None) == found


def test_a_whole_list_at_once(loaded):
    found = queries.find_models(["poweredge r650", "nothing", "Huawei 2288H V5"])
    assert {text: model.label if model else None for text, model in found.items()} == {
        "poweredge r650": "Dell PowerEdge R650",
        "nothing": None,
        "Huawei 2288H V5": "Huawei 2288H V5",
    }
    assert queries.find_models([]) == {}


def test_a_name_that_two_makers_use_means_neither(cast):
    administrator = cast.actor("administrator")
    with transaction():
        services.add_model(facts(manufacturer="One", name="X1"), administrator, NOW)
        services.add_model(facts(manufacturer="Two", name="X1"), administrator, NOW)
    assert queries.find_model("X1") is None
    assert queries.find_model("two x1").manufacturer == "Two"


def test_searching_by_words(loaded):
    assert [model.label for model in queries.search_models("dell r650")] == ["Dell PowerEdge R650", "Dell PowerEdge R650xs"]
    assert len(queries.search_models("cisco", 7)) == 7
    assert queries.search_models("100%_") == []


def test_models_are_named_once(cast):
    administrator = cast.actor("administrator")
    with pytest.raises(Refused, match="model_exists"), transaction():
        services.add_model(facts(), administrator, NOW)
    with transaction():
        made = services.add_model(facts(part_number="R750-2"), administrator, NOW)
    with pytest.raises(Refused, match="model_exists"), transaction():
        services.change_model(made.id, facts(), administrator, NOW)


@pytest.mark.parametrize("change", [{"height_u": 3}, {"full_depth": False}])
def test_a_model_in_use_keeps_its_size(cast, change):
    administrator, model = cast.actor("administrator"), cast.models["r750"]
    with transaction():
        racked(cast, model="r750")
    with pytest.raises(Refused, match="model_in_use"), transaction():
        services.change_model(model.id, facts(**change), administrator, NOW)
    with transaction():
        services.change_model(model.id, facts(power_w=900), administrator, NOW)
    assert queries.get_model(model.id).power_w == 900


def test_a_model_that_is_expected_keeps_its_size(cast):
    with transaction():
        making.drafted(cast)
    with pytest.raises(Refused, match="model_in_use"), transaction():
        services.change_model(cast.models["r750"].id, facts(height_u=3), cast.actor("administrator"), NOW)


def test_who_may_write_models(cast):
    for who in ("room_staff", "sales", "admin", "auditor"):
        with pytest.raises(Forbidden), transaction():
            services.add_model(facts(name="New"), cast.actor(who), NOW)
