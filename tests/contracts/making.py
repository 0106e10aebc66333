"""Contracts, and what hangs on them, reached through the services."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

from portal.contracts import queries, services
from portal.contracts.models import Contract
from portal.contracts.services import NewContract, Terms
from tests.cast import NOW, Cast, new_contract


def drafted(cast: Cast, client: str = "alpha", room: str = "A1", now: datetime = NOW, **changes: Any) -> Contract:
    """A draft in a room that has space for it, in the open transaction."""
    terms = new_contract(getattr(cast, client), cast.rooms[room], now, **changes)
    return services.draft_contract(terms, cast.actor("sales"), now)


def signed(cast: Cast, client: str = "alpha", room: str = "A1", now: datetime = NOW, **changes: Any) -> Contract:
    contract = drafted(cast, client, room, now, **changes)
    services.sign_contract(contract, cast.actor("sales"), now)
    return contract


def loaded(cast: Cast, contract: Contract | uuid.UUID, who: str = "sales") -> Contract:
    """The contract as the pages load it."""
    return queries.get_contract(cast.actor(who), contract if isinstance(contract, uuid.UUID) else contract.id)


def terms_of(contract: Contract, **changes: Any) -> Terms:
    """The present terms, with changes."""
    kept = Terms(
        units_granted=contract.units_granted,
        power_w=contract.power_w,
        bandwidth_mbps=contract.bandwidth_mbps,
        ips_per_server=contract.ips_per_server,
        ports_per_server=contract.ports_per_server,
        ips_total=contract.ips_total,
        ports_total=contract.ports_total,
        rack_ids=tuple(rack.id for rack in queries.racks_granted(contract.id)),
        note=contract.note,
    )
    return replace(kept, **changes)


def whole(contract: Contract, **changes: Any) -> NewContract:
    """A draft's whole content, with changes."""
    terms = terms_of(contract)
    values = {name: getattr(terms, name) for name in Terms.__dataclass_fields__}
    values |= {"client_id": contract.client_id, "room_id": contract.room_id, "starts_on": contract.starts_on, "ends_on": contract.ends_on}
    return NewContract(**(values | changes))
