"""Pages that say the same to every stranger, kept ready: rendered once for each language and theme, sent with the reader's own tokens."""

from __future__ import annotations

from flask import Response, current_app, request, session
from flask_wtf.csrf import generate_csrf

from portal.kernel import crypto
from portal.kernel.forms import Form
from portal.kernel.web import app_response, chosen_locale, page

CSRF, ONCE = "‹csrf›", "‹once›"


def ready_page(template: str, form_class: type[Form]) -> Response:
    """The page of an empty form for who is not signed in. What is particular (a query, something to be told) is rendered anew."""
    if request.args or session.get("_flashes"):
        return page(template, form_class())
    kept: dict[tuple[str, str, str], str] = current_app.extensions.setdefault("ready_pages", {})
    key = template, chosen_locale(), str(session.get("theme", "auto"))
    body = kept.get(key)
    if body is None:
        form = form_class()
        body = page(template, form).get_data(as_text=True).replace(str(form.once.data), ONCE).replace(generate_csrf(), CSRF)
        kept[key] = body
    return app_response(body.replace(ONCE, crypto.new_token()).replace(CSRF, generate_csrf()))
