"""Setting the second factor up and signing in with it, on a phone: the app is shown the picture of the page."""

from __future__ import annotations

import base64
import io

import pyotp
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from portal.kernel import clock
from tests.browser.conftest import OpenPage
from tests.browser.site import PHONE, Site
from tests.browser.test_ways import press
from tests.cast import PASSWORD


def test_from_the_profile_to_the_next_sign_in(site: Site, open_page: OpenPage) -> None:
    page = open_page(width=PHONE)
    site.sign_in(page, "guard", "/profile/second-factor")
    press(page, "设置")
    picture = page.get_by_alt_text("二维码").screenshot()
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    app = pyotp.parse_uri(code.text)
    assert isinstance(app, pyotp.TOTP)
    assert base64.b32decode(app.secret)
    recovery = page.locator(".recovery-codes li").all_inner_texts()
    page.get_by_label("验证码").fill(app.at(int(clock.now().timestamp())))
    page.get_by_role("button", name="启用").click()
    expect(page.get_by_text("第二因素已设置")).to_be_visible()
    page.context.clear_cookies()
    page.goto(f"{site.url}/gate/")
    page.get_by_label("邮箱").fill(site.email("guard"))
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_label("验证码").fill("000000")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_text("验证码不正确或已使用过").first).to_be_visible()
    page.get_by_label("验证码").fill(recovery[0])
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page).to_have_url(f"{site.url}/gate/")
