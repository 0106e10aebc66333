"""The blueprint that the pages of this area share, and their tabs."""

from __future__ import annotations

from flask import Blueprint, g, request, url_for

from portal.kernel.i18n import _

bp = Blueprint("network", __name__, url_prefix="/network")


@bp.before_request
def _mark_place() -> None:
    g.place = "network.my_addresses" if request.endpoint == "network.my_addresses" else "network.prefixes"


def tabs() -> list[tuple[str, str, bool]]:
    """The parts of the area for staff: (label, url, current)."""
    parts = (("network.prefixes", _("Prefixes")), ("network.switches", _("Switches")), ("network.history", _("Who held an address")))
    return [(label, url_for(endpoint), request.endpoint == endpoint) for endpoint, label in parts]
