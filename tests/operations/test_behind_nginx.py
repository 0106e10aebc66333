"""nginx from Debian before the real server, as deploy/nginx.conf has it: TLS, the visitor's address and scheme, uploads, static files.

Both stand on loopback ports of the test's own. What both wrote into their logs meanwhile is read for what must not be in it.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from config import Keys, Settings
from portal import set_up
from portal.demo.numbers import identity_number
from portal.kernel import db, ids
from portal.kernel.db import isolated, transaction
from tests import cast as casting
from tests.cast import PASSWORD, Cast
from tests.conftest import FONT_CACHE
from tests.databases import fresh_database
from tests.files.test_contents import PDF_FILE
from tests.mail_server import free_port

ROOT = Path(__file__).parents[2]
HOST = "portal.example.com"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


@dataclass
class Site:
    """The portal behind nginx. `tls` and `plain` are nginx's ports, `inner` the portal's own."""

    tls: int
    plain: int
    inner: int
    certificate: Path
    logs: list[Path]
    contract: str

    def visitor(self, address: str = "127.0.0.1") -> httpx.Client:
        """A browser at an address of this machine; it knows the test's certificate and nothing else."""
        transport = httpx.HTTPTransport(local_address=address, verify=ssl.create_default_context(cafile=str(self.certificate)))
        return httpx.Client(base_url=f"https://{HOST}:{self.tls}", transport=_ByName(transport), timeout=20)


class _ByName(httpx.BaseTransport):
    """Reaches the name on loopback, and asks for its certificate."""

    def __init__(self, inner: httpx.HTTPTransport) -> None:
        self.inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = [(name, value) for name, value in request.headers.raw if name.lower() != b"host"] + [(b"Host", HOST.encode())]
        there = request.url.copy_with(host="127.0.0.1")
        extensions = {**request.extensions, "sni_hostname": HOST}
        return self.inner.handle_request(
            httpx.Request(request.method, there, headers=headers, stream=request.stream, extensions=extensions)
        )

    def close(self) -> None:
        self.inner.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, font_cache: Path) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("nginx")
    inner, tls, plain = free_port(), free_port(), free_port()
    keys = folder / "keys.json"
    keys.write_text(Keys.new("production").to_json())
    keys.chmod(0o600)
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database("sqlite", folder))
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")},
            "PORTAL_ENV": "production", "PORTAL_DATABASE_URL": url, "PORTAL_BASE_URL": f"https://{HOST}", "PORT": str(inner),
            "PORTAL_SMTP_URL": f"smtp://127.0.0.1:{free_port()}", "PORTAL_KEYS_FILE": str(keys), "VAR_DIR": str(folder / "var"),
            "PORTAL_FONT_CACHE": str(FONT_CACHE), "PORTAL_TRUSTED_PROXIES": "1",
            "PORTAL_SECOND_FACTOR_REQUIRED": "no",  # who signs in here has none
        }  # fmt: skip
        cast = _fill(url, folder, keys)
        certificate = _certificate(folder)
        portal_log, nginx_log = folder / "portal.log", folder / "nginx-error.log"
        server = [
            sys.executable, "-m", "portal.serving", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(inner), "--workers", "2",
            "--blocking-threads", "4", "--no-access-log", "--log-level", "warning", "--workers-kill-timeout", "3", "portal.wsgi:app",
        ]  # fmt: skip
        stack.enter_context(_running(server, env, portal_log))
        stack.enter_context(
            _running([NGINX, "-p", str(folder), "-c", str(_configured(folder, inner, tls, plain)), "-g", "daemon off;"], env, nginx_log)
        )
        for port in (inner, tls):
            _wait_for(port)
        contract = ids.to_text(cast.contracts["alpha"].id)
        yield Site(tls, plain, inner, certificate, [portal_log, nginx_log, folder / "access.log"], contract)


def _fill(url: str, folder: Path, keys: Path) -> Cast:
    before = db._engine
    settings = Settings(
        environment="test", var_dir=folder / "var", port=8000, database_url=url, keys=Keys.from_json(keys.read_text(), "keys"),
        base_url=f"https://{HOST}", font_cache=FONT_CACHE,
    )  # fmt: skip
    set_up(settings)
    with isolated(), transaction():
        cast = casting.build(datetime.now(UTC))
    db.engine().dispose()
    db._engine = before
    return cast


def _configured(folder: Path, inner: int, tls: int, plain: int) -> Path:
    """The file of deploy/, with the test's ports and certificate, in the frame that Debian's nginx.conf gives it."""
    site = (ROOT / "deploy" / "nginx.conf").read_text()
    for there, here in (
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{inner};"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{tls} ssl http2;"),
        ("    listen [::]:80;\n", ""),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("/etc/rackpass/tls/fullchain.pem", str(folder / "certificate.pem")),
        ("/etc/rackpass/tls/privkey.pem", str(folder / "key.pem")),
    ):
        assert there in site, there
        site = site.replace(there, here)
    frame = folder / "nginx.conf"
    frame.write_text(
        f"worker_processes 1; pid {folder}/nginx.pid; error_log stderr warn; {'user root;' if os.geteuid() == 0 else ''}\n"
        "events { worker_connections 256; }\n"
        f"http {{ include /etc/nginx/mime.types; access_log {folder}/access.log;\n"
        + "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        + f"{site}\n}}\n"
    )
    return frame


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private)
    return folder / "certificate.pem"


class _running:  # noqa: N801  (reads as a context)
    """A process with its output in a file, ended at the end."""

    def __init__(self, command: list[str], env: dict[str, str], log: Path) -> None:
        self.command, self.env, self.log = command, env, log

    def __enter__(self) -> None:
        with self.log.open("w") as out:
            self.process = subprocess.Popen(self.command, env=self.env, stdout=out, stderr=out, cwd=ROOT)

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")


def form_token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None
    return found[1]


def sign_in(client: httpx.Client, email: str, password: str = PASSWORD) -> httpx.Response:
    token = form_token(client.get("/sign-in").text)
    data = {"csrf_token": token, "email": email, "password": password}
    return client.post("/sign-in", data=data, headers={"Referer": f"https://{HOST}/sign-in"})


def test_plain_http_is_sent_to_https(site: Site) -> None:
    answer = httpx.get(f"http://127.0.0.1:{site.plain}/badges?x=1", headers={"Host": HOST}, follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (301, f"https://{HOST}/badges?x=1")


def test_the_portal_sees_the_visitor_and_https(site: Site) -> None:
    """The address in the session's row, a secure cookie, addresses of its own with https; what a visitor claims is thrown away."""
    with site.visitor("127.0.0.7") as client:
        client.headers["X-Forwarded-For"] = "203.0.113.9"
        client.headers["X-Forwarded-Proto"] = "http"
        client.headers["X-Forwarded-Host"] = "evil.example"
        client.headers["Forwarded"] = "for=203.0.113.9"
        client.headers["X-Request-Id"] = "chosen-by-the-visitor"
        answer = sign_in(client, "guard@rackpass.example")
        assert answer.status_code == 302
        assert "evil.example" not in answer.headers["Location"]
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-rackpass=")
        assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite", "Path=/"))
        page = client.get("/")
        assert page.status_code == 200
        assert page.headers["Strict-Transport-Security"]
        assert re.fullmatch(r"[0-9a-f]{32}", page.headers["X-Request-Id"])
        assert page.headers["Server"] == "nginx"
        sessions = client.get("/sessions").text
        assert "127.0.0.7" in sessions
        assert "203.0.113.9" not in sessions


def test_uploads_pass_up_to_the_limit_and_no_further(site: Site) -> None:
    with site.visitor() as client:
        assert sign_in(client, "sales@rackpass.example").status_code == 302
        address = f"/contracts/{site.contract}/documents/add"

        def upload(size: int) -> httpx.Response:
            content = PDF_FILE.replace(b"trailer", b"%" + b"x" * size + b"\ntrailer")
            data = {"csrf_token": form_token(client.get(address).text), "title": "Contract"}
            files = {"document": ("contract.pdf", io.BytesIO(content), "application/pdf")}
            return client.post(address, data=data, files=files, headers={"Referer": f"https://{HOST}{address}"})

        assert upload(9 << 20).status_code == 302
        assert upload(12 << 20).status_code == 422, "the portal says which file is too large"
        assert upload(61 << 20).status_code == 413


def test_static_files_are_kept_by_the_browser_and_packed(site: Site) -> None:
    with site.visitor() as client:
        answer = client.get("/static/app.js", headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200
        assert "max-age=86400" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "Set-Cookie" not in answer.headers
        again = client.get("/static/app.js", headers={"If-None-Match": answer.headers["ETag"], "Accept-Encoding": "gzip"})
        assert again.status_code == 304


def test_machines_ask_the_portal_itself(site: Site) -> None:
    with site.visitor() as client:
        assert [client.get(path).status_code for path in ("/health", "/ready", "/metrics")] == [200, 404, 404]
    inner = f"http://127.0.0.1:{site.inner}"
    assert httpx.get(f"{inner}/ready").json() == {"database": "ok", "storage": "ok"}
    assert httpx.get(f"{inner}/metrics", headers={"X-Forwarded-For": "198.51.100.1"}).status_code == 403


def test_the_figures_are_those_of_all_processes(site: Site) -> None:
    inner = httpx.Client(base_url=f"http://127.0.0.1:{site.inner}")

    def counted() -> float:
        answer = inner.get("/metrics").text
        found = re.search(r'rackpass_requests_total\{endpoint="accounts.sign_in",method="GET",status="200"\} (\S+)', answer)
        return float(found[1]) if found else 0.0

    before = counted()
    for _ in range(12):
        inner.get("/sign-in", headers={"Connection": "close"})
    assert {counted() - before for _ in range(6)} == {12.0}
    inner.close()


def test_guessing_is_slowed_down_at_the_door(site: Site) -> None:
    with site.visitor("127.0.0.8") as client:
        statuses = [client.get("/sign-in").status_code for _ in range(60)]
    assert statuses[0] == 200
    assert 429 in statuses


def test_the_logs_tell_nothing_that_they_must_not(site: Site) -> None:
    """After all of the above, an invitation's link, an identity number and a wrong password."""
    secrets = [PASSWORD, "wrong-horse", "S3cretTokenS3cretTokenS3cretTokenS3cretToken", identity_number(81), "@rackpass.example"]
    with site.visitor() as client:
        sign_in(client, "guard@rackpass.example", "wrong-horse")
        client.get(f"/invitation/{secrets[2]}")
        assert sign_in(client, "service@rackpass.example").status_code == 302
        client.get("/search", params={"q": identity_number(81)})
        secrets.append(client.cookies["__Host-rackpass"])
        lost = client.get("/nothing/here")
    told = "".join(path.read_text() for path in site.logs if path.exists())
    assert f'"request_id": "{lost.headers["X-Request-Id"]}"' in told
    assert lost.headers["X-Request-Id"] in lost.text
    assert told.count('"event": "request"') > 50
    assert not [secret for secret in secrets if secret in told]
