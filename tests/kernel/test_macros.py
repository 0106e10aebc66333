"""The macros and layouts: what they show, that only one button is the next step, and that nothing in them breaks the strict CSP."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect, FlaskForm
from wtforms import (
    BooleanField,
    FileField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Optional

from portal.kernel import formats
from portal.kernel.web import ActionView

ROOT = Path(__file__).parents[2]
UI = '{% import "_macros/ui.html" as ui %}'
GATE = '{% import "_macros/gate.html" as gate %}'
ENDPOINTS = ("accounts.switch_language", "accounts.switch_theme", "accounts.sign_out", "accounts.sign_in")
ENDPOINTS += ("accounts.profile", "accounts.sessions", "desk.home", "desk.search", "desk.notices", "gate.scan")
ENDPOINTS += ("gate_offline.manifest",)
OK = SimpleNamespace(label="In order", tone="ok")

Render = Callable[..., str]


class SampleForm(FlaskForm):  # type: ignore[misc]
    once = HiddenField(default="only-once")
    name = StringField("Name", [DataRequired("Give the name.")], description="As on the document.")
    power = IntegerField("Power", [Optional()], render_kw={"unit": "W", "class": "code"})
    room = SelectField("Room", choices=[SelectChoice("b2", "B2"), SelectChoice("a1", "A1")], validators=[InputRequired()])
    kind = RadioField("Kind", choices=[SelectChoice("a", "Work"), SelectChoice("b", "Tour")], validators=[InputRequired("Choose a kind.")])
    note = TextAreaField("Note")
    read = BooleanField("I have read the rules", [InputRequired("Confirm this.")])
    photo = FileField("Photo")


@pytest.fixture(scope="module")
def flask_app() -> Flask:
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "portal/static"))
    app.config.update(SECRET_KEY="a key for tests alone", BOOTSTRAP_SERVE_LOCAL=True)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for endpoint in ENDPOINTS:
        app.add_url_rule(f"/{endpoint}", endpoint, lambda: "", methods=["GET", "POST"])
    Babel(app, locale_selector=lambda: "en")
    Bootstrap5(app)
    CSRFProtect(app)
    formats.register(app)
    return app


@pytest.fixture
def render(flask_app: Flask) -> Render:
    def made(source: str, /, **context: Any) -> str:
        with flask_app.test_request_context("/somewhere?page=2"):
            return render_template_string(source, **context)

    return made


@pytest.fixture
def bad_form(flask_app: Flask) -> FlaskForm:
    with flask_app.test_request_context(method="POST", data={"power": "many"}):
        form = SampleForm()
        form.validate()
        form.form_errors.append("The company holds two badges already.")
        form.photo.kept = SimpleNamespace(id="k1", filename="face.jpg", is_image=True, url="/face.jpg")
        return form


def actions(*primary: bool, **more: Any) -> list[ActionView]:
    return [ActionView(f"Action {number}", f"/{number}", primary=is_, **more) for number, is_ in enumerate(primary)]


def test_only_one_button_is_the_next_step(render: Render) -> None:
    html = render(UI + "{{ ui.action_bar(actions) }}", actions=actions(False, True, True, False))

    assert html.count("btn-primary") == 1
    assert all(f"Action {number}" in html for number in range(4))
    assert html.index("Action 1") > html.index("Action 3"), "the next step stands last"


def test_many_actions_fold_into_a_menu_that_needs_no_script(render: Render) -> None:
    html = render(UI + "{{ ui.action_bar(actions) }}", actions=actions(True, *[False] * 5))

    assert "<details" in html
    assert html.index("</details>") > html.index("Action 5")


def test_what_cannot_be_done_says_why_and_is_no_link(render: Render) -> None:
    html = render(UI + "{{ ui.action_bar(actions) }}", actions=actions(True, enabled=False, why_not="Correct line 4."))

    assert '<p class="why-not">Correct line 4.</p>' in html
    assert "href" not in html


def test_an_action_that_changes_something_is_posted_with_a_token(render: Render) -> None:
    html = render(UI + "{{ ui.action_bar(actions) }}", actions=actions(True, method="post"))

    assert '<form method="post" action="/0">' in html
    assert 'name="csrf_token"' in html


def test_a_form_carries_its_hidden_fields_and_every_visible_one(render: Render, flask_app: Flask) -> None:
    with flask_app.test_request_context():
        html = render_template_string(UI + "{{ ui.form(form, '/send', 'Send', '/back', true) }}", form=SampleForm())

    for piece in ('value="only-once"', 'name="csrf_token"', 'enctype="multipart/form-data"', 'href="/back"', ">Send<"):
        assert piece in html
    for name in ("name", "power", "room", "kind", "note", "read", "photo"):
        assert f'name="{name}"' in html
    assert html.count("optional</span>") == 3, "what may be left out says so"
    assert "unit=" not in html
    assert '<span class="input-group-text">W</span>' in html
    assert 'class="form-control code"' in html
    assert 'aria-describedby="name-help"' in html


def test_every_error_stands_at_the_top_and_beside_its_field(render: Render, bad_form: FlaskForm) -> None:
    html = render(UI + "{{ ui.form(form) }}", form=bad_form)

    summary = html[html.index('role="alert"') : html.index("</ul>")]
    assert '<a href="#name">Name</a>: Give the name.' in summary
    assert '<a href="#kind">Kind</a>: Choose a kind.' in summary
    assert "The company holds two badges already." in summary
    assert 'aria-describedby="name-help name-error"' in html
    assert re.search(r'id="name-error">.*?Give the name\.', html, re.DOTALL)
    assert html.count('aria-invalid="true"') == 4
    targets = re.findall(r'<a href="#([\w-]+)">', summary)
    assert all(f'id="{target}"' in html for target in targets)


def test_a_kept_file_is_shown_and_sent_again(render: Render, bad_form: FlaskForm) -> None:
    html = render(UI + "{{ ui.field(form.photo) }}", form=bad_form)

    assert '<img src="/face.jpg" alt="face.jpg">' in html
    assert '<input type="hidden" name="photo_kept" value="k1">' in html


def test_what_people_typed_is_never_markup(render: Render) -> None:
    evil = "<script>alert(1)</script>"
    entry = SimpleNamespace(at=datetime(2026, 1, 1, tzinfo=UTC), text=evil, who=evil, reason=evil, url="", details=[(evil, evil, evil)])
    html = render(
        UI + GATE + "{{ ui.page_head(x, x, none, [(x, none)], x) }}{{ ui.facts([(x, x)]) }}{{ ui.callout('stop', x, x) }}"
        "{{ ui.timeline([e]) }}"
        "{{ ui.empty(x, x, x, '#') }}{{ ui.copyable(x) }}{{ ui.masked(x, '/r') }}{{ ui.figures([(x, x, x, '#', 'ok')]) }}"
        "{{ gate.verdict('ok', x, x, x) }}{{ gate.checks([('n', x, x, x, true)]) }}",
        x=evil,
        e=entry,
    )  # fmt: skip

    assert "<script" not in html


def test_a_state_is_a_sign_and_a_word(render: Render) -> None:
    assert render(UI + "{{ ui.state(s) }}", s=OK).strip() == '<span class="state ok">In order</span>'


def test_facts_show_a_dash_for_what_is_not_known_and_nought_for_nought(render: Render) -> None:
    html = render(UI + "{{ ui.facts([('Note', none), ('Held', 0)]) }}")

    assert "<dd></dd>" in html
    assert "<dd>0</dd>" in html


def test_a_reveal_is_a_post(render: Render) -> None:
    assert 'method="post" action="/reveal"' in render(UI + "{{ ui.masked('1101•••216', '/reveal') }}")
    assert "<form" not in render(UI + "{{ ui.masked('1101•••216') }}")


READER: dict[str, Any] = {
    "actor": SimpleNamespace(name="Min Zhou", role_label="Customer service"),
    "locale": "zh_CN",
    "theme": "dark",
    "site_name": "Rackpass",
    "notice_count": lambda: 3,
    "nav": lambda: [{"label": "In and out", "items": [{"url": "/badges", "label": "Badges", "count": 2, "current": True}]}],
}
LAYOUTS = {
    "base": '{% extends "_layout/base.html" %}{% block title %}Desk{% endblock %}{% block main %}<h1>Desk</h1>{% endblock %}',
    "plain": '{% extends "_layout/plain.html" %}{% block title %}Sign in{% endblock %}{% block card %}<h1>Sign in</h1>{% endblock %}',
    "gate": '{% extends "_layout/gate.html" %}{% block title %}Gate{% endblock %}{% block body %}<h1>Gate</h1>{% endblock %}',
    "error": '{% extends "_layout/error.html" %}',
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_is_whole_and_keeps_to_the_policy(render: Render, layout: str) -> None:
    html = render(LAYOUTS[layout], code=404, **READER)

    assert html.lstrip().startswith("<!DOCTYPE html>")
    assert '<html lang="zh-CN" data-bs-theme="dark">' in html
    assert html.count("<h1") == 1
    assert html.count('id="main"') == 1
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?! src=)|javascript:", html)
    assert len(re.findall(r'<form[^>]*method="post"', html)) == html.count('name="csrf_token"')


def test_the_rail_marks_where_one_is_and_is_there_on_a_phone(render: Render) -> None:
    html = render(LAYOUTS["base"], **READER)

    assert html.count('href="/badges" aria-current="page"') == 2, "in the rail and in the menu"
    assert '<span class="badge-n">3</span>' in html
    assert '<input type="hidden" name="next" value="/somewhere?page=2">' in html


def test_a_verdict_takes_the_place_of_the_bar(render: Render) -> None:
    said = '{% extends "_layout/gate.html" %}{% import "_macros/gate.html" as g %}'
    html = render(said + '{% block verdict %}{{ g.verdict("stop", "No") }}{% endblock %}', **READER)

    assert html.count('data-verdict="stop"') == 1
    assert "gate-top" not in html
    assert 'href="/gate.scan"' in html


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 409, 413, 429, 500, 418])
def test_an_error_says_what_to_do(render: Render, code: int) -> None:
    html = render(LAYOUTS["error"], code=code, **READER)

    assert f'<p class="wrong-code">{code}</p>' in html
    assert "btn-primary" in html
    assert ("rail" in html) is (code not in (401, 500))


def test_an_error_page_needs_nobody_signed_in(render: Render) -> None:
    html = render(LAYOUTS["error"], code=404, actor=None, locale="en", theme=None, site_name="Rackpass")

    assert "This page does not exist" in html
    assert 'data-bs-theme="auto"' in html


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda p: p.name)
def test_no_template_breaks_the_policy(path: Path) -> None:
    source = path.read_text(encoding="utf-8")

    assert not re.search(r"\sstyle=[\"']|\son(click|change|submit|load)=|<style|javascript:", source)


def test_a_small_table_shows_every_kind_of_value(render: Render) -> None:
    heads = [("Model", "primary"), "Serial", ("Height", "num"), "State", "Racked"]
    rows = [
        ["R740", None, 2, OK, datetime(2020, 5, 4, 3, 2, tzinfo=UTC)],
        {"cells": ["<R750>", "CN7X", 0, [OK, OK], ""], "tone": "stop"},
    ]

    html = render(UI + "{{ ui.small_table(heads, rows) }}", heads=heads, rows=rows)

    assert html.count('<span class="state ok">In order</span>') == 3
    assert "4 May 2020 11:02</time>" in html
    assert "&lt;R750&gt;" in html
    assert '<div class="v">0</div>' in html
    assert html.count('<span class="none">—</span>') == 2
    assert '<tr class="stop">' in html
    assert html.count('data-label="Serial"') == 2
