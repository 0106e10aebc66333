"""Every page that needs no record, as each kind of reader opens it, with each of its filters used alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from flask import Flask
from flask.testing import FlaskClient

READERS = ("admin", "service", "sales", "room_staff", "guard", "supervisor", "administrator", "auditor")
LEFT_OUT = frozenset({"static", "bootstrap.static"})
_FORM = re.compile(r'<form[^>]*method="get"[^>]*>.*?</form>', re.DOTALL)
_FIELD = re.compile(r'<input[^>]*type="(text|search|date)"[^>]*name="([^"]+)"|<input[^>]*name="([^"]+)"[^>]*type="(text|search|date)"')
_SELECT = re.compile(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', re.DOTALL)
_OPTION = re.compile(r'<option[^>]*value="([^"]+)"')
SAID = {"text": "L00", "search": "L00", "date": "2026-06-01"}


def addresses(app: Flask) -> list[tuple[str, str]]:
    """Endpoint and address of every page without arguments that is read."""
    found = {}
    for rule in app.url_map.iter_rules():
        open_to_all = getattr(app.view_functions[rule.endpoint], "__machines__", False)
        if "GET" in (rule.methods or ()) and not rule.arguments and rule.endpoint not in LEFT_OUT and not open_to_all:
            found[rule.endpoint] = rule.rule
    return sorted(found.items())


def variants(html: str, path: str) -> Iterator[tuple[str, str]]:
    """The page with each filter of its lists used alone: the filter's name, and the address."""
    for form in _FORM.findall(html):
        for kind, name, name_, kind_ in _FIELD.findall(form):
            yield name or name_, f"{path}?{name or name_}={SAID[kind or kind_]}"
        for name, options in _SELECT.findall(form):
            values = [unescape(value) for value in _OPTION.findall(options)]
            for value in values:
                yield f"{name}={value}", f"{path}?{name}={value}"


def opened(browser: FlaskClient, path: str) -> tuple[int, str]:
    """Status and text; no text of what is no page."""
    with browser.get(path) as answer:
        return answer.status_code, answer.text if answer.mimetype == "text/html" else ""
