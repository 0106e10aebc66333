"""Where the pages of a gate without a network hang."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("gate_offline", __name__, url_prefix="/gate")
