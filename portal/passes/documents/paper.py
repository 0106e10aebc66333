"""What every A4 document stands on: the page, and what the paper is issued with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from reportlab.lib.pagesizes import A4, landscape

from portal.passes.documents.style import MM, Bilingual

MARGIN = 16 * MM


@dataclass(frozen=True, slots=True)
class Page:
    """A4, upright or on its side."""

    width: float
    height: float

    @property
    def inner(self) -> float:
        return self.width - 2 * MARGIN

    @property
    def right(self) -> float:
        return self.width - MARGIN

    @property
    def body_top(self) -> float:
        """Where the facts begin on the first page."""
        return self.height - 52 * MM

    @property
    def later_top(self) -> float:
        """Where the table begins on the second and later pages."""
        return self.height - 28 * MM


PORTRAIT, LANDSCAPE = Page(*A4), Page(*landscape(A4))


@dataclass(frozen=True, slots=True)
class Paper:
    """What every A4 document carries. `short_code` is without hyphens, `issued_at` aware, `zone` the site's.

    `qr_text` empty: a paper that opens nothing at the gate, and so carries no code.
    """

    site: Bilingual
    number: str
    qr_text: str
    short_code: str
    issued_by: str
    issued_at: datetime
    zone: ZoneInfo
