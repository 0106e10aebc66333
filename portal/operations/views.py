"""What machines ask: is the process alive, can it serve, how is it doing."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from flask import Blueprint, Response, abort, jsonify, request
from sqlalchemy.exc import SQLAlchemyError

from portal.kernel import clock, db, files, migrate
from portal.kernel.errors import Unavailable
from portal.kernel.logs import logger
from portal.kernel.policy import allow_machines
from portal.kernel.web import settings
from portal.operations import instruments, queries

bp = Blueprint("operations", __name__)
BLUEPRINTS = [bp]
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Forwarded")


@bp.get("/health")
@allow_machines
def health() -> Response:
    """The process answers. Looks at nothing else, so that a database that is away does not get every process restarted."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/ready")
@allow_machines
def ready() -> tuple[Response, int]:
    """Whether requests can be served: 200, or 503 and which part is not there. For a balancer."""
    found = {"database": _database(), "storage": _storage()}
    return jsonify(found), 200 if set(found.values()) == {"ok"} else 503


@bp.get("/metrics")
@allow_machines
def metrics() -> Response:
    """Figures for Prometheus, for addresses in PORTAL_METRICS_ALLOW only."""
    if not _may_measure():
        abort(403)
    from prometheus_client import generate_latest
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

    return Response(generate_latest(instruments.registry()) + _state(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _state() -> bytes:
    """The figures of the database in Prometheus's words: this moment's, of no process, so kept by none."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.registry import Collector

    class Figures(Collector):
        def collect(self) -> Iterator[GaugeMetricFamily]:
            for gauge in queries.gauges(clock.now()):
                family = GaugeMetricFamily(gauge.name, gauge.help, labels=[gauge.label] if gauge.label else [])
                for label, value in gauge.values.items():
                    family.add_metric([label] if gauge.label else [], value)
                yield family

    registry = CollectorRegistry()
    registry.register(Figures())
    return generate_latest(registry)


def _may_measure() -> bool:
    """Who came through a proxy that the settings do not know of has an address that nobody can tell."""
    if not settings().trusted_proxies and any(name in request.headers for name in FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return False
    return any(address in network for network in settings().metrics_allow)


def _database() -> str:
    try:
        return "ok" if migrate.at_head(db.session().connection()) else "not at head"
    except SQLAlchemyError as error:
        logger().warning("not ready: database", error=type(error).__name__)
        return "unreachable"


def _storage() -> str:
    try:
        files.look()
    except Unavailable:
        logger().warning("not ready: storage")
        return "unreachable"
    return "ok"
