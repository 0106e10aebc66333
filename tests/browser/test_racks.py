"""The rack's elevation in a real browser: both faces where there is room, one by choice where not, each machine a link."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from portal.kernel import ids
from portal.kernel.db import transaction
from tests.browser.conftest import OpenPage
from tests.browser.site import DESK, PHONE, Site
from tests.equipment.making import racked


@pytest.fixture
def path(site: Site) -> str:
    """A rack with a server of the client's, one of another's, and a half-deep one seen from the rear alone."""
    with transaction():
        site.cast.models["r650"].full_depth = False
        racked(site.cast, "ALPHA-1", unit=20, model="r750")
        racked(site.cast, "BETA-1", unit=10, model="r750", contract="beta")
        racked(site.cast, "REAR-1", unit=30, face="rear")
        return f"/facility/racks/{ids.to_text(site.cast.racks['B2-01'].id)}"


def test_on_a_desk_both_faces_stand_beside_each_other(site: Site, open_page: OpenPage, path: str) -> None:
    page = open_page(width=DESK)
    site.sign_in(page, "admin", path)
    front, rear = page.locator("figure.face.front"), page.locator("figure.face.rear")
    expect(front.locator("svg")).to_be_visible()
    expect(rear.locator("svg")).to_be_visible()
    boxes = front.bounding_box(), rear.bounding_box()
    assert boxes[0]
    assert boxes[1]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    expect(front.get_by_role("link", name="ALPHA-1")).to_be_visible()
    expect(rear.get_by_role("link", name="REAR-1")).to_be_visible()
    expect(front.get_by_role("link", name="REAR-1")).to_have_count(0)
    expect(page.locator("main")).not_to_contain_text("BETA-1")
    front.get_by_role("link", name="ALPHA-1").click()
    expect(page.locator("h1")).to_contain_text("ALPHA-1")
    page.get_by_role("link", name="B2-01 / 20–21U").first.click()
    expect(page.locator("figure.face.front .marked")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["with-script", "without"])
def test_on_a_phone_one_face_is_chosen(site: Site, open_page: OpenPage, path: str, javascript: bool) -> None:
    page = open_page(width=PHONE, javascript=javascript)
    site.sign_in(page, "admin", path)
    front, rear = page.locator("figure.face.front"), page.locator("figure.face.rear")
    expect(front).to_be_visible()
    expect(rear).to_be_hidden()
    page.get_by_text("背面", exact=True).first.click()
    expect(front).to_be_hidden()
    expect(rear.get_by_role("link", name="REAR-1")).to_be_visible()
    text = rear.locator("text.e-label").first.bounding_box()
    assert text
    assert text["height"] >= 11, "too small to read"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE


@pytest.mark.parametrize(("width", "dark"), [(DESK, False), (DESK, True), (PHONE, True)], ids=["desk", "desk-dark", "phone-dark"])
def test_nobody_is_shut_out(site: Site, open_page: OpenPage, path: str, width: int, dark: bool) -> None:
    page = open_page(width=width, dark=dark)
    site.sign_in(page, "room_staff", path)
    room = f"/facility/rooms/{ids.to_text(site.cast.rooms['B2'].id)}"
    for place in (path, room, "/facility/rooms", "/facility/free-space", "/equipment/"):
        page.goto(site.url + place)
        assert not [fault["id"] for fault in Axe().run(page).response["violations"]], place
