"""The codes on printed papers, as a phone at the gate takes them: drawn from the paper's own lines, not from what the portal knows."""

from __future__ import annotations

import io
import re
import zlib

from PIL import Image, ImageDraw

from portal.demo.scenario.telling import Unexpected

PIXELS = 8  # for each module
QUIET = 4  # modules around the code
_STREAM = re.compile(rb"/Length (\d+)[^>]*>>\s*stream\r?\n")
# The path of a QR code: moved and scaled to modules, rectangles, filled.
_CODE = re.compile(rb"([\d.]+) 0 0 \1 [-\d.]+ [-\d.]+ cm\s+((?:\d+ \d+ \d+ \d+ re\s+)+)f\b")
_RECTANGLE = re.compile(rb"(\d+) (\d+) (\d+) (\d+) re")


def photo(pdf: bytes) -> bytes:
    """A picture (PNG) of the first QR code printed in the document. Raises Unexpected when there is none."""
    for content in _contents(pdf):
        found = _CODE.search(content)
        if found:
            return _picture([tuple(map(int, rectangle.groups())) for rectangle in _RECTANGLE.finditer(found[2])])
    raise Unexpected("the paper shows no QR code")


def _contents(pdf: bytes) -> list[bytes]:
    """What is drawn, page by page."""
    found = []
    for stream in _STREAM.finditer(pdf):
        packed = pdf[stream.end() : stream.end() + int(stream[1])]
        try:
            found.append(zlib.decompress(packed))
        except zlib.error:
            continue  # a photo, a font
    return found


def _picture(rectangles: list[tuple[int, ...]]) -> bytes:
    side = max(left + wide for left, _low, wide, _high in rectangles)
    size = (side + 2 * QUIET) * PIXELS
    image = Image.new("L", (size, size), 255)
    draw = ImageDraw.Draw(image)
    for left, low, wide, high in rectangles:
        x, y = (QUIET + left) * PIXELS, (QUIET + side - low - high) * PIXELS
        draw.rectangle((x, y, x + wide * PIXELS - 1, y + high * PIXELS - 1), fill=0)
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()
