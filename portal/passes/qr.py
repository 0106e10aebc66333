"""QR codes drawn as one vector path: sharp at any size, a few kilobytes, never a bitmap."""

from __future__ import annotations

from functools import lru_cache

from qrcode import constants
from qrcode.main import QRCode
from reportlab.pdfgen.canvas import Canvas

MM = 72 / 25.4
QUIET_MODULES = 4
LEAST_MODULE_MM = 0.33  # a phone's camera at 15 cm, and four dots of a 300 dpi card printer
# Any mask is readable: its number stands in the code. To try all eight for the prettiest takes five times as long, and
# a signature is as good as random under each.
MASK = 3


class TooDense(ValueError):
    """The text is too long for the size: the modules would be smaller than what a camera can tell apart."""


def draw(canvas: Canvas, text: str, x: float, y: float, size_mm: float) -> float:
    """Draws the code in the fill colour, its lower left corner at (x, y) points, `size_mm` wide without the quiet zone.

    Returns the width of the quiet zone in points, which the caller keeps free on all sides. Raises TooDense.
    """
    count, path = _path(text)
    if size_mm / count < LEAST_MODULE_MM:
        raise TooDense(f"{count} modules in {size_mm} mm are {size_mm / count:.2f} mm each, under {LEAST_MODULE_MM} mm")
    module = size_mm * MM / count
    canvas.saveState()
    canvas.translate(x, y)
    canvas.scale(module, module)
    canvas.addLiteral(path)
    canvas.restoreState()
    return QUIET_MODULES * module


def _matrix(text: str) -> tuple[tuple[bool, ...], ...]:
    """The modules of `text`, rows from the top, True for dark; error correction M (15 %), without quiet zone."""
    code = QRCode(error_correction=constants.ERROR_CORRECT_M, border=0, mask_pattern=MASK)
    code.add_data(text, optimize=0)
    code.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in code.get_matrix())


@lru_cache(maxsize=64)
def _path(text: str) -> tuple[int, str]:
    """How many modules wide, and PDF operators that fill them, one unit a module, runs of dark modules as one."""
    rows = _matrix(text)
    open_runs: dict[tuple[int, int], int] = {}
    rectangles: list[str] = []
    for number, row in enumerate((*rows, ())):
        runs = _runs(row)
        for run in [run for run in open_runs if run not in runs]:
            top = open_runs.pop(run)
            rectangles.append(f"{run[0]} {len(rows) - number} {run[1] - run[0]} {number - top} re")
        for run in runs:
            open_runs.setdefault(run, number)
    return len(rows), " ".join([*rectangles, "f"])


def _runs(row: tuple[bool, ...]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    start: int | None = None
    for column, dark in enumerate((*row, False)):
        if dark and start is None:
            start = column
        elif not dark and start is not None:
            runs.append((start, column))
            start = None
    return runs
