"""Static files: the address of one says its content's hash, so that a browser keeps it for good and a new one is another address.

The gate's modules are named by one another without a hash, so theirs have none: they are looked at again after a day.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

ENDPOINTS = ("static", "bootstrap.static")
FOR_GOOD = 365 * 24 * 3600


def register(app: Flask) -> None:
    """Puts the hash (`v`) into the addresses that `url_for` makes. A file asked for by the hash of another content is not kept."""
    folders: dict[str, str | None] = {"static": app.static_folder}

    @app.url_defaults
    def _versioned(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint in ENDPOINTS and (version := _version_of(endpoint, str(values.get("filename", "")))):
            values.setdefault("v", version)

    @app.after_request
    def _kept(response: Response) -> Response:
        if request.endpoint in ENDPOINTS and response.status_code in (200, 304) and (asked := request.args.get("v")):
            if asked == _version_of(request.endpoint, str((request.view_args or {}).get("filename", ""))):
                response.cache_control.public, response.cache_control.max_age = True, FOR_GOOD
                response.cache_control.immutable = True
            else:
                response.cache_control.no_cache = True
        return response

    def _version_of(endpoint: str, filename: str) -> str:
        if endpoint not in folders:
            folders[endpoint] = app.blueprints[endpoint.partition(".")[0]].static_folder
        folder = folders[endpoint]
        return "" if folder is None or (filename.startswith("gate/") and filename.endswith(".js")) else _hash(folder, filename)


@lru_cache(maxsize=512)
def _hash(folder: str, filename: str) -> str:
    path = Path(folder, filename)
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else ""
