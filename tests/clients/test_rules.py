"""Numbers that are believable, and how much of one is shown (R-S2)."""

from __future__ import annotations

from datetime import date

import pytest

from portal.clients import rules
from portal.kernel.errors import Refusal
from tests.cast import company_code, identity_number

TODAY = date(2026, 11, 23)


def with_check_digit(body: str) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


def code(refusal: Refusal | None) -> str | None:
    return refusal.code if refusal else None


@pytest.mark.parametrize("index", range(1, 60))
def test_invented_numbers_with_valid_check_digits_are_believed(index: int) -> None:
    assert rules.why_not_credit_code(company_code(index)) is None
    assert rules.why_not_document("identity_card", identity_number(index), TODAY) is None


@pytest.mark.parametrize("index", range(1, 6))
def test_each_single_wrong_digit_is_found(index: int) -> None:
    number = identity_number(index)
    for place, digit in enumerate(number[:17]):
        wrong = f"{number[:place]}{(int(digit) + 1) % 10}{number[place + 1 :]}"
        assert code(rules.why_not_document("identity_card", wrong, TODAY)) == "document.identity_check"


def test_a_wrong_character_in_a_credit_code_is_found() -> None:
    valid = company_code(7)
    wrong = valid[:9] + ("B" if valid[9] != "B" else "C") + valid[10:]
    assert code(rules.why_not_credit_code(wrong)) == "client.code_check"


@pytest.mark.parametrize("text", ["", "123", company_code(1)[:-1], company_code(1) + "0", "9111010O00000000A0", "公司代码"])
def test_what_has_not_a_credit_codes_shape(text: str) -> None:
    assert code(rules.why_not_credit_code(text)) == "client.code_shape"


@pytest.mark.parametrize("text", ["", "11010519491231002", "1101051949123100XX", "ABCDEFGHIJKLMNOPQR", "110105490101001", "１１０"])
def test_what_has_not_an_identity_numbers_shape(text: str) -> None:
    assert code(rules.why_not_document("identity_card", text, TODAY)) == "document.identity_shape"


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("20261123", None),  # born today
        ("20261124", "document.identity_date"),
        ("19060101", None),
        ("19051231", "document.identity_date"),
        ("19900229", "document.identity_date"),
        ("19920229", None),
        ("19901301", "document.identity_date"),
        ("19900100", "document.identity_date"),
    ],
)
def test_dates_of_birth_are_possible_ones(born: str, expected: str | None) -> None:
    assert code(rules.why_not_document("identity_card", with_check_digit(f"110101{born}001"), TODAY)) == expected


def test_regions_are_known_by_their_province_since_counties_come_and_go() -> None:
    assert code(rules.why_not_document("identity_card", with_check_digit("99010119900101001"), TODAY)) == "document.identity_region"
    # A district of 1992, a holder of 1960: the number was given out when the holder asked for one.
    assert rules.why_not_document("identity_card", with_check_digit("44030719600101001"), TODAY) is None
    # Residence permits of people from Hong Kong, Macao and Taiwan are numbered alike.
    for region in ("810000", "820000", "830000"):
        assert rules.why_not_document("identity_card", with_check_digit(f"{region}19900101001"), TODAY) is None


def test_an_x_may_be_small_and_blanks_do_not_matter() -> None:
    number = next(n for n in map(identity_number, range(1, 200)) if n.endswith("X"))
    typed = f" {number[:6]} {number[6:14]}-{number[14:].lower()} "
    assert rules.why_not_document("identity_card", typed, TODAY) is None
    assert rules.normalise_document(typed) == number
    assert rules.normalise_document("ｅ１２３４５６７８") == "E12345678"


@pytest.mark.parametrize(
    ("kind", "number", "expected"),
    [
        ("passport", "E12345678", None),
        ("passport", "ej1234567", None),
        ("passport", "L01X00T47", None),
        ("passport", "12345", "document.passport_shape"),
        ("passport", "ABCDEFGH", "document.passport_shape"),
        ("passport", "E1234567890123", "document.passport_shape"),
        ("hk_macao_permit", "H12345678", None),
        ("hk_macao_permit", "M1234567800", None),
        ("hk_macao_permit", "T12345678", "document.hk_macao_shape"),
        ("hk_macao_permit", "H123456789", "document.hk_macao_shape"),
        ("taiwan_permit", "12345678", None),
        ("taiwan_permit", "1234567890", None),
        ("taiwan_permit", "123456789", "document.taiwan_shape"),
        ("library_card", "12345678", "document.kind"),
        ("", "12345678", "document.kind"),
    ],
)
def test_other_documents_have_their_shapes(kind: str, number: str, expected: str | None) -> None:
    assert code(rules.why_not_document(kind, number, TODAY)) == expected


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("13800138000", "+86 138 0013 8000"),
        ("１３８００１３８０００", "+86 138 0013 8000"),
        ("010-62310000", "+86 10 6231 0000"),
        ("400-810-1234", "+86 400 810 1234"),
        ("+852 9123 4567", "+852 9123 4567"),
    ],
)
def test_phone_numbers_are_kept_in_one_form(typed: str, kept: str) -> None:
    assert rules.why_not_phone(typed) is None
    assert rules.normalise_phone(typed) == kept


@pytest.mark.parametrize("typed", ["12345", "call me", "138001380001234", "9123 4567 8"])
def test_what_cannot_be_called_is_refused(typed: str) -> None:
    assert code(rules.why_not_phone(typed)) == "client.phone"


@pytest.mark.parametrize("number", [identity_number(3), company_code(3), "E12345678", "H12345678", "12345678", "M1234567800", "1234567"])
def test_a_masked_number_hides_at_least_four_characters(number: str) -> None:
    shown = rules.mask(number)
    assert len(shown) == len(number)
    assert shown.count("•") >= 4
    assert all(a in (b, "•") for a, b in zip(shown, number, strict=True))
    if len(number) == 18:
        assert shown == f"{number[:4]}{'•' * 10}{number[-4:]}"
