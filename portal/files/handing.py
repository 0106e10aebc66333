"""The answer that carries a file."""

from __future__ import annotations

from io import BytesIO

from flask import Response, send_file

from portal.files import queries
from portal.files.models import StoredFile
from portal.files.rules import PDF, PURPOSES, ZIP

# Whatever a file may hold, the browser runs none of it and takes it for nothing of the portal's own.
CONTENT_SECURITY = "default-src 'none'; sandbox; frame-ancestors 'none'"


def hand_out(file: StoredFile) -> Response:
    """A file that the actor may open: PDFs are downloaded, pictures shown. Raises kernel.files.Lost."""
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
    response.headers["Cache-Control"] = "private, no-store" if PURPOSES[file.purpose].recorded else "private, max-age=600"
    return response
