"""Imports run one way: views → forms, services, queries → models → lifecycle; pure modules stay pure; areas meet at few places."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import Source, plant, portal

PURE = ("lifecycle", "rules")
WEB = frozenset({"flask", "flask_wtf", "wtforms", "werkzeug", "flask_login", "flask_bootstrap"})
DATABASE = frozenset({"sqlalchemy", "alembic", "psycopg"})
# What a request goes through, from the outside in. Each may import those behind it and those beside it.
RANKS = {"views": 3, "api": 3, "forms": 2, "services": 1, "queries": 1, "invariants": 1, "models": 0, "rules": -1, "lifecycle": -2}
INNER = ("services", "queries", "models", "rules", "lifecycle", "emails", "invariants")
# What an area shows to the others. Models are there for joins, rules and lifecycles because they are pure.
OPEN_TO_OTHERS = ("models", "queries", "services", "rules", "lifecycle")
# Areas that exist to be used by the others, and what of them.
TOOLS = {
    "passes": ("token", "fonts", "reading", "documents"),
    "files": ("fields", "handing"),
    "outbox": ("messages", "mail"),
    "desk": ("items",),
    "audit": ("verify",),
    "gate": ("offline",),
}
PLAYS_EVERYONE = "demo"


def impure(source: Source) -> Iterator[str]:
    """Lifecycles and rules that need Flask or the database, by whichever way."""
    for module in source.modules.values():
        if module.layer not in PURE or module.area in ("", "kernel"):
            continue
        for way in ((module.name,), *source.reached_from(module.name)):
            if needed := source.foreign[way[-1]] & (WEB | DATABASE | {"flask_babel"}):
                yield f"{' → '.join(way)} imports {', '.join(sorted(needed))}"


def services_that_know_the_web(source: Source) -> Iterator[str]:
    """Whatever works below the edge and needs Flask, by whichever way."""
    for module in source.modules.values():
        if module.layer not in INNER or module.area in ("", "kernel"):
            continue
        for way in ((module.name,), *source.reached_from(module.name)):
            if needed := source.foreign[way[-1]] & WEB:
                yield f"{' → '.join(way)} imports {', '.join(sorted(needed))}"


def against_the_way(source: Source) -> Iterator[str]:
    """Imports from further in to further out, of the own area or another."""
    for module in source.modules.values():
        for name in source.imports[module.name]:
            here, there = RANKS.get(module.layer), RANKS.get(source.modules[name].layer)
            if here is not None and there is not None and here < there and "kernel" not in (module.area, source.modules[name].area):
                yield f"{module.name} imports {name}"


def round_trips(source: Source) -> Iterator[str]:
    """Modules that need each other."""
    for name in source.modules:
        for way in source.reached_from(name):
            if name in source.imports[way[-1]] and name == min(way):
                yield " → ".join((*way, name))


def past_the_front_door(source: Source) -> Iterator[str]:
    """What one area takes from another that is not there for others."""
    for module in source.modules.values():
        if module.area in ("", PLAYS_EVERYONE):
            continue
        for name in source.imports[module.name]:
            other = source.modules[name]
            if other.area in ("", "kernel", module.area):
                continue
            if other.layer not in (*OPEN_TO_OTHERS, *TOOLS.get(other.area, ())):
                yield f"{module.name} imports {name}"


def kernel_that_knows_areas(source: Source) -> Iterator[str]:
    """The kernel knows no area; a change of state writes its audit entry, and that is all."""
    for module in source.modules.values():
        if module.area != "kernel":
            continue
        for name in source.imports[module.name]:
            if source.modules[name].area != "kernel" and (module.part, name) != ("change", "portal.audit.services"):
                yield f"{module.name} imports {name}"


def test_lifecycles_and_rules_are_pure() -> None:
    assert not list(impure(portal()))


def test_nothing_below_the_edge_knows_the_web() -> None:
    assert not list(services_that_know_the_web(portal()))


def test_imports_run_one_way() -> None:
    assert not list(against_the_way(portal()))


def test_no_two_modules_need_each_other() -> None:
    assert not list(round_trips(portal()))


def test_areas_meet_at_services_and_queries() -> None:
    assert not list(past_the_front_door(portal()))


def test_the_kernel_knows_no_area() -> None:
    assert not list(kernel_that_knows_areas(portal()))


def test_finds_rules_that_need_the_database_by_a_detour(tmp_path: Path) -> None:
    source = plant(
        tmp_path,
        badges__rules="from portal.badges.limits import most",
        badges__limits="import sqlalchemy.orm\nmost = 2",
    )
    assert list(impure(source)) == ["portal.badges.rules → portal.badges.limits imports sqlalchemy"]


def test_finds_a_service_that_needs_flask_by_a_detour(tmp_path: Path) -> None:
    source = plant(
        tmp_path,
        badges__services="def issue():\n    from portal.badges import asking",
        badges__asking="from flask import request",
    )
    assert list(services_that_know_the_web(source)) == ["portal.badges.services → portal.badges.asking imports flask"]


def test_finds_an_import_against_the_way(tmp_path: Path) -> None:
    source = plant(tmp_path, badges__models="from portal.exits import queries", exits__queries="", exits__views="")
    assert list(against_the_way(source)) == ["portal.badges.models imports portal.exits.queries"]


def test_finds_modules_that_need_each_other(tmp_path: Path) -> None:
    source = plant(
        tmp_path,
        badges__queries="import portal.exits.queries",
        exits__queries="from portal.gate import queries",
        gate__queries="def f():\n    from portal.badges.queries import x",
    )
    assert list(round_trips(source)) == ["portal.badges.queries → portal.exits.queries → portal.gate.queries → portal.badges.queries"]


def test_finds_one_area_reaching_into_another(tmp_path: Path) -> None:
    source = plant(tmp_path, badges__views="from portal.exits.forms import ExitForm", exits__forms="ExitForm = 1")
    assert list(past_the_front_door(source)) == ["portal.badges.views imports portal.exits.forms"]


def test_finds_a_kernel_that_knows_an_area(tmp_path: Path) -> None:
    source = plant(
        tmp_path,
        kernel__change="from portal.audit import services, models",
        kernel__web="from portal.badges import services",
        audit__services="",
        audit__models="",
        badges__services="",
    )
    assert sorted(kernel_that_knows_areas(source)) == [
        "portal.kernel.change imports portal.audit.models",
        "portal.kernel.web imports portal.badges.services",
    ]
