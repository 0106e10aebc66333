"""The pages of imports: paste or choose a list, look at what would become of each line, then import exactly that."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from portal.kernel import clock, exports
from portal.kernel.db import transaction
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.i18n import _
from portal.kernel.lifecycle import State, Tone
from portal.kernel.policy import Permission, allow
from portal.kernel.web import actor, page, submit
from portal.network import importing, sheets
from portal.network.blueprint import bp
from portal.network.forms import ImportForm
from portal.network.importing import Fate, Report
from portal.network.sheets import Kind, SheetLine


class _Rehearsed(Exception):
    """Takes a dry run's outcome past the end of its transaction, which it rolls back."""

    def __init__(self, report: Report) -> None:
        self.report = report


@bp.route("/import/<kind>", methods=["GET", "POST"])
@allow(Permission.NETWORK_WRITE)
def import_(kind: str) -> ResponseReturnValue:
    sheet = _kind(kind)
    form = ImportForm()
    report: Report | None = None
    if form.validate_on_submit():
        lines = _lines(sheet, form)
        seal = form.seal.data or ""
        if lines is not None and seal and request.form.get("step") == "import":
            done = submit(
                form,
                lambda: importing.import_shown(sheet, lines, seal, actor(), clock.now()),
                then=lambda _r: url_for(BACK[sheet.key]),
                said=_said,
            )
            if done is not None:
                return done
        if lines is not None:
            report = _rehearse(sheet, lines)
            form.seal.data = report.seal
    tabs = [(_(each.label), url_for("network.import_", kind=each.key), each is sheet) for each in sheets.KINDS.values()]
    counts = {fate.value: report.number(fate) for fate in Fate} if report else {}
    return page(
        "network/import.html",
        form,
        kind=sheet,
        tabs=tabs,
        report=report,
        counts=counts,
        fates=_fates(),
        in_words=_in_words,
        back=url_for(BACK[sheet.key]),
        limit=sheets.MAX_LINES,
    )


BACK = {"prefixes": "network.prefixes", "reserved": "network.prefixes", "switches": "network.switches"}


@bp.get("/import/<kind>/template.csv")
@allow(Permission.NETWORK_WRITE)
def import_template(kind: str) -> Response:
    """A sheet with the right head and one line of example."""
    sheet = _kind(kind)
    return exports.to_response(f"{sheet.key}-template", "csv", _heads(sheet), [sheets.template(sheet)])


@bp.get("/import/<kind>/present.csv")
@allow(Permission.NETWORK_WRITE)
def import_present(kind: str) -> Response:
    """What is there, in the form of the import."""
    sheet = _kind(kind)
    return exports.to_response(sheet.key, "csv", _heads(sheet), importing.rows_of(sheet))


def _kind(key: str) -> Kind:
    if key not in sheets.KINDS:
        raise NotFound(key)
    return sheets.KINDS[key]


def _heads(kind: Kind) -> list[str]:
    return [_(column.label) for column in kind.columns]


def _lines(kind: Kind, form: ImportForm) -> Sequence[SheetLine] | None:
    """The lines that were sent; None when they cannot be read, and then the form says why."""
    text: str | Refusal = form.text.data or ""
    file = form.file.data
    if file is not None and file.filename:
        text = sheets.decode(file.read())
        if isinstance(text, str):
            form.text.data = text
    read = (
        text if isinstance(text, Refusal) else sheets.read(kind, text, dict(zip(_heads(kind), (c.key for c in kind.columns), strict=True)))
    )
    if isinstance(read, Refusal):
        form.refuse([_in_words(read).on("text")])
        return None
    return read


def _rehearse(kind: Kind, lines: Sequence[SheetLine]) -> Report:
    """Carries the import out and rolls it back."""
    try:
        with transaction():
            raise _Rehearsed(importing.carry_out(kind, lines, actor(), clock.now()))
    except _Rehearsed as rehearsed:
        return rehearsed.report


def _fates() -> dict[str, State]:
    return {
        "created": State("created", _("Will be added"), Tone.OK),
        "unchanged": State("unchanged", _("Is there already"), Tone.REST),
        "error": State("error", _("Stays out"), Tone.STOP),
    }


def _said(report: Report) -> str:
    created, unchanged, errors = (report.number(fate) for fate in Fate)
    text = _("%(created)s lines imported; %(unchanged)s were there already, %(errors)s stayed out.")
    return str(text % {"created": created, "unchanged": unchanged, "errors": errors})


def _in_words(refusal: Refusal) -> Refusal:
    """The refusal with the names of columns in the reader's language."""
    data = dict(refusal.data)
    for name in ("column", "columns"):
        labels = data.get(name, ())
        if labels:
            data[name] = ", ".join(_(label) for label in ([labels] if isinstance(labels, str) else labels))
    return refusal(**data)
