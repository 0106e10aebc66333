"""Handing out uploads."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, request

from portal.files import queries, services
from portal.files.handing import hand_out
from portal.files.rules import PURPOSES
from portal.kernel import clock
from portal.kernel.db import transaction
from portal.kernel.policy import allow_signed_in
from portal.kernel.web import actor

bp = Blueprint("files", __name__, url_prefix="/files")
BLUEPRINTS = [bp]


@bp.get("/<id:file_id>")
@allow_signed_in
def show(file_id: uuid.UUID) -> Response:
    """A file, to whom its purpose opens it (R-S2); a stranger's is a 404."""
    file = queries.get_file(actor(), file_id)
    if PURPOSES[file.purpose].recorded and request.method == "GET":
        with transaction():
            services.record_opening(queries.get_file(actor(), file_id), actor(), clock.now())
    return hand_out(file)
