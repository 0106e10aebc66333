"""The blueprint that the pages of visits hang on."""

from __future__ import annotations

from flask import Blueprint, g

bp = Blueprint("visits", __name__, url_prefix="/visits")


@bp.before_request
def _mark_place() -> None:
    g.place = "visits.index"
