"""A real browser for the tests of this folder: Debian's Chromium, driven by Playwright.

Without a Chromium they are skipped with a line that says how to get one, and fail in CI.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.site import Site, populated, running

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW_TO_GET = "no Chromium: apt-get install chromium, or give its path in PORTAL_TEST_CHROMIUM"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # Nothing that leaves this machine: the browser would try, and wait.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class OpenPage(Protocol):
    """Opens a page in a window of its own, signed in nowhere; `width` 390 is the phone, 1440 the desk."""

    def __call__(self, *, width: int = 1440, locale: str = "zh-CN", dark: bool = False, javascript: bool = True) -> Page: ...


def find_chromium() -> str | None:
    """The path of the Chromium to test with, or None."""
    return os.environ.get("PORTAL_TEST_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")  # not longer: while it is open an event loop runs in this thread, which other tests may mind
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(HOW_TO_GET)
        pytest.skip(HOW_TO_GET)
    expect.set_options(timeout=15_000)  # a busy machine takes its time
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens pages; at the end of the test none of them may have met an error, a breach of the CSP among them."""
    contexts = []
    errors: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # A refusal is a page like any other, but the browser notes its status as an error.
        # So it does for what it asks for while a test has cut the network.
        known = ("the server responded with a status of 4", "net::ERR_INTERNET_DISCONNECTED")
        if message.type == "error" and not any(text in message.text for text in known):
            errors.append(message.text)

    def open_page(*, width: int = 1440, locale: str = "zh-CN", dark: bool = False, javascript: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 844 if width < 600 else 900},
            has_touch=width < 600,
            locale=locale,
            timezone_id="Asia/Shanghai",
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors, "\n".join(errors)


@pytest.fixture(scope="module")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory, font_cache: Path) -> Iterator[tuple[Flask, str, Path]]:
    with running(tmp_path_factory.mktemp("site"), font_cache) as started:
        yield started


@pytest.fixture
def site(server: tuple[Flask, str, Path]) -> Iterator[Site]:
    """A running portal with the cast and nothing else, at the cast's time."""
    with populated(*server) as found:
        yield found
