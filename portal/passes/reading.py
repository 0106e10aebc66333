"""Reads codes out of a photo that was taken at the gate."""

from __future__ import annotations

from io import BytesIO

import zxingcpp
from PIL import Image, ImageOps, UnidentifiedImageError

LARGEST_PIXELS = 60_000_000  # more than a phone takes; a small file can claim to unpack to gigabytes
FORMATS = ("JPEG", "PNG", "WEBP")
# First at a size at which reading takes some 50 ms, then with every detail.
SIDES = (1_600, 4_800)
# QR codes of the portal, and what makers print serial numbers with.
READ = zxingcpp.barcode_formats_from_str("QRCode,DataMatrix,Code128,Code39")


class NotAPhoto(ValueError):
    """The bytes are no picture of a kind that is read (JPEG, PNG, WebP), or a broken one."""


class PhotoTooLarge(ValueError):
    """The picture has more pixels than LARGEST_PIXELS; it was not unpacked."""


def read_codes(image: bytes) -> list[str]:
    """The texts of all codes in a photo, each once, QR codes first; an empty list if there is none.

    The photo may lie on any side (by its EXIF too) and be of any size up to 60 million pixels.
    Raises NotAPhoto, PhotoTooLarge.
    """
    grey = _grey(image)
    for side in SIDES:
        smaller = grey.copy()
        smaller.thumbnail((side, side))
        found = zxingcpp.read_barcodes(smaller, formats=READ)
        if found or max(grey.size) <= side:
            break
    ordered = sorted(found, key=lambda code: code.format != zxingcpp.BarcodeFormat.QRCode)
    return list(dict.fromkeys(code.text for code in ordered if code.text))


def _grey(image: bytes) -> Image.Image:
    """The picture upright and in grey; its size is looked at before it is unpacked."""
    try:
        picture = Image.open(BytesIO(image), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoTooLarge(str(error)) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise NotAPhoto(str(error)) from error
    if picture.width * picture.height > LARGEST_PIXELS:
        raise PhotoTooLarge(f"{picture.width} x {picture.height} pixels")
    try:
        picture.draft("L", (SIDES[-1] // 2, SIDES[-1] // 2))
        return _on_white(ImageOps.exif_transpose(picture))
    except (OSError, SyntaxError, ValueError) as error:
        raise NotAPhoto(str(error)) from error


def _on_white(picture: Image.Image) -> Image.Image:
    """In grey, what is transparent as white."""
    if picture.has_transparency_data:
        white = Image.new("RGBA", picture.size, "white")
        white.alpha_composite(picture.convert("RGBA"))
        return white.convert("L")
    return picture.convert("L")
