"""What a guard's phone does without a network, for the tests of it: cut it, scan, look into its store."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from portal.badges.models import Badge
from portal.passes.queries import live_pass, qr_text

STORE = """async () => {
  const db = await openGateStore();
  const all = (name) => new Promise((done) => {
    const asked = db.transaction(name).objectStore(name).getAll();
    asked.onsuccess = () => done(asked.result);
  });
  const text = async (value) => {
    if (value instanceof ArrayBuffer) return new TextDecoder("latin1").decode(value);
    if (ArrayBuffer.isView(value)) return new TextDecoder("latin1").decode(value);
    if (!value || typeof value !== "object" || value instanceof CryptoKey) return String(value);
    return (await Promise.all(Object.values(value).map(text))).join(" ");
  };
  const found = {};
  for (const name of db.objectStoreNames) { const rows = await all(name); found[name] = { count: rows.length, text: await text(rows) }; }
  const keys = await all("keys");
  found.extractable = keys.some((key) => key.extractable);
  db.close();
  return found;
}"""


def ready(page: Page) -> None:
    """Until the phone can go on without a network: the worker stands, the copy is there."""
    expect(page.locator("[data-net-line]")).to_contain_text("断网也可继续")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    until(page, "navigator.serviceWorker.controller !== null")
    until(page, "caches.match('/gate/offline/app').then((held) => held !== undefined)")


def until(page: Page, holds: str) -> None:
    """Waits for an expression to hold. Asked from outside, since the page's own policy forbids `eval`, which `wait_for_function` uses."""
    for _ in range(200):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"this did not come to hold: {holds}")


def cut(page: Page) -> None:
    """The network is gone, and the page is opened anew."""
    page.context.set_offline(True)
    page.goto(page.url)
    expect(page.locator("[data-net-line]")).to_contain_text("无网络")


def back(page: Page) -> None:
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("[data-net-back]")).to_be_visible()


def scan(page: Page, code: str) -> None:
    page.get_by_label("扫码，或输入短码").fill(code)
    page.keyboard.press("Enter")


def press(page: Page, name: str) -> None:
    page.locator(".gate-foot").get_by_role("button", name=name, exact=True).click()


def store(page: Page) -> Any:
    return page.evaluate(STORE)


def token_of(badge: Badge) -> str:
    held = live_pass(badge.id)
    assert held is not None
    return qr_text(held, "http://localhost")
