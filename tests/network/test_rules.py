"""Decisions about prefixes, addresses and ports."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kernel.errors import Refusal
from portal.network import rules, sheets, strips
from portal.network.queries import Use


def ip(text):
    return ipaddress.ip_address(text)


@pytest.mark.parametrize("text", ["203.0.113.0/24", " 203.0.113.0/31 ", "2001:db8::/64", "2001:db8::2/127", "10.0.0.0/8"])
def test_prefixes_that_can_be_used(text):
    assert rules.read_prefix(text) == ipaddress.ip_network(text.strip())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not_a_prefix"),
        ("203.0.113.0", "not_a_prefix"),
        ("203.0.113/24", "not_a_prefix"),
        ("203.0.113.0/33", "not_a_prefix"),
        ("203.0.113.7/24", "host_bits"),
        ("203.0.113.7/32", "bad_length"),
        ("2001:db8::/128", "bad_length"),
        ("0.0.0.0/0", "bad_length"),
        ("127.0.0.0/8", "not_unicast"),
        ("224.0.0.0/24", "not_unicast"),
        ("169.254.1.0/24", "not_unicast"),
        ("fe80::/64", "not_unicast"),
        ("ff02::/64", "not_unicast"),
        ("::/64", "not_unicast"),
    ],
)
def test_prefixes_that_cannot(text, code):
    refused = rules.read_prefix(text)
    assert isinstance(refused, Refusal)
    assert refused.code == f"network.{code}"


@pytest.mark.parametrize(
    ("prefix", "gateway", "kept", "free"),
    [
        ("203.0.113.0/24", "203.0.113.1", [".0", ".1", ".255"], [(".2", ".254")]),
        ("203.0.113.0/24", "203.0.113.254", [".0", ".254", ".255"], [(".1", ".253")]),
        ("203.0.113.0/24", "203.0.113.9", [".0", ".9", ".255"], [(".1", ".8"), (".10", ".254")]),
        ("203.0.113.0/30", "203.0.113.1", [".0", ".1", ".3"], [(".2", ".2")]),
        ("203.0.113.0/31", "203.0.113.0", [".0"], [(".1", ".1")]),
        ("2001:db8::/64", "2001:db8::1", ["::", "::1"], [("::2", "::ffff:ffff:ffff:ffff")]),
        ("2001:db8::/64", "fe80::1", ["::"], [("::1", "::ffff:ffff:ffff:ffff")]),
        ("2001:db8::/127", "2001:db8::", ["::"], [("::1", "::1")]),
    ],
)
def test_what_a_prefix_keeps_for_itself(prefix, gateway, kept, free):
    base = "203.0.113" if "." in prefix else "2001:db8"
    layout = rules.lay_out(rules.read_prefix(prefix), ip(gateway))
    assert [address for _kind, address in layout.kept] == [ip(base + end) for end in kept]
    assert list(layout.free) == [(ip(base + first), ip(base + last)) for first, last in free]


@pytest.mark.parametrize("gateway", ["203.0.113.0", "203.0.113.255", "203.0.114.1", "2001:db8::1"])
def test_a_gateway_is_a_hosts_address(gateway):
    assert rules.why_not_gateway(ipaddress.ip_network("203.0.113.0/24"), ip(gateway)).code == "network.gateway_outside"


def test_the_gateway_that_goes_without_saying():
    assert str(rules.gateway_of(ipaddress.ip_network("203.0.113.0/24"))) == "203.0.113.1"
    assert str(rules.gateway_of(ipaddress.ip_network("203.0.113.0/31"))) == "203.0.113.0"
    assert str(rules.gateway_of(ipaddress.ip_network("2001:db8::/64"))) == "2001:db8::1"


@given(
    st.integers(0, 255),
    st.integers(0, 255),
    st.lists(st.tuples(st.integers(0, 255), st.integers(0, 8)), max_size=6),
)
def test_cutting_holes_is_taking_sets_away(one, other, holes):
    base = ip("10.0.0.0")
    first, last = min(one, other), max(one, other)
    apart, end = [], -1
    for start, length in sorted(holes):
        if start > end:
            end = min(start + length, 255)
            apart.append((start, end))
    left = rules.without((base + first, base + last), [(base + a, base + b) for a, b in apart])
    numbers = [n - int(base) for a, b in left for n in range(int(a), int(b) + 1)]
    assert numbers == sorted(set(range(first, last + 1)) - {n for a, b in apart for n in range(a, b + 1)})


def test_ceilings_of_the_contract():
    assert rules.why_not_within(None, 1000, 1000, rules.ADDRESSES_BEYOND_CONTRACT) is None
    assert rules.why_not_within(4, 3, 1, rules.ADDRESSES_BEYOND_CONTRACT) is None
    refused = rules.why_not_within(4, 3, 2, rules.ADDRESSES_BEYOND_CONTRACT)
    assert refused.data == {"limit": 4, "held": 3, "wanted": 2}


def test_a_rest_is_counted_in_whole_days_from_the_moment_of_release():
    released = datetime(2026, 11, 23, 2, 30, 15, tzinfo=UTC)
    assert rules.rest_ends(released, 30) - released == timedelta(days=30)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("GE0/0/{1-3}", ["GE0/0/1", "GE0/0/2", "GE0/0/3"]),
        ("GE0/0/{1-2}, XGE0/0/{1-2}", ["GE0/0/1", "GE0/0/2", "XGE0/0/1", "XGE0/0/2"]),
        ("{1-2}/{1-2}", ["1/1", "1/2", "2/1", "2/2"]),
        ("p{08-11}", ["p08", "p09", "p10", "p11"]),
        ("uplink", ["uplink"]),
        ("a，b\nc", ["a", "b", "c"]),
    ],
)
def test_patterns_of_ports(pattern, names):
    assert rules.port_names(pattern) == names


@pytest.mark.parametrize(
    "pattern", ["", " , ", "GE{1-", "GE{5-1}", "GE{1-513}", "{1-30}/{1-30}", "a b", "x" * 41, "GE{1-2}{", "{1-99999}{1-99999}"]
)
def test_patterns_that_are_none(pattern):
    assert rules.port_names(pattern).code == "network.bad_port_pattern"


def test_a_port_twice():
    assert rules.port_names("a{1-3},a2").code == "network.port_name_twice"


def test_what_someone_searches_for():
    assert rules.read_span("203.0.113.7") == (ip("203.0.113.7"), ip("203.0.113.7"))
    assert rules.read_span(" 203.0.113.7/24 ") == (ip("203.0.113.0"), ip("203.0.113.255"))
    assert rules.read_span("B2 public") is None


def test_sheets_with_any_separator_and_heads_in_either_language():
    kind = sheets.KINDS["reserved"]
    words = {"前缀": "prefix", "起始地址": "first", "预留用途": "reason"}
    for text in (
        "prefix,first,last,reason\n10.0.0.0/24,10.0.0.2,,VRRP\n",
        "\ufeffPrefix;First address;Reserved for\r\n\r\n10.0.0.0/24;10.0.0.2;VRRP\r\n",
        "前缀\t起始地址\t预留用途\n10.0.0.0/24\t10.0.0.2\tVRRP",
    ):
        (line,) = sheets.read(kind, text, words)
        assert line.cells == {"prefix": "10.0.0.0/24", "first": "10.0.0.2", "last": "", "reason": "VRRP"}


def test_sheets_that_cannot_be_read():
    kind = sheets.KINDS["prefixes"]
    assert sheets.read(kind, "", {}).code == "network.import_no_lines"
    assert sheets.read(kind, "room,prefix,name\n", {}).code == "network.import_no_lines"
    assert sheets.read(kind, "B2,10.0.0.0/24,x\nB2,10.1.0.0/24,y", {}).code == "network.import_columns"
    long = "room,prefix,name\n" + "B2,10.0.0.0/24,x\n" * (sheets.MAX_LINES + 1)
    assert sheets.read(kind, long, {}).code == "network.import_too_long"
    assert sheets.decode(b"\x00\x01\xff\xfe").code == "network.import_not_text"
    assert sheets.decode("机房".encode("gb18030")) == "机房"
    assert sheets.decode("机房".encode("utf-8-sig")) == "机房"


def test_an_exported_formula_comes_back_as_it_was():
    (line,) = sheets.read(sheets.KINDS["reserved"], "prefix,first,reason\n10.0.0.0/24,10.0.0.2,'=x\n", {})
    assert line.cells["reason"] == "=x"


@given(*(st.integers(0, 1 << 70) for _ in range(4)))
def test_a_strip_is_full_and_shows_what_is_there(held, resting, reserved, free):
    use = Use(held, resting, reserved, free)
    if not use.size:
        return
    parts = strips.strip(use)
    assert abs(sum(part.width for part in parts) - 100) < 0.1
    assert all((part.width > 0.7) == bool(part.count) for part in parts)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (100, "100 %"), (0.00001, "< 0.1 %"), (99.99, "> 99.9 %"), (4.25, "4.2 %"), (37.4, "37 %"), (99.7, "99.7 %")],
)
def test_shares_in_words(share, text):
    assert strips.percent(share) == text


def test_counts_that_fit():
    assert strips.short(253) == "253"
    assert strips.short(65533) == "65,533"
    assert strips.short(1 << 64) == "1.8 × 10¹⁹"
