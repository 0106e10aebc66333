"""A browser on a bad network: what is not answered is sent again, the same request with the same token, until it is."""

from __future__ import annotations

import time

import httpx

from portal.demo.scenario.browser import Browser

PATIENCE = 120.0  # seconds
AGAIN_AFTER = 0.05
AWAY = (502, 503, 504)  # answers that say: try again


class Patient(httpx.BaseTransport):
    """Sends each request until it is answered. `unanswered` counts the sendings that were not."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()
        self.unanswered = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()  # so that it can be sent as often as it takes
        until = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self._inner.handle_request(request)
                answer.read()
                if answer.status_code not in AWAY:
                    return answer
            except httpx.TransportError:
                self._inner.close()
                self._inner = httpx.HTTPTransport()
                if time.monotonic() > until:
                    raise
            self.unanswered += 1
            time.sleep(AGAIN_AFTER)

    def close(self) -> None:
        self._inner.close()


class PatientBrowser(Browser):
    """A person whose phone tries again by itself."""

    def __init__(self, base_url: str) -> None:
        self.transport = Patient()
        self._client = httpx.Client(
            base_url=base_url, follow_redirects=True, timeout=30, transport=self.transport, headers={"Accept-Language": "en"}
        )
