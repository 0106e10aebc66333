"""The upload field of forms: what was chosen is staged at once, so that an error elsewhere in the form loses nothing."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from flask import url_for
from werkzeug.datastructures import FileStorage
from wtforms import Field
from wtforms.utils import unset_value
from wtforms.validators import StopValidation
from wtforms.widgets import FileInput

from portal.files import queries, services
from portal.files.contents import CropBox
from portal.files.models import StoredFile
from portal.files.rules import FILE_NEEDED, PDF, PURPOSES, STORE_AWAY
from portal.kernel import clock, ids
from portal.kernel.db import isolated, transaction
from portal.kernel.errors import NotFound, Refused, Unavailable
from portal.kernel.logs import logger
from portal.kernel.web import actor, settings
from portal.kernel.words import say


@dataclass(frozen=True, slots=True)
class Kept:
    """What an upload field holds already, as its macro shows it."""

    id: str
    filename: str
    is_image: bool
    url: str


class _Needed:
    """The field must hold a file: one chosen now, or one kept from before."""

    field_flags = {"required": True}

    def __call__(self, form: Any, field: Field) -> None:
        if field.data is None and not field.errors:
            raise StopValidation(say(FILE_NEEDED))


class UploadField(Field):
    """`.data` is the id of a staged or kept file, or None; the service claims it. `.kept` tells the macro what is there.

    Give it an existing file by the form's `obj` or `data`, as an id. The page must send the form as multipart/form-data. With
    `purpose` badge_photo, `<name>_x`, `_y`, `_w`, `_h` (fractions of the picture) may choose the part that is kept.
    """

    widget = FileInput()

    def __init__(self, label: Any = None, *, purpose: str, required: bool = False, description: Any = "", **kwargs: Any) -> None:
        kinds = PURPOSES[purpose].kinds
        render_kw = {"accept": ",".join(kinds)} | ({"data-crop": "22:28"} if PURPOSES[purpose].photo else {})
        super().__init__(
            label, validators=[_Needed()] if required else [], description=description,
            render_kw=render_kw | kwargs.pop("render_kw", {}), **kwargs,
        )  # fmt: skip
        self.purpose = purpose
        self.kept: Kept | None = None

    def __call__(self, **kwargs: Any) -> Any:
        if self.kept is not None:
            kwargs.setdefault("required", False)  # the browser asks for none when one is there
        return super().__call__(**kwargs)

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Stages what was uploaded, in a transaction of its own; else keeps what was there."""
        self.process_errors: list[str] = []
        self.kept = None
        if data is unset_value:
            data = self.default() if callable(self.default) else self.default
        self.object_data = data
        self.raw_data = None
        if formdata is None:
            self._keep(data)
            return
        chosen = next((f for f in formdata.getlist(self.name) if isinstance(f, FileStorage) and f.filename), None)
        if chosen is None or not self._stage(chosen, formdata):
            self._keep(_id(formdata.get(f"{self.name}_kept")) or (data if f"{self.name}_kept" in formdata else None))

    def _stage(self, chosen: FileStorage, formdata: Any) -> bool:
        limit = settings().upload_limit_mb
        content = chosen.stream.read(limit * 1024 * 1024 + 1)
        try:
            # A session of its own: what the view has loaded stays as it is.
            with isolated(), transaction():
                file = services.stage(
                    content, chosen.filename or "", self.purpose, actor(), clock.now(), limit_mb=limit, crop=self._crop(formdata)
                )
        except Refused as refused:
            self.process_errors.append(say(refused.refusal))
            return False
        except Unavailable as error:  # told beside the field, so that what was typed is not lost
            logger().error("unavailable", what=error.what, purpose=self.purpose)
            self.process_errors.append(say(STORE_AWAY))
            return False
        self._show(file)
        return True

    def _keep(self, file_id: uuid.UUID | None) -> None:
        self.data = None
        if file_id is None:
            return
        try:
            file = queries.get_file(actor(), file_id)
        except NotFound:
            return
        if file.purpose == self.purpose:
            self._show(file)

    def _show(self, file: StoredFile) -> None:
        self.data = file.id
        url = url_for("files.show", file_id=file.id)
        self.kept = Kept(ids.to_text(file.id), file.filename, file.media_type != PDF, url)

    def _crop(self, formdata: Any) -> CropBox | None:
        if not PURPOSES[self.purpose].photo:
            return None
        try:
            return CropBox(*(float(formdata.get(f"{self.name}_{part}", "")) for part in "xywh"))
        except ValueError:
            return None


def _id(text: str | None) -> uuid.UUID | None:
    try:
        return ids.from_text(text or "")
    except ValueError:
        return None
