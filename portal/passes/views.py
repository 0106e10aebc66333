"""How passes are shown: the short code in groups, and what is said of a paper that cannot be printed. Their pages are the gate's."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal.kernel.i18n import _
from portal.kernel.web import page, safe_next
from portal.passes.documents.style import DoesNotFit
from portal.passes.fonts import NoGlyph
from portal.passes.token import group_short_code

bp = Blueprint("passes", __name__)
bp.add_app_template_filter(group_short_code, "short_code")
BLUEPRINTS = [bp]


@bp.app_errorhandler(NoGlyph)
def no_glyph(error: NoGlyph) -> ResponseReturnValue:
    """A name without a shape in the fonts: said in words, nothing printed with an empty box in it."""
    characters = " ".join(sorted(error.characters))
    return _not_printable(
        _("“%(text)s” holds characters that the fonts have no shape for: %(characters)s.", text=error.text, characters=characters)
    )


@bp.app_errorhandler(DoesNotFit)
def does_not_fit(error: DoesNotFit) -> ResponseReturnValue:
    return _not_printable(_("“%(text)s” is too long for its place on the paper.", text=error.text))


def _not_printable(why: str) -> ResponseReturnValue:
    response = page("passes/not_printable.html", why=why, back=_back())
    response.status_code = 409
    return response


def _back() -> str:
    """The page that the paper was asked for on, when it was one of this portal's."""
    came_from = urlsplit(request.referrer or "")
    return safe_next(came_from.path, "") if came_from.netloc == request.host else ""
