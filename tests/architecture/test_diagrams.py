"""The lifecycle diagrams in the docs are those of the code."""

from __future__ import annotations

from tools import diagrams


def test_the_diagrams_are_up_to_date() -> None:
    assert diagrams.TARGET.read_text() == diagrams.text(), "run: make diagrams"


def test_a_changed_table_would_be_noticed() -> None:
    assert "under_review --> issued: issue" in diagrams.text()
    assert diagrams.text().replace("issue", "other", 1) != diagrams.TARGET.read_text()
