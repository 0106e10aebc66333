"""The small photos that a phone at the gate keeps beside its copy."""

from __future__ import annotations

import uuid
from io import BytesIO

from PIL import Image

from portal.files import queries as files
from portal.kernel.errors import NotFound
from portal.kernel.policy import Actor

SIZE = (176, 224)  # px: a badge's 22:28, some 8 kB


def small_photo(actor: Actor, file_id: uuid.UUID) -> bytes:
    """A holder's photo as a small JPEG. Raises NotFound for what is no photo, or not for this actor."""
    file = files.get_file(actor, file_id)
    if file.purpose != "badge_photo":
        raise NotFound(file_id)
    with Image.open(BytesIO(files.content(file))) as picture:
        picture.draft("RGB", SIZE)
        small = picture.convert("RGB")
        small.thumbnail(SIZE)
        made = BytesIO()
        small.save(made, "JPEG", quality=72, optimize=True)
    return made.getvalue()
