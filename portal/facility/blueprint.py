"""The blueprint that the pages of rooms and racks hang on; `views` gathers them."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("facility", __name__, url_prefix="/facility")
