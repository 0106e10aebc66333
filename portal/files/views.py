"""Handing out uploads."""

from __future__ import annotations

import uuid
from io import BytesIO

from flask import Blueprint, Response, request, send_file

from portal.files import queries, services
from portal.files.rules import PDF, PURPOSES, ZIP
from portal.kernel import clock
from portal.kernel.db import transaction
from portal.kernel.policy import allow_signed_in
from portal.kernel.web import actor

bp = Blueprint("files", __name__, url_prefix="/files")
BLUEPRINTS = [bp]

# Whatever a file may hold, the browser runs none of it and takes it for nothing of the portal's own.
CONTENT_SECURITY = "default-src 'none'; sandbox; frame-ancestors 'none'"


@bp.get("/<id:file_id>")
@allow_signed_in
def show(file_id: uuid.UUID) -> Response:
    """A file, to whom its purpose opens it (R-S2); a stranger's is a 404. PDFs are downloaded, pictures shown."""
    file = queries.get_file(actor(), file_id)
    recorded = PURPOSES[file.purpose].recorded
    if recorded and request.method == "GET":
        with transaction():
            services.record_opening(queries.get_file(actor(), file_id), actor(), clock.now())
    if file.media_type == ZIP:  # too large for memory; its name is the portal's own
        response = Response(queries.pieces(file), mimetype=ZIP)
        response.headers["Content-Disposition"] = f'attachment; filename="{file.filename}"'
        response.content_length = file.size
    else:
        response = send_file(
            BytesIO(queries.content(file)),
            mimetype=file.media_type,
            as_attachment=file.media_type == PDF,
            download_name=file.filename,
            etag=False,
        )
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY
    response.headers["Cache-Control"] = "private, no-store" if recorded else "private, max-age=600"
    return response
