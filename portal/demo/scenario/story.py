"""Who acts in the demo, and what they have in hand."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from portal.demo import pictures
from portal.demo.people import PASSWORD, STAFF
from portal.demo.scenario import printed
from portal.demo.scenario.browser import Browser, File, Page
from portal.demo.scenario.system import System
from portal.demo.scenario.telling import Kept, Unexpected
from portal.kernel.policy import Role
from portal.passes import fonts

COMPANY = "星海数联（北京）信息技术有限公司"
CLIENT_ADMIN = ("client@xinghai.example", "赵一鸣")
HOLDERS = ("王珺", "刘洋", "张䶮")  # the last name is one that few fonts have
MOVER = "周师傅"


class Story:
    """What the steps share: the portal, a browser for each person, and what was made so far."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.kept = Kept()
        self._browsers: dict[str, Browser] = {}

    def staff(self, role: Role, which: int = 0) -> Browser:
        """The browser of one of the staff, signed in."""
        return self._signed_in([address for address, _name, its_role in STAFF if its_role is role][which])

    def client(self) -> Browser:
        """The browser of the client's administrator, signed in."""
        return self._signed_in(CLIENT_ADMIN[0])

    def stranger(self) -> Browser:
        """A browser in which nobody has signed in yet."""
        self.needs("running portal")
        return Browser(self.system.settings.base_url)

    def stays(self, browser: Browser) -> None:
        """The client's administrator goes on in this browser."""
        self._browsers[CLIENT_ADMIN[0]] = browser

    def needs(self, what: str) -> None:
        """Ends a step that rests on an earlier one which failed. Raises NotMade."""
        self.kept[what]

    def later(self, moment: datetime) -> None:
        """Moves the clock on. Whoever left a browser open signs in again."""
        self.system.set_clock(moment)
        self.close()

    def close(self) -> None:
        for browser in self._browsers.values():
            browser.close()
        self._browsers.clear()

    def printed(self, browser: Browser, path: str, name: str) -> bytes:
        """A paper as it is printed; it stays in the demo's folder."""
        content = browser.document(path)
        (self.system.folder / f"{name}.pdf").write_bytes(content)
        return content

    def _signed_in(self, address: str) -> Browser:
        if address not in self._browsers:
            browser = self._browsers[address] = self.stranger()
            page = browser.get("/sign-in")
            page = browser.submit(page, page.form("password"), {"email": address, "password": PASSWORD}).done()
            if page.path.startswith("/sign-in"):
                raise Unexpected(f"{address} could not sign in: {page.said}")
        return self._browsers[address]


def scanned(browser: Browser, pdf: bytes) -> Page:
    """The gate's verdict on a printed paper, whose code is photographed."""
    gate = browser.get("/gate/")
    return browser.submit(gate, gate.form("photo"), files={"photo": ("code.png", printed.photo(pdf))})


def photo(number: int) -> File:
    return "photo.jpg", pictures.portrait(number)


@lru_cache
def identity_copy(name: str, document: str) -> File:
    lines = ["居民身份证（复印件）", f"姓名：{name}", f"公民身份号码：{document}", "（演示数据）"]
    return "identity-copy.jpg", pictures.paper(lines, fonts.prepared().regular, seal=False)


@lru_cache
def letter(subject: str, name: str) -> File:
    """The company's stamped letter for someone who comes about something."""
    lines = ["介 绍 信", "睿柏数据中心：", f"    兹介绍我单位 {name} 前来办理{subject}，", "    请予接洽。", "", f"    {COMPANY}"]
    return "letter.jpg", pictures.paper(lines, fonts.prepared().regular, seal=True)
