"""The blueprint that the pages of equipment and of the catalogue hang on; `views` gathers them."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("equipment", __name__, url_prefix="/equipment")
