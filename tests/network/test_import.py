"""Imports: the dry run tells each line's fate and changes nothing; the import does exactly what was shown."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import func, select

from portal.kernel.db import session, transaction
from portal.kernel.errors import Refused
from portal.network import importing, services, sheets
from portal.network.models import Prefix, ReservedRange, SwitchPort
from tests.cast import NOW
from tests.network.making import hold, holder

PREFIXES = """room,prefix,name,gateway,vlan
B2,203.0.113.0/25,new,,7
B2,198.51.2.0/24,B2 public,198.51.2.1,102
B2,198.51.2.0/24,another name,,
B2,203.0.113.64/26,inside,,
Z9,203.0.113.128/25,no such room,,
B2,203.0.113.129/25,host bits,,
B2,203.0.113.128/25,vlan,,4095
B2,203.0.113.128/25,,,
A1,2001:db8:9::/64,six,2001:db8:9::ffff,
"""
SWITCHES = """room\track\tswitch\tmodel\tport\tspeed_mbps\tout_of_use
B2\tB2-01\tSW-N\tS5735\tGE{1-4}\t1000\tno
B2\tB2-01\tSW-N\tS5735\tGE{3-6}\t1000\tno
B2\tB2-01\tSW-N\tS5735\tGE{1-6}\t1000\t否
B2\tB2-01\tSW-N\tS5735\tGE1\t10000\tno
B2\tB9-01\tSW-O\tS5735\tGE1\t\t
A1\t\tSW-N\t\tGE9\t\t
B2\t\tSW-P\t\tGE1\tfast\t
B2\t\tSW-P\t\tGE1\t\tperhaps
B2\t\tSW-P\t\tGE1\t\tyes
"""
RESERVED = """prefix,first,last,reason
198.51.2.0/24,198.51.2.10,198.51.2.19,VRRP
198.51.2.0/24,198.51.2.10,198.51.2.19,VRRP
198.51.2.0/24,198.51.2.15,198.51.2.25,overlaps
198.51.2.0/24,198.51.2.2,,held
192.0.2.0/24,192.0.2.1,,no such prefix
198.51.2.0/24,198.51.2.0,198.51.2.0,kept
"""


def lines_of(kind: str, text: str):
    found = sheets.read(sheets.KINDS[kind], text, {})
    assert isinstance(found, list), found
    return found


def rehearse(cast, kind: str, text: str) -> importing.Report:
    class Back(Exception):
        pass

    try:
        with transaction():
            report = importing.carry_out(sheets.KINDS[kind], lines_of(kind, text), cast.actor("administrator"), NOW)
            raise Back
    except Back:
        return report


def fates(report: importing.Report) -> list[str]:
    return [outcome.why.code.removeprefix("network.") if outcome.why else outcome.fate.value for outcome in report.outcomes]


EXPECTED = {
    "prefixes": (
        PREFIXES,
        [
            "created",
            "unchanged",
            "import_exists",
            "prefix_overlaps",
            "import_no_room",
            "host_bits",
            "import_vlan",
            "import_cell_missing",
            "created",
        ],
    ),
    "switches": (
        SWITCHES,
        ["created", "created", "unchanged", "import_exists", "import_no_rack", "import_exists", "import_speed", "import_yes_no", "created"],
    ),
    "reserved": (RESERVED, ["created", "unchanged", "range_reserved", "range_held", "import_no_prefix", "range_kept"]),
}


@pytest.fixture
def in_use(cast):
    with transaction():
        hold(cast, holder(cast, "SN1"))


@pytest.mark.parametrize("kind", EXPECTED)
def test_each_lines_fate_and_then_exactly_that(cast, in_use, kind):
    text, expected = EXPECTED[kind]
    model = {"prefixes": Prefix, "switches": SwitchPort, "reserved": ReservedRange}[kind]
    count = select(func.count()).select_from(model)
    before = session().scalar(count)
    report = rehearse(cast, kind, text)
    assert fates(report) == expected
    assert session().scalar(count) == before, "a dry run changes nothing"
    with transaction():
        done = importing.import_shown(sheets.KINDS[kind], lines_of(kind, text), report.seal, cast.actor("administrator"), NOW)
    assert fates(done) == expected
    added = session().scalar(count) - before
    assert added == {"prefixes": 2, "switches": 7, "reserved": 1}[kind]
    again = rehearse(cast, kind, text)
    assert [fate for fate, was in zip(fates(again), expected, strict=True) if was == "created"] == ["unchanged"] * expected.count("created")


def test_an_import_that_is_no_longer_what_was_shown(cast):
    report = rehearse(cast, "prefixes", PREFIXES)
    kind, administrator = sheets.KINDS["prefixes"], cast.actor("administrator")
    with transaction():
        services.add_prefix(services.NewPrefix(cast.rooms["A1"].id, "someone was faster", "203.0.113.0/24"), administrator, NOW)
    for text in (PREFIXES, PREFIXES.replace("203.0.113", "192.0.2")):
        with pytest.raises(Refused, match="import_changed"), transaction():
            importing.import_shown(kind, lines_of("prefixes", text), report.seal, administrator, NOW)
    assert session().scalar(select(func.count()).select_from(Prefix)) == 3


def test_nothing_to_import(cast):
    text = "room,prefix,name\nB2,198.51.2.0/24,another\n"
    report = rehearse(cast, "prefixes", text)
    with pytest.raises(Refused, match="import_nothing"), transaction():
        importing.import_shown(sheets.KINDS["prefixes"], lines_of("prefixes", text), report.seal, cast.actor("administrator"), NOW)


@pytest.mark.parametrize("kind", EXPECTED)
def test_what_is_there_comes_back_as_unchanged(cast, kind):
    with transaction():
        text, _fates = EXPECTED[kind]
        importing.carry_out(sheets.KINDS[kind], lines_of(kind, text), cast.actor("administrator"), NOW)
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow([column.label for column in sheets.KINDS[kind].columns])
    writer.writerows(importing.rows_of(sheets.KINDS[kind]))
    report = rehearse(cast, kind, sheet.getvalue())
    assert set(fates(report)) == {"unchanged"}


def test_the_examples_of_the_templates_can_be_read():
    for kind in sheets.KINDS.values():
        text = ",".join(column.key for column in kind.columns) + "\n" + ",".join(sheets.template(kind))
        assert len(lines_of(kind.key, text)) == 1
