"""One request, one transaction: it is committed in one place, opened at the edge alone, and states change in one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.kernel.db import Stateful
from portal.models import Base
from tests.architecture.sources import Module, Source, plant, portal

COMMITS = {"portal.kernel.db", "portal.kernel.wholesale"}  # the latter fills a database that nobody uses yet
CHANGES_STATES = {"portal.kernel.change"}
# Who stands at an entry without being a page: the command line, the worker, the demonstration.
ENTRIES = {
    "portal.cli",
    "portal.worker",
    "portal.jobs",
    "portal.running",
    "portal.audit.verify",
    "portal.operations.restoring",
    "portal.operations.doctor",
}
OPENS = {"transaction", "isolated"}
RECORDS_WITH_STATES = {mapper.class_.__name__ for mapper in Base.registry.mappers if issubclass(mapper.class_, Stateful)}
WRITING_SQL = ("update ", "insert ", "delete ")


def commits(source: Source) -> Iterator[str]:
    """Every call of something's commit(), rollback() or begin() outside the one place. A savepoint commits nothing."""
    for module in source.modules.values():
        if module.name in COMMITS:
            continue
        for call in _calls(module):
            if isinstance(call.func, ast.Attribute) and call.func.attr in ("commit", "rollback", "begin"):
                yield f"{module.name}:{call.lineno} {call.func.attr}"


def opened_inside(source: Source) -> Iterator[str]:
    """transaction() below the edge: a module of an area that is no page opens none."""
    for module in source.modules.values():
        if module.name in ENTRIES | COMMITS or module.area == "demo" or "flask" in source.foreign[module.name]:
            continue
        for call in _calls(module):
            if isinstance(call.func, ast.Name | ast.Attribute) and _name(call.func) in OPENS:
                yield f"{module.name}:{call.lineno} {_name(call.func)}"


def assigned_states(source: Source) -> Iterator[str]:
    """Every way to write a state but the lifecycle's: assignment, setattr, values(state=...), insert, SQL as text.

    What something that is no record calls its own state (`self.state`) is its own affair.
    """
    for module in source.modules.values():
        if module.name in CHANGES_STATES:
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                flat = [leaf for target in targets for leaf in ast.walk(target)]
                if any(isinstance(t, ast.Attribute) and t.attr == "state" and _name(t.value) != "self" for t in flat if _stored(t)):
                    yield f"{module.name}:{node.lineno} assigned"
            elif isinstance(node, ast.Call):
                if _name(node.func) == "setattr" and len(node.args) > 1 and _text(node.args[1]) == "state":
                    yield f"{module.name}:{node.lineno} setattr"
                elif _name(node.func) == "values" and _gives_state(node):
                    yield f"{module.name}:{node.lineno} values"
                elif _name(node.func) == "insert" and node.args and _name(node.args[0]) in RECORDS_WITH_STATES:
                    yield f"{module.name}:{node.lineno} insert"
            elif (written := _text(node)) and written.lstrip().lower().startswith(WRITING_SQL) and "state" in written:
                yield f"{module.name}:{getattr(node, 'lineno', 0)} SQL"


def _calls(module: Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.Call))


def _name(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _stored(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store)


def _gives_state(call: ast.Call) -> bool:
    return any(keyword.arg == "state" for keyword in call.keywords) or any(
        isinstance(argument, ast.Dict) and any(key is not None and _text(key) == "state" for key in argument.keys) for argument in call.args
    )


def test_one_place_commits() -> None:
    assert not list(commits(portal()))


def test_transactions_are_opened_at_the_edge_alone() -> None:
    assert not list(opened_inside(portal()))


def test_states_are_changed_by_the_lifecycle_alone() -> None:
    assert not list(assigned_states(portal()))


def test_finds_a_commit_elsewhere(tmp_path: Path) -> None:
    source = plant(tmp_path, badges__services="def issue():\n    session().commit()\n", kernel__db="current.commit()")
    assert list(commits(source)) == ["portal.badges.services:2 commit"]


def test_finds_a_transaction_inside_a_service(tmp_path: Path) -> None:
    source = plant(
        tmp_path,
        badges__services="with db.transaction():\n    pass",
        badges__rules="with transaction():\n    pass",
        badges__views="import flask\nwith transaction():\n    pass",
    )
    assert sorted(opened_inside(source)) == ["portal.badges.rules:1 transaction", "portal.badges.services:1 transaction"]


@pytest.mark.parametrize(
    ("line", "how"),
    [
        ("badge.state = 'issued'", "assigned"),
        ("a, badge.state = 1, 'issued'", "assigned"),
        ("setattr(badge, 'state', 'issued')", "setattr"),
        ("session().execute(update(Badge).values(state='issued'))", "values"),
        ("session().execute(update(Badge).values({'state': 'issued'}))", "values"),
        ("session().execute(insert(Badge), rows)", "insert"),
        ("session().execute(text('UPDATE badges SET state = 1'))", "SQL"),
    ],
)
def test_finds_a_state_that_is_written_otherwise(tmp_path: Path, line: str, how: str) -> None:
    source = plant(
        tmp_path, badges__services=line, badges__views="x = badge.state\nvalue['state'] = 1\nupdate(Badge).values(x=badge.state)"
    )
    assert list(assigned_states(source)) == [f"portal.badges.services:1 {how}"]
