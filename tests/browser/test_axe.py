"""Everyone can use the pages: axe finds nothing serious on a page of each kind, in both themes."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from portal.badges.models import Badge
from portal.kernel import ids
from portal.kernel.db import transaction
from portal.passes.queries import live_pass
from tests.badges import making as badges
from tests.browser.conftest import OpenPage
from tests.browser.site import DESK, PHONE, Site
from tests.exits import making as exits

SERIOUS = {"serious", "critical"}


def faults(page: Page) -> list[str]:
    """What axe calls serious or critical: the rule, and where."""
    found = Axe().run(page).response["violations"]
    return [f"{fault['id']}: {node['target']}" for fault in found if fault["impact"] in SERIOUS for node in fault["nodes"]]


@pytest.fixture
def badge(site: Site) -> Badge:
    """There is something of everything: a badge, servers, an exit to be checked, a slip."""
    with transaction():
        racked = exits.servers(site.cast, 4)
        exits.applied(site.cast, racked[:2])
        exits.issued(site.cast, racked[2:])
        badges.applied(site.cast, "liu")
        return badges.issued(site.cast)


@pytest.mark.parametrize(("width", "dark"), [(DESK, False), (PHONE, True)], ids=["desk-light", "phone-dark"])
def test_nothing_serious(site: Site, badge: Badge, open_page: OpenPage, width: int, dark: bool) -> None:
    with transaction():
        record, found = ids.to_text(badge.id), live_pass(badge.id)
        assert found is not None
        code = found.short_code
    visited: dict[str, list[str]] = {}

    def look(page: Page, *paths: str) -> None:
        for path in paths:
            page.goto(site.url + path)
            visited[path] = faults(page)

    stranger = open_page(width=width, dark=dark)
    look(stranger, "/sign-in")
    client = open_page(width=width, dark=dark)
    site.sign_in(client, "admin")
    look(client, "/", "/badges/", f"/badges/{record}", "/exits/apply", f"/badges/{record}/cancel", "/no-such-page")
    service = open_page(width=width, dark=dark)
    site.sign_in(service, "service")
    look(service, "/", "/exits/", "/gate/log", "/notices", "/search?q=王")
    service.goto(f"{site.url}/exits/?state=under_review")
    service.locator("td.primary a").first.click()
    visited["an exit to be checked"] = faults(service)
    guard = open_page(width=width, dark=dark)
    site.sign_in(guard, "guard")
    look(guard, "/gate/", f"/gate/check?code={code}", "/gate/check?code=nothing")

    assert not {path: wrong for path, wrong in visited.items() if wrong}
