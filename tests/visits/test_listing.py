"""Lists of people as they are pasted or uploaded: columns in any order, documents by their names or by the number's shape."""

from __future__ import annotations

import pytest

from portal.demo.numbers import identity_number
from portal.kernel.errors import Refused
from portal.visits.listing import LINES_MOST, TypedPerson, kind_of, read_file, read_text


def test_the_columns_in_their_order() -> None:
    number = identity_number(1)
    (line,) = read_text(f"许巍\t身份证\t{number}\t13800138000\t凯捷工程\txu@work.example")
    assert line == TypedPerson("许巍", "identity_card", number, "13800138000", "凯捷工程", "xu@work.example")


def test_a_head_puts_them_into_another_order() -> None:
    (line,) = read_text("手机,姓名,证件号码\n13800138000,许巍,E12345678")
    assert line == TypedPerson("许巍", "passport", "E12345678", "13800138000")


def test_the_document_may_be_left_out() -> None:
    number = identity_number(1)
    assert read_text(f"许巍，{number}，13800138000，凯捷工程") == [TypedPerson("许巍", "identity_card", number, "13800138000", "凯捷工程")]


@pytest.mark.parametrize(
    ("text", "number", "kind"),
    [
        ("居民身份证", "", "identity_card"), ("Passport", "", "passport"), ("回乡证", "", "hk_macao_permit"),
        ("台胞证", "", "taiwan_permit"),
        ("Driver's License", "", "driving_licence"), ("", "H1234567801", "hk_macao_permit"), ("", "E12345678", "passport"),
        ("", "110101199003070003", "identity_card"), ("工作证", "1", "工作证"),
    ],
)  # fmt: skip
def test_documents_by_their_names(text: str, number: str, kind: str) -> None:
    assert kind_of(text, number) == kind


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\0\1\2", "visit.not_a_list"),
        (b"PK\3\4 no", "visit.not_a_list"),
        (b"\n\n", "visit.list_empty"),
        (b"x" * 2_000_001, "visit.list_too_long"),
    ],
)
def test_what_is_no_list(content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_file(content, "people.csv")
    assert refused.value.refusal.code == code


def test_too_many_lines() -> None:
    with pytest.raises(Refused) as refused:
        read_text("\n".join(f"张{n},{identity_number(n)}" for n in range(1, LINES_MOST + 2)))
    assert (refused.value.refusal.code, refused.value.refusal.field) == ("visit.list_too_long", "pasted")
