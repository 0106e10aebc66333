"""Why the portal says no. A refusal is a value with a stable code; its sentence is made in the reader's language at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why something cannot be done.

    `sentence` is English, marked with `N_`, with %(name)s placeholders filled from `data`; it says what is wrong and what to do.
    `field` names the form field that it belongs to, if one does. Calling a refusal fills it in:
    `BADGE_LIMIT(limit=2)`, `SERIAL_IN_SERVICE.on("serial")(serial="CN7X")`.
    """

    code: str
    sentence: str
    data: Mapping[str, Any] = field(default_factory=dict)
    field: str | None = None

    def __call__(self, **data: Any) -> Refusal:
        return replace(self, data={**self.data, **data})

    def on(self, field: str) -> Refusal:
        return replace(self, field=field)


class Refused(Exception):
    """A rule says no. Nothing of the transaction stays. Carries one or more refusals."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__(", ".join(r.code for r in refusals))
        self.refusals = refusals

    @property
    def refusal(self) -> Refusal:
        return self.refusals[0]


class Conflict(Exception):
    """Someone else was faster: the record is no longer in the state that the change started from."""

    def __init__(self, subject: str, action: str, state: str, label: str = "") -> None:
        super().__init__(f"{action} of {subject}: state is now {state}")
        self.subject, self.action, self.state, self.label = subject, action, state, label or state


class Unavailable(Exception):
    """What the portal stands on does not answer or takes nothing more (`what`: "database" or "storage"). Nothing was done."""

    def __init__(self, what: str, text: str = "") -> None:
        super().__init__(f"{what}: {text}" if text else what)
        self.what = what


class NotFound(Exception):
    """No such record, or not one that this actor may see: the two are told alike."""


class Forbidden(Exception):
    """The actor lacks the permission. The page does not offer what ends here."""
