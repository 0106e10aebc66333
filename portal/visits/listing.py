"""Reading a list of people out of pasted text, CSV, TSV or XLSX. Pure: it reads shape, and judges nothing.

A line is: name, document, number, phone, company, e-mail; all after the number may be left out, and so may the document where the
number tells it. A first line that names the columns, in Chinese or English, may put them into another order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from portal.kernel import sheets
from portal.kernel.errors import Refusal, Refused
from portal.kernel.marks import N_

LINES_MOST = 200

NOT_A_LIST = Refusal(
    "visit.not_a_list", N_("This file cannot be read as a list. Save it as XLSX or CSV and choose it again."), field="file"
)
LIST_TOO_LONG = Refusal("visit.list_too_long", N_("The list has more than %(limit)s lines. Split it."), field="file")
LIST_EMPTY = Refusal("visit.list_empty", N_("There is nobody in this list."), field="file")


@dataclass(frozen=True, slots=True)
class TypedPerson:
    """One line as it was typed. `document_kind` is a key of clients.rules.DOCUMENT_KINDS, or what was typed if it is none."""

    name: str = ""
    document_kind: str = ""
    document_number: str = ""
    phone: str = ""
    employer: str = ""
    email: str = ""

    @property
    def blank(self) -> bool:
        return not (self.name or self.document_number or self.phone or self.employer or self.email)


COLUMNS = tuple(field.name for field in fields(TypedPerson))
HEADS = {
    "name": ("name", "fullname", "姓名", "人员", "人员姓名"),
    "document_kind": ("document", "documentkind", "documenttype", "idtype", "证件", "证件类型", "证件种类"),
    "document_number": ("number", "documentnumber", "idnumber", "id", "证件号", "证件号码", "身份证号", "身份证号码", "号码"),
    "phone": ("phone", "mobile", "telephone", "手机", "手机号", "电话", "联系电话"),
    "employer": ("company", "employer", "单位", "公司", "所属单位", "工作单位"),
    "email": ("email", "mail", "邮箱", "电子邮箱", "邮件"),
}
_KINDS = {
    "identity_card": ("identitycard", "idcard", "residentidentitycard", "身份证", "居民身份证", "二代证"),
    "passport": ("passport", "护照"),
    "hk_macao_permit": ("hkmacaopermit", "homereturnpermit", "港澳通行证", "回乡证", "港澳居民来往内地通行证"),
    "taiwan_permit": ("taiwanpermit", "台胞证", "台湾居民来往大陆通行证"),
    "driving_licence": ("drivinglicence", "drivinglicense", "driverslicense", "驾驶证", "驾照", "机动车驾驶证"),
}
_BY_WORD = {word: kind for kind, words in _KINDS.items() for word in words}


def read_text(text: str) -> list[TypedPerson]:
    """The people of pasted text. Raises Refused(LIST_TOO_LONG, LIST_EMPTY), on the field `pasted`."""
    return _lines(sheets.text_rows(text), "pasted")


def read_file(content: bytes, filename: str) -> list[TypedPerson]:
    """The people of a file. Raises Refused(NOT_A_LIST, LIST_TOO_LONG, LIST_EMPTY), on the field `file`."""
    try:
        return _lines(sheets.file_rows(content, filename), "file")
    except sheets.TooLarge as error:
        raise Refused(LIST_TOO_LONG(limit=LINES_MOST)) from error
    except sheets.NotAList as error:
        raise Refused(NOT_A_LIST) from error


def kind_of(text: str, number: str) -> str:
    """Which kind of document is meant: by its key or name; by the number's shape where nothing was typed; else what was typed."""
    word = re.sub(r"[\s_'’()（）-]+", "", unicodedata.normalize("NFKC", text).lower())
    if text in _KINDS:
        return text
    if word:
        return _BY_WORD.get(word, text)
    bare = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", number)).upper()
    if re.fullmatch(r"[HM]\d{8,10}", bare):
        return "hk_macao_permit"
    return "passport" if re.fullmatch(r"[A-Z]{1,2}\d{7,8}", bare) else "identity_card"


def _lines(rows: Iterable[Sequence[str]], field: str) -> list[TypedPerson]:
    found: list[TypedPerson] = []
    for values in sheets.under_columns(rows, COLUMNS, HEADS, telling=("name", "document_number"), spill="email"):
        typed = _shifted(values)
        if typed.blank:
            continue
        found.append(typed)
        if len(found) > LINES_MOST:
            raise Refused(LIST_TOO_LONG.on(field)(limit=LINES_MOST))
    if not found:
        raise Refused(LIST_EMPTY.on(field))
    return found


def _shifted(values: dict[str, str]) -> TypedPerson:
    """A line that leaves out the document, its number where the document would be, is put right."""
    kind, number = values["document_kind"], values["document_number"]
    if kind not in _KINDS and sum(c.isdigit() for c in kind) >= 6:
        cells = [kind, number, values["phone"], values["employer"]]
        values |= dict(zip(("document_number", "phone", "employer", "email"), cells, strict=True)) | {"document_kind": ""}
    values["document_kind"] = kind_of(values["document_kind"], values["document_number"])
    return TypedPerson(**values)
