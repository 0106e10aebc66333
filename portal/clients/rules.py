"""What makes a company's code, a person's document and a phone number believable, and how much of a number is shown (R-S2)."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

import phonenumbers
from stdnum import numdb
from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, ValidationError

from portal.kernel import clock
from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

COMPANY, INDIVIDUAL = "company", "individual"
CLIENT_KINDS: dict[str, str] = {COMPANY: N_("Company"), INDIVIDUAL: N_("Individual")}
DOCUMENT_KINDS: dict[str, str] = {
    "identity_card": N_("Resident identity card"),
    "passport": N_("Passport"),
    "hk_macao_permit": N_("Mainland travel permit for Hong Kong and Macao residents"),
    "taiwan_permit": N_("Mainland travel permit for Taiwan residents"),
    "driving_licence": N_("Driving licence"),
}

CODE_SHAPE = Refusal("client.code_shape", N_("A unified social credit code has 18 digits and letters, without I, O, S, V and Z."))
CODE_CHECK = Refusal("client.code_check", N_("The check character of the code is wrong: compare it with the business licence."))
IDENTITY_SHAPE = Refusal("document.identity_shape", N_("An identity number has 18 digits; the last one may be an X."))
IDENTITY_CHECK = Refusal("document.identity_check", N_("The check digit of the identity number is wrong: compare it with the card."))
IDENTITY_DATE = Refusal("document.identity_date", N_("The date of birth in the identity number is not possible: compare it with the card."))
IDENTITY_REGION = Refusal(
    "document.identity_region", N_("No region has the first digits of the identity number: compare it with the card.")
)
PASSPORT_SHAPE = Refusal("document.passport_shape", N_("A passport number has 6 to 12 letters and digits."))
HK_MACAO_SHAPE = Refusal("document.hk_macao_shape", N_("The number of this permit is H or M with 8 or 10 digits after it."))
TAIWAN_SHAPE = Refusal("document.taiwan_shape", N_("The number of this permit has 8 or 10 digits."))
LICENCE_SHAPE = Refusal(
    "document.licence_shape", N_("A driving licence has the 18 digits of its holder's identity number; the last one may be an X.")
)
LICENCE_WRONG = Refusal("document.licence_check", N_("This number cannot be that of a driving licence: compare it with the licence."))
KIND_UNKNOWN = Refusal("document.kind", N_("Choose what kind of document it is."))
PHONE_INVALID = Refusal(
    "client.phone", N_("This is not a phone number that can be called. Write numbers from abroad with + and the country code.")
)

NUMBER_KNOWN = Refusal("client.number_known", N_("A client with this number is registered already."))
NUMBER_KNOWN_AS = Refusal("client.number_known", N_("%(name)s (%(number)s) is registered with this number already. Open that client."))
PERSON_KNOWN = Refusal("person.known", N_("A person with this document is recorded for this client already."))
PERSON_KNOWN_AS = Refusal("person.known", N_("%(name)s is recorded with this document already. Choose that person."))
PERSON_KNOWN_LEFT = Refusal(
    "person.known_left", N_("%(name)s had left. Open that person and mark them as back instead of adding them again.")
)
CONTACT_UNREACHABLE = Refusal("contact.unreachable", N_("Give a phone number or an e-mail address."))

_SHAPES: dict[str, tuple[re.Pattern[str], Refusal]] = {
    "passport": (re.compile(r"(?=.*\d)[A-Z0-9]{6,12}"), PASSPORT_SHAPE),
    "hk_macao_permit": (re.compile(r"[HM](\d{8}|\d{10})"), HK_MACAO_SHAPE),
    "taiwan_permit": (re.compile(r"\d{8}|\d{10}"), TAIWAN_SHAPE),
}
# A driving licence carries the identity number of its holder: the two are documents of one person.
SAME_NUMBER = {"driving_licence": "identity_card"}
_RESIDENCE_PERMITS = frozenset({"81", "82", "83"})  # of people from Hong Kong, Macao, Taiwan: numbered like identity cards
_OLDEST = 120  # years


def normalise_document(text: str) -> str:
    """A number as it is kept and compared: upper case, no blanks and hyphens, full-width characters made narrow."""
    return re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", text)).upper()


def why_not_credit_code(text: str) -> Refusal | None:
    """The unified social credit code (GB 32100), with its check character."""
    try:
        uscc.validate(normalise_document(text))
    except InvalidChecksum:
        return CODE_CHECK
    except ValidationError:
        return CODE_SHAPE
    return None


def why_not_document(kind: str, number: str, today: date | None = None) -> Refusal | None:
    """Whether a number can be one of this kind of document (a key of DOCUMENT_KINDS)."""
    number = normalise_document(number)
    if kind == "identity_card":
        return _why_not_identity(number, today or clock.today())
    if kind == "driving_licence":
        wrong = _why_not_identity(number, today or clock.today())
        return wrong and (LICENCE_SHAPE if wrong is IDENTITY_SHAPE else LICENCE_WRONG)
    if kind not in _SHAPES:
        return KIND_UNKNOWN
    shape, refusal = _SHAPES[kind]
    return None if shape.fullmatch(number) else refusal


def why_not_registration(kind: str, number: str, today: date | None = None) -> Refusal | None:
    """A company's credit code, or an individual's identity number."""
    return why_not_credit_code(number) if kind == COMPANY else why_not_document("identity_card", number, today)


def why_not_phone(text: str) -> Refusal | None:
    """An empty one is none; any other can be called from China, or says its country."""
    return PHONE_INVALID if text and _phone(text) is None else None


def normalise_phone(text: str) -> str:
    """'13800138000' as '+86 138 0013 8000'; what is not a phone number as it is."""
    number = _phone(text)
    return text if number is None else phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def mask(number: str) -> str:
    """The ends of a number and dots between (R-S2): at least four characters are hidden, of short numbers all but the last."""
    head, tail = (4, 4) if len(number) >= 16 else (4, 3) if len(number) >= 11 else (1, 3)
    hidden = len(number) - head - tail
    return f"{number[:head]}{'•' * hidden}{number[-tail:]}" if hidden >= 4 else "•" * len(number)


def _why_not_identity(number: str, today: date) -> Refusal | None:
    """GB 11643: region, date of birth, order, check digit.

    Only the province of the region is looked up: `ric.validate` wants the county to have existed in the year of birth, but
    numbers were given out from 1984 on, to everyone, with the county of that time, and it refuses most people born before.
    """
    if not re.fullmatch(r"\d{17}[\dX]", number):
        return IDENTITY_SHAPE
    if ric.calc_check_digit(number) != number[-1]:
        return IDENTITY_CHECK
    try:
        born = ric.get_birth_date(number)
    except ValidationError:
        return IDENTITY_DATE
    if born > today or today.year - born.year > _OLDEST:
        return IDENTITY_DATE
    known = number[:2] in _RESIDENCE_PERMITS or any("province" in found for _, found in numdb.get("cn/loc").info(number[:6]))
    return None if known else IDENTITY_REGION


def _phone(text: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", text), "CN")
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None
