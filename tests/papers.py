"""Papers for tests: a photo, an identity copy, a letter, staged as a form would."""

from __future__ import annotations

import io
import uuid
from datetime import datetime

from PIL import Image, ImageDraw

from portal.files.services import stage
from portal.kernel.policy import Actor


def picture(text: str = "photo", size: tuple[int, int] = (440, 560)) -> bytes:
    image = Image.new("RGB", size, "#dfe6ec")
    ImageDraw.Draw(image).text((20, 20), text, fill="#17212b")
    content = io.BytesIO()
    image.save(content, "JPEG")
    return content.getvalue()


def staged(purpose: str, actor: Actor, now: datetime) -> uuid.UUID:
    return stage(picture(purpose), f"{purpose}.jpg", purpose, actor, now).id
