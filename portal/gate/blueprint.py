"""The gate's blueprint, which its pages share."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("gate", __name__)
