"""The blueprint that the pages of work orders hang on; `views` gathers them."""

from __future__ import annotations

from flask import Blueprint, g

bp = Blueprint("workorders", __name__, url_prefix="/work-orders")


@bp.before_request
def _mark_place() -> None:
    g.place = "workorders.index"
