"""Decisions about accounts at their edges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.accounts import passwords, rules
from portal.accounts.browsers import browser_name
from portal.accounts.rules_text import Block, blocks, default_texts

NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "accounts.password_short"),
        ("Ab3-defgh", "accounts.password_short"),
        ("x" * 129, "accounts.password_long"),
        ("1234567890", "accounts.password_common"),
        ("Password123", "accounts.password_common"),
        ("woaini1314520", "accounts.password_common"),
        ("aaaaaaaaaaaa", "accounts.password_common"),
        ("abababababab", "accounts.password_common"),
        ("cdefghijklmn", "accounts.password_common"),
        ("zyxwvutsrqpo", "accounts.password_common"),
        ("Long.Name@client.example", "accounts.password_is_email"),
        ("LONG.NAME@CLIENT.EXAMPLE", "accounts.password_is_email"),
        ("long.name.", None),
        ("Ab3-defghi", None),
        ("竹林里下着小雨的早晨", None),
        ("correct horse battery", None),
    ],
)
def test_what_a_password_may_be(password: str, code: str | None) -> None:
    refusal = rules.why_not_password(password, "long.name@client.example")
    assert (refusal.code if refusal else None) == code


def test_a_password_must_not_be_the_name_in_the_address() -> None:
    refusal = rules.why_not_password("zhao.yiming", "Zhao.Yiming@client.example")
    assert refusal is not None
    assert refusal.code == "accounts.password_is_email"


def test_every_common_password_is_long_enough_to_matter() -> None:
    assert len(rules.common_passwords()) > 400
    assert all(len(password) >= rules.MIN_PASSWORD and password == password.casefold() for password in rules.common_passwords())


@pytest.mark.parametrize(
    ("failures", "minutes"), [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (8, 8), (9, 16), (10, 32), (11, 60), (12, 60), (10_000, 60)]
)
def test_the_lock_grows_up_to_an_hour(failures: int, minutes: int) -> None:
    assert rules.lock_for(failures) == timedelta(minutes=minutes)


@pytest.mark.parametrize(("left", "minutes", "told"), [(60, 1, "02:31"), (61, 2, "02:32"), (1, 1, "02:31"), (3600, 60, "03:30")])
def test_the_end_of_a_lock_is_never_told_too_early(left: int, minutes: int, told: str) -> None:
    refusal = rules.locked(NOW + timedelta(seconds=left), NOW)
    assert refusal.data["minutes"] == minutes
    assert f"{refusal.data['time']:%H:%M}" == told
    assert refusal.data["time"] >= NOW + timedelta(seconds=left)


def test_a_session_is_idle_to_the_second() -> None:
    assert not rules.idle(NOW, NOW + timedelta(minutes=30) - timedelta(seconds=1), 30)
    assert rules.idle(NOW, NOW + timedelta(minutes=30), 30)


def test_a_hash_fits_its_password_alone() -> None:
    stored = passwords.hash_password("correct horse battery")
    assert stored.startswith("$argon2id$")
    assert passwords.verify(stored, "correct horse battery")
    assert not passwords.verify(stored, "correct horse batterz")
    assert not passwords.verify("not a hash", "correct horse battery")
    assert not passwords.verify(None, "correct horse battery")


def test_a_hash_of_another_cost_is_outdated() -> None:
    passwords.configure("test")
    cheap = passwords.hash_password("correct horse battery")
    assert not passwords.needs_rehash(cheap)
    try:
        passwords.configure("production")
        assert passwords.needs_rehash(cheap)
        assert passwords.verify(cheap, "correct horse battery")
    finally:
        passwords.configure("test")


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            "Chrome 142, Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
            "Edge 142, Windows",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox 140, Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1",
            "Safari 18, iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; V2309A) AppleWebKit/537.36 Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.48",
            "WeChat 8, Android",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "—"),
    ],
)
def test_browsers_are_told_in_words(agent: str, name: str) -> None:
    assert browser_name(agent) == name


def test_a_rules_text_is_read_in_parts() -> None:
    body = "Who\nreads this.\n\n# Head\n- one\n- two\n  goes on\n1. first\n2. second\nlast\n\n3. third\n\n第一行\n第二行"
    assert blocks(body) == [
        Block("paragraph", ("Who reads this.",)),
        Block("heading", ("Head",)),
        Block("list", ("one", "two goes on")),
        Block("numbers", ("first", "second last")),
        Block("numbers", ("third",), 3),
        Block("paragraph", ("第一行第二行",)),
    ]


def test_the_first_text_has_the_same_rules_in_both_languages() -> None:
    chinese, english = ([line.split()[1] for line in text.splitlines() if line.startswith("- R-")] for text in default_texts())
    assert chinese == english
    assert {"R-S1", "R-E1", "R-E5"} <= set(chinese)
