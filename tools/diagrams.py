"""`python -m tools.diagrams`: writes docs/lifecycles.md from the lifecycle tables, so that the pictures cannot differ from the code."""

from __future__ import annotations

from pathlib import Path

from portal.audit.tags import LIFECYCLES
from portal.kernel.lifecycle import Lifecycle

TARGET = Path(__file__).resolve().parents[1] / "docs" / "lifecycles.md"
HEAD = """# Lifecycles

Made from the tables in `portal/*/lifecycle.py` by `make diagrams`; a test fails when they differ.
Under each arrow: the action. Beneath each diagram: who may do it, and what has to be given.
"""


def text() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(_section(lifecycle) for lifecycle in LIFECYCLES)])


def _section(lifecycle: Lifecycle) -> str:
    lines = [f"## {lifecycle.name.replace('_', ' ').capitalize()}", "", "```mermaid", "stateDiagram-v2"]
    lines += [f"    {state.key}: {state.label}" for state in lifecycle.states.values()]
    for action in lifecycle.actions.values():
        lines += [f"    {source} --> {action.target}: {action.key}" for source in action.sources or ("[*]",)]
    lines += ["```", "", "| action | told as | permission | needs |", "| --- | --- | --- | --- |"]
    for action in lifecycle.actions.values():
        needs = ", ".join([*action.needs, *(["someone other than who applied"] if action.separate_from else [])])
        lines.append(f"| {action.key} | {action.told} | `{action.permission}` | {needs or '—'} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    TARGET.write_text(text())
