"""The auditor's pages: every entry, searched by what, who, when and for which client; and one entry with what changed."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, g, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Row

from portal.audit import queries
from portal.audit.models import AuditEntry
from portal.audit.subjects import KINDS, kind_label, state_label, tag_choices
from portal.audit.tags import field_label, told, value_text
from portal.kernel.db import session
from portal.kernel.i18n import _, _l
from portal.kernel.policy import ANYONE, ROLE_LABELS, SIGNED_IN, Permission, Role, allow
from portal.kernel.tables import Choice, Column, DateRange, Table, Text
from portal.kernel.web import actor, page

bp = Blueprint("audit", __name__, url_prefix="/audit")
BLUEPRINTS = [bp]

Line = Row[AuditEntry, str | None]


def role_label(role: str) -> str:
    return str(_(ROLE_LABELS[Role(role)])) if role in set(Role) else role


def _plain(values: dict[str, object]) -> str | None:
    return json.dumps(values, ensure_ascii=False, sort_keys=True) if values else None


ENTRIES: Table[Line] = Table(
    "audit",
    id=AuditEntry.id,
    per_page=15,
    default_sort="-at",
    columns=[
        Column("at", _l("When"), cell=lambda r: r[0].at, sort=AuditEntry.at),
        Column("what", _l("What happened"), cell=lambda r: told(r[0].tag), primary=True, sub=lambda r: r[0].reason),
        Column("subject", _l("About"), cell=lambda r: r[0].subject_label, sub=lambda r: kind_label(r[0].subject_kind)),
        Column("kind", _l("Kind"), cell=lambda r: kind_label(r[0].subject_kind), hidden=True),
        Column("who", _l("By"), cell=lambda r: r[0].actor_name, sub=lambda r: role_label(r[0].actor_role)),
        Column("role", _l("Role"), cell=lambda r: role_label(r[0].actor_role), hidden=True),
        Column("client", _l("Client"), cell=lambda r: r[1]),
        Column("tag", _l("Code"), cell=lambda r: r[0].tag, hidden=True),
        Column("reason", _l("Reason"), cell=lambda r: r[0].reason, hidden=True),
        Column("before", _l("Before"), cell=lambda r: _plain(r[0].before), hidden=True),
        Column("after", _l("After"), cell=lambda r: _plain(r[0].after), hidden=True),
        Column("seq", _l("Number in the chain"), cell=lambda r: r[0].seq, hidden=True),
    ],
    filters=[
        Text("subject", _l("About"), where=queries.about, hint=_l("Number or name in full")),
        Text("who", _l("By"), where=queries.done_by, hint=_l("Name or e-mail")),
        Text("client", _l("Client"), where=queries.of_client, hint=_l("Name or number")),
        Choice("kind", _l("Kind"), column=AuditEntry.subject_kind, options=lambda: sorted(
            ((kind, kind_label(kind)) for kind in KINDS), key=lambda choice: choice[1])),
        Choice("tag", _l("What happened"), column=AuditEntry.tag, blank=_l("All of the kind")),
        DateRange("at", _l("Period"), AuditEntry.at),
    ],
    row_url=lambda r: url_for("audit.entry", entry_id=r[0].id),
)  # fmt: skip


@bp.get("/")
@allow(Permission.AUDIT_READ)
def index() -> ResponseReturnValue:
    choices = {"tag": tag_choices(request.args.get("kind", ""), request.args.get("tag", ""))}
    if request.args.get("export"):
        return ENTRIES.export(session(), queries.select_entries(), request.args, request.args["export"], choices=choices)
    found = ENTRIES.read(session(), queries.select_entries(), request.args, lambda **kw: url_for("audit.index", **kw), choices=choices)
    return page("audit/index.html", found=found)


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    before: str
    after: str


@bp.get("/<id:entry_id>")
@allow(Permission.AUDIT_READ)
def entry(entry_id: uuid.UUID) -> ResponseReturnValue:
    found, client = queries.get_entry(entry_id)
    g.place = "audit.index"
    names = sorted({*found.before, *found.after}, key=lambda name: (name != "state", name))
    return page(
        "audit/entry.html",
        entry=found,
        what=told(found.tag),
        kind=kind_label(found.subject_kind),
        role=role_label(found.actor_role),
        client=client,
        changes=[Change(field_label(name), _value(found, found.before, name), _value(found, found.after, name)) for name in names],
        record_url=_record_url(found),
    )


def _value(found: AuditEntry, values: dict[str, object], name: str) -> str:
    if name not in values:
        return ""
    if name == "state":
        return state_label(found.subject_kind, str(values[name]))
    return value_text(name, values[name])


def _record_url(found: AuditEntry) -> str:
    """The page of the record that the entry is about, if it has one and this reader may open it."""
    kind = KINDS.get(found.subject_kind)
    if kind is None or not kind.endpoint:
        return ""
    access: Any = getattr(current_app.view_functions[kind.endpoint], "__access__", frozenset())
    open_to_all = access in (ANYONE, SIGNED_IN)
    if not open_to_all and not any(actor().may(permission) for permission in access):
        return ""
    values: dict[str, Any] = {kind.argument: found.subject_id}
    return url_for(kind.endpoint, **values)
