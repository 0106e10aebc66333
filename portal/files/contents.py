"""Looking into uploads: what they are by their content, and making of pictures what the portal keeps.

The name and the browser's word count for nothing. Pictures are drawn anew, which leaves behind what hides in a file: position
and camera (EXIF), comments, thumbnails, and whatever was appended.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import puremagic
from PIL import Image, ImageOps

from portal.files.rules import (
    FILE_DAMAGED,
    FILE_KIND,
    JPEG,
    MAX_PIXELS,
    MAX_SIDE,
    PDF,
    PHOTO_LEAST,
    PHOTO_SIZE,
    PHOTO_TOO_SMALL,
    PICTURE_TOO_LARGE,
    PNG,
    Purpose,
    kinds_text,
)
from portal.kernel.errors import Refused

_FORMATS = {JPEG: "JPEG", PNG: "PNG"}
_SUFFIXES = {JPEG: ".jpg", PDF: ".pdf"}


@dataclass(frozen=True, slots=True)
class CropBox:
    """The part of a picture that a person chose, as fractions of its width and height as it is shown (turned upright)."""

    x: float
    y: float
    width: float
    height: float

    @property
    def sensible(self) -> bool:
        return 0 <= self.x < 1 and 0 <= self.y < 1 and 0.02 <= self.width <= 1 and 0.02 <= self.height <= 1


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is kept of an upload."""

    content: bytes
    media_type: str
    filename: str


def prepare(content: bytes, filename: str, purpose: Purpose, crop: CropBox | None = None) -> Prepared:
    """What is kept of an upload of this purpose. Raises Refused."""
    media_type = sniff(content)
    if media_type not in purpose.kinds:
        raise Refused(FILE_KIND(kinds=kinds_text(purpose)))
    if media_type == PDF:
        if b"%%EOF" not in content[-65536:]:
            raise Refused(FILE_DAMAGED)
        kept, media_type = content, PDF
    else:
        kept, media_type = _redraw(content, media_type, purpose, crop), JPEG
    return Prepared(kept, media_type, _named(filename, media_type))


def sniff(content: bytes) -> str | None:
    """The media type by the content: JPEG, PNG, PDF, or None for anything else."""
    try:
        found = {match.mime_type for match in puremagic.magic_string(content[:65536])}
    except (puremagic.PureError, ValueError):
        return None
    starts = {JPEG: b"\xff\xd8\xff", PNG: b"\x89PNG\r\n\x1a\n", PDF: b"%PDF-"}
    return next((kind for kind, start in starts.items() if kind in found and content.startswith(start)), None)


def _redraw(content: bytes, media_type: str, purpose: Purpose, crop: CropBox | None) -> bytes:
    try:
        with Image.open(BytesIO(content), formats=[_FORMATS[media_type]]) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise Refused(PICTURE_TOO_LARGE(limit=MAX_PIXELS // 1_000_000))
            opened.load()
            picture = _flat(ImageOps.exif_transpose(opened))
    except Image.DecompressionBombError as error:
        raise Refused(PICTURE_TOO_LARGE(limit=MAX_PIXELS // 1_000_000)) from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError) as error:  # what Pillow raises on damaged files
        raise Refused(FILE_DAMAGED) from error
    if purpose.photo:
        picture = _photo(picture, crop)
    else:
        picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    drawn = BytesIO()
    picture.save(drawn, "JPEG", quality=88, optimize=True)
    return drawn.getvalue()


def _flat(picture: Image.Image) -> Image.Image:
    """As plain RGB, what is transparent on white, and with nothing else attached."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        ground = Image.new("RGBA", picture.size, "white")
        ground.alpha_composite(picture.convert("RGBA"))
        picture = ground
    if picture.mode.startswith("I"):  # 16-bit greys would be cut off at white
        picture = picture.point(lambda value: value / 256).convert("L")
    flat = picture.convert("RGB")
    flat.info.clear()
    return flat


def _photo(picture: Image.Image, crop: CropBox | None) -> Image.Image:
    """22:28 around the middle of the chosen part, or of the whole."""
    left, top, right, bottom = 0.0, 0.0, float(picture.width), float(picture.height)
    if crop is not None and crop.sensible:
        left, top = crop.x * picture.width, crop.y * picture.height
        right = min(left + crop.width * picture.width, right)
        bottom = min(top + crop.height * picture.height, bottom)
    ratio = PHOTO_SIZE[0] / PHOTO_SIZE[1]
    width = min(right - left, (bottom - top) * ratio)
    height = width / ratio
    if width < PHOTO_LEAST[0] - 1:
        raise Refused(PHOTO_TOO_SMALL(width=PHOTO_LEAST[0], height=PHOTO_LEAST[1]))
    left += (right - left - width) / 2
    top += (bottom - top - height) / 2
    return picture.resize(PHOTO_SIZE, Image.Resampling.LANCZOS, box=(left, top, left + width, top + height))


def _named(filename: str, media_type: str) -> str:
    """The last part of the name that the file came with, without control characters, with the suffix of what it is now."""
    name = filename.replace("\\", "/").rpartition("/")[2]
    name = "".join(character for character in name if character.isprintable()).strip(" .")
    stem = name.rpartition(".")[0] or name or "file"
    return stem[:150] + _SUFFIXES[media_type]
