"""Violations for the scene: one in each state from which someone acts, and someone who is barred."""

from __future__ import annotations

from typing import Any

from portal.conduct import queries, services
from portal.conduct.rules import Outcome
from portal.conduct.services import NewAppeal
from tests.cast import NOW, Cast
from tests.conduct import making
from tests.papers import staged


def violations(cast: Cast) -> dict[str, Any]:
    """Of the first client: nobody of those who hold what the scene stands on is barred."""
    supervisor, admin, guard = cast.actor("supervisor"), cast.actor("admin"), cast.actor("guard")
    week = Outcome(frozenset({"suspension"}), 7)
    waiting = making.recorded(cast, "zhang", evidence=(staged("evidence", guard, NOW),))
    unknown = making.recorded(cast, None)
    decided = making.decided(cast, making.WARNING, "liu")
    appealed = making.appealed(cast, week, "zhang")
    answered = making.decided(cast, week, "chen2")
    services.lift(answered, "mistake", supervisor, NOW)
    papers = making.decided(cast, making.WARNING, "wang")
    services.appeal(papers, NewAppeal("x", (staged("appeal", admin, NOW),)), admin, NOW)
    services.uphold(papers, "stays", supervisor, NOW)
    made: dict[str, Any] = {
        "violation": waiting, "violation_unknown": unknown, "violation_decided": decided, "violation_appealed": appealed,
        "violation_lifted": answered, "violation_upheld": papers,
        "evidence": queries.file_ids(waiting, "evidence")[0], "appeal": queries.file_ids(papers, "appeal")[0],
    }  # fmt: skip
    return made
