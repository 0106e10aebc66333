"""The blueprint of the service desk, on which its views' modules register."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("tickets", __name__, url_prefix="/requests")
