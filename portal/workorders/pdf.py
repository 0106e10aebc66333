"""From work orders to the documents: gathers what they show, draws nothing itself (R-W4)."""

from __future__ import annotations

from datetime import datetime

from config import Settings
from portal.kernel import clock
from portal.kernel.errors import NotFound
from portal.network import queries as network
from portal.passes.documents import acceptance, allocation, work_order
from portal.passes.documents.acceptance import Outcome
from portal.passes.documents.paper import Paper
from portal.passes.documents.style import Bilingual
from portal.passes.queries import live_pass, qr_text
from portal.workorders import queries
from portal.workorders.lifecycle import ON_THE_WAY
from portal.workorders.models import WorkOrder, WorkOrderItem

OUTCOMES = {"accepted": Outcome.ACCEPTED, "refused": Outcome.REFUSED, "missing": Outcome.MISSING}
NOT_LISTED = "不在开工单上 Not on the work order"


def papers_of(order: WorkOrder) -> list[str]:
    """Which documents there are of an order now: work_order once it is issued, allocation once something is held, acceptance once
    something was accepted, refused or missed."""
    found = []
    if order.state in (*ON_THE_WAY, "completed"):
        found.append("work_order")
    if any(_in_place(order, item) for item in order.items):
        found.append("allocation")
    if any(item.state in OUTCOMES for item in order.items):
        found.append("acceptance")
    return found


def work_order_sheet(order: WorkOrder, settings: Settings, locale: str) -> bytes:
    """The work order (R-W1). The order is loaded with everything. Raises NotFound before it is issued and after it was cancelled."""
    if "work_order" not in papers_of(order) or order.issued_at is None:
        raise NotFound(order.id)
    issuer = queries.names_of([order.issued_by_id]).get(order.issued_by_id, "") if order.issued_by_id else ""
    return work_order.render(
        work_order.WorkOrder(
            paper=_paper(order, settings, issuer, order.issued_at),
            client=order.client.name,
            contract=order.contract.number,
            room=_room(order),
            arrives_at=order.arrives_at,
            brought_by=order.bringer_name or "—",
            contact=order.bringer_phone or "—",
            remark=order.note or "—",
            items=[
                work_order.OrderItem(item.model.label, item.serial, item.model.height_u, item.model.power_w, queries.place_of(item))
                for item in order.items
            ],
        ),
        locale,
    )


def acceptance_record(order: WorkOrder, settings: Settings, locale: str) -> bytes:
    """What came, item by item, and what should not have (R-W2). Raises NotFound while nothing is settled."""
    if "acceptance" not in papers_of(order):
        raise NotFound(order.id)
    staff = [item.accepted_by_id for item in order.items if item.accepted_by_id is not None]
    names = queries.names_of(staff)
    moments = [moment for moment in (order.completed_at, *(item.accepted_at for item in order.items)) if moment is not None]
    at = max(moments) if moments else order.arrives_at
    accepted_by = "、".join(dict.fromkeys(names[user_id] for user_id in staff)) or "—"
    lines = [
        acceptance.AcceptedItem(item.model.label, item.serial, OUTCOMES[item.state], queries.place_of(item), item.settled_note)
        for item in order.items
        if item.state in OUTCOMES
    ]
    lines += [
        acceptance.AcceptedItem(extra.description, extra.serial or "—", Outcome.REFUSED, "", NOT_LISTED)
        for extra in queries.extras_of(order)
    ]
    return acceptance.render(
        acceptance.Acceptance(
            paper=_paper(order, settings, accepted_by, at),
            client=order.client.name,
            contract=order.contract.number,
            work_order=order.number,
            room=_room(order),
            accepted_at=at,
            accepted_by=accepted_by,
            brought_by=order.bringer_name or "—",
            items=lines,
        ),
        locale,
    )


def allocation_sheet(order: WorkOrder, settings: Settings, locale: str) -> bytes:
    """Rack position, address, mask, gateway, switch and port of each item that is placed (R-W4). Raises NotFound before planning."""
    placed = [item for item in order.items if _in_place(order, item)]
    if not placed:
        raise NotFound(order.id)
    holders = [item.equipment_id or item.id for item in placed]
    addresses, ports = network.addresses_of(holders), network.ports_of(holders)
    lines: list[allocation.Allocated] = []
    for item, holder in zip(placed, holders, strict=True):
        for place in range(max(len(addresses[holder]), len(ports[holder]))):
            address = addresses[holder][place] if place < len(addresses[holder]) else None
            port = ports[holder][place].port if place < len(ports[holder]) else None
            lines.append(
                allocation.Allocated(
                    model=item.model.label,
                    serial=item.serial,
                    position=queries.place_of(item),
                    address=str(address.address) if address else "—",
                    mask=mask_text(address.prefix.version, address.prefix.length) if address else "—",
                    gateway=str(address.prefix.gateway) if address else "—",
                    switch=port.switch.name if port else "—",
                    port=port.name if port else "—",
                )
            )
    if not lines:
        raise NotFound(order.id)
    issued_by = order.prepared_by_id
    name = queries.names_of([issued_by]).get(issued_by, "") if issued_by else ""
    return allocation.render(
        allocation.Allocation(
            paper=_paper(order, settings, name, order.prepared_at or order.arrives_at),
            client=order.client.name,
            contract=order.contract.number,
            work_order=order.number,
            room=_room(order),
            items=lines,
        ),
        locale,
    )


def mask_text(version: int, length: int) -> str:
    """255.255.255.0 for IPv4, /64 for IPv6."""
    if version == 6:
        return f"/{length}"
    bits = (0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF
    return ".".join(str(bits >> shift & 255) for shift in (24, 16, 8, 0))


def _in_place(order: WorkOrder, item: WorkOrderItem) -> bool:
    """Whether units, addresses and ports are held for the item, or it has them in service."""
    return item.state == "accepted" or (item.state == "expected" and order.state in ("prepared", "partly_accepted"))


def _room(order: WorkOrder) -> str:
    room = order.contract.room
    return f"{room.site.name} {room.code} {room.name}" if room.code not in room.name else f"{room.site.name} {room.name}"


def _paper(order: WorkOrder, settings: Settings, issued_by: str, issued_at: datetime) -> Paper:
    found = live_pass(order.id)
    if found is None:
        raise NotFound(order.id)
    return Paper(
        site=Bilingual(settings.site_name_zh, settings.site_name_en),
        number=order.number,
        qr_text=qr_text(found, settings.base_url),
        short_code=found.short_code,
        issued_by=issued_by,
        issued_at=issued_at,
        zone=clock.zone(),
    )
