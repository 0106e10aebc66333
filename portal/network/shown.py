"""How holds, holders and uses are shown on pages: states in words, links, strips."""

from __future__ import annotations

import uuid
from typing import Any

from flask import get_template_attribute, url_for
from markupsafe import Markup

from portal.kernel.i18n import _
from portal.kernel.lifecycle import State, Tone
from portal.kernel.policy import Permission
from portal.kernel.web import actor
from portal.network import strips
from portal.network.history import Holder
from portal.network.models import AddressHold, Prefix, ReservedRange, SwitchPort
from portal.network.queries import Use


def hold_state(hold: AddressHold) -> State:
    """Whether an address is in use, planned, resting or free again."""
    if hold.freed_at is not None:
        return State("past", _("Past"), Tone.REST)
    if hold.released_at is not None:
        return State("resting", _("Resting"), Tone.WAIT)
    if hold.holder_kind == "plan":
        return State("planned", _("Planned"), Tone.WAIT)
    return State("held", _("In use"), Tone.OK)


def port_state(port: SwitchPort, holder: Holder | None) -> State:
    if port.out_of_use:
        return State("out", _("Out of use"), Tone.STOP)
    if holder is None:
        return State("free", _("Free"), Tone.REST)
    return State("planned", _("Planned"), Tone.WAIT) if holder.kind == "plan" else State("held", _("In use"), Tone.OK)


def holder_url(holder: Holder) -> str | None:
    if holder.kind == "equipment":
        return url_for("equipment.show", equipment_id=holder.id) if actor().may(Permission.EQUIPMENT_READ) else None
    return url_for("workorders.show", order_id=holder.order_id) if holder.order_id and actor().may(Permission.WORK_ORDER_READ) else None


def holder_sub(holder: Holder) -> str:
    """What stands beneath the holder's serial number."""
    return str(_("planned, work order %(number)s", number=holder.order_number)) if holder.kind == "plan" else ""


def client_url(client_id: uuid.UUID) -> str | None:
    return url_for("clients.show", client_id=client_id) if actor().may(Permission.CLIENT_READ) and not actor().is_client else None


def mask(prefix: Prefix) -> str:
    """The mask as one types it into a server: dotted for IPv4, the length for IPv6."""
    if prefix.version == 6:
        return f"/{prefix.length}"
    return ".".join(str((0xFFFFFFFF << (32 - prefix.length)) >> shift & 0xFF) for shift in (24, 16, 8, 0))


def strip(use: Use) -> Markup:
    """A prefix's use as a strip with its words."""
    drawn: Any = get_template_attribute("network/_pictures.html", "strip")(strips.strip(use))
    return Markup(drawn)  # noqa: S704  (a template's own output)


def strip_words(use: Use) -> str:
    """'37 % used, 160 free'."""
    used = 100 * (use.held + use.resting) / use.size
    return str(_("%(percent)s used, %(free)s free", percent=strips.percent(used), free=strips.short(use.free)))


def reserved_for(entry: ReservedRange) -> str:
    """What addresses are kept back for, in the reader's words."""
    own = {"network": _("Network address"), "broadcast": _("Broadcast address"), "gateway": _("Gateway")}
    if entry.kind == "network" and entry.first.version == 6:
        return str(_("Subnet-router anycast"))
    return str(own.get(entry.kind, entry.reason))
