"""A server that gives addresses and does nothing else: what the allocator costs over HTTP, apart from sign-in and pages."""

from __future__ import annotations

import json
import os
import uuid

from flask import Flask

import config
from portal import set_up
from portal.kernel import clock
from portal.kernel.db import isolated, transaction
from portal.network import services

set_up(config.load())
app = Flask(__name__)
WORLD = json.loads(os.environ["BENCH_WORLD"])


@app.get("/health")
def health() -> str:
    return "well"


@app.get("/<path:cidr>")
def allocate(cidr: str) -> str:
    """One address of the room that the prefix belongs to, committed."""
    with isolated(), transaction():
        held = services.hold_addresses(
            uuid.UUID(WORLD["rooms"][cidr]), 1, holder_kind="equipment", holder_id=uuid.UUID(WORLD["server"]),
            client_id=uuid.UUID(WORLD["client"]), contract_id=uuid.UUID(WORLD["contract"]), now=clock.now(),
        )  # fmt: skip
        return str(held[0].address)
