"""What a lifecycle is: states, actions, who may. Each area declares its own once, as a table; buttons, timeline, diagram and tests come from it.

Pure: no Flask, no database. `kernel.change` carries a change of state out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from portal.kernel.policy import Permission


class Tone(StrEnum):
    """How a state looks: in order, waiting, stopped, at rest."""

    OK = "ok"
    WAIT = "wait"
    STOP = "stop"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class State:
    key: str
    label: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Action:
    """One arrow. `label` is the button's verb, `told` the timeline's past tense; both are English, marked with `N_`.

    `sources` empty: it opens the record. `needs`: what has to be given ("reason"). `separate_from`: the attribute that holds
    the user who may not do it, since who asks may not approve. `primary`: the usual next step. `offered` False: it is done
    by the portal or by another page's work, so no button is made for it.
    """

    key: str
    label: str
    told: str
    sources: tuple[str, ...]
    target: str
    permission: Permission
    needs: tuple[str, ...] = ()
    separate_from: str | None = None
    primary: bool = False
    danger: bool = False
    offered: bool = True


class Lifecycle:
    """A table of states and actions, checked when it is declared."""

    def __init__(self, name: str, states: Iterable[State], actions: Iterable[Action]) -> None:
        self.name = name
        self.states: Mapping[str, State] = {state.key: state for state in states}
        self.actions: Mapping[str, Action] = {action.key: action for action in actions}
        for action in self.actions.values():
            unknown = {*action.sources, action.target} - set(self.states)
            if unknown:
                raise ValueError(f"{name}.{action.key} names unknown states {unknown}")

    def allows(self, state: str, action: str) -> bool:
        return state in self.actions[action].sources

    def tag(self, action: str) -> str:
        """The audit tag of an action."""
        return f"{self.name}.{action}"

    def from_state(self, state: str) -> list[Action]:
        """The actions that a page offers in `state`, the usual next step first."""
        found = [a for a in self.actions.values() if a.offered and state in a.sources]
        return sorted(found, key=lambda a: (not a.primary, a.danger))
