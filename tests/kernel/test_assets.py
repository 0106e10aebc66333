"""Static files keep for good under the address that names their content; the sign-in page is kept ready without keeping anyone's tokens."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape

from flask import Flask


def test_a_file_keeps_for_good_under_its_content_s_address_alone(app: Flask) -> None:
    browser = app.test_client()
    html = browser.get("/sign-in").text
    files = [unescape(found) for found in re.findall(r'(?:href|src)="(/(?:static|bootstrap)/[^"]+)"', html)]
    assert len(files) >= 8
    for address in files:
        assert re.search(r"\?v=[0-9a-f]{12}$", address), address
        with browser.get(address) as answer:
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    with browser.get(re.sub(r"v=.*", "v=0123456789ab", files[0])) as other:
        assert "no-cache" in other.headers["Cache-Control"], "under another content's address this one must not stay"
    with browser.get("/static/app.js") as plain:
        assert "immutable" not in plain.headers["Cache-Control"]


def test_the_gate_s_modules_have_one_address_each(app: Flask) -> None:
    """They import one another by bare names: a second address would be a second module."""
    with app.test_request_context():
        assert app.url_for("static", filename="gate/main.js") == "/static/gate/main.js"
        assert "?v=" in app.url_for("static", filename="gate/offline.css")


def test_the_sign_in_page_carries_each_reader_s_own_tokens(app: Flask) -> None:
    def read(locale: str) -> tuple[str, list[str], list[str]]:
        html = app.test_client().get("/sign-in", headers={"Accept-Language": locale}).text
        return html, re.findall(r'name="csrf_token" value="([^"]+)"', html), re.findall(r'name="once"[^>]* value="([^"]+)"', html)

    with ThreadPoolExecutor(1) as elsewhere:  # outside the context that the tests share, in which Flask-WTF keeps its token
        pages = list(elsewhere.map(read, ["zh-CN"] * 3))
    for _html, csrf, once in pages:
        assert len(set(csrf)) == 1
        assert len(once) == 1
    assert len({csrf[0] for _html, csrf, _once in pages}) == len({once[0] for _html, _csrf, once in pages}) == 3
    bare = {html.replace(csrf[0], "").replace(once[0], "") for html, csrf, once in pages}
    assert len(bare) == 1
    english, _csrf, _once = read("en")
    assert "With your e-mail address and password." in english
    assert "With your e-mail address and password." not in pages[0][0]
