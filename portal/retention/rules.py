"""How long each kind of record keeps its personal data, at least and by default, and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

REMOVED = "已清除 removed"  # what stands in a name's place afterwards, in both languages since it is stored
REMOVED_HASH = "removed-"  # how the hash of a document begins that nothing matches any more

BELOW_MINIMUM = Refusal(
    "retention.below_minimum", N_("The law asks for %(least)s days at least here. Give more, or the least."), field="days"
)
TOO_LONG = Refusal("retention.too_long", N_("Give at most %(most)s days, or keep it for good."), field="days")
FIXED = Refusal("retention.fixed", N_("This period cannot be changed: the proof that nothing was altered hangs on it."))
DAYS_MISSING = Refusal("retention.days_missing", N_("Give the days, or tick that it is kept for good."), field="days")
MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record. `days` None: kept for good. `least`: what the law asks for at least. `fixed`: no one changes it.

    `starts` says from when the days count; `goes`, what is removed then; `stays`, what remains.
    """

    key: str
    label: str
    days: int | None
    least: int
    starts: str
    goes: str
    stays: str
    reason: str
    clause: str
    fixed: bool = False


KINDS: dict[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind("gate_log", N_("Gate log and stays"), 1095, 180, N_("the event"),
             N_("name and link to the person, what was noted"), N_("time, room, kind, reason code, pass"),
             N_("To prove who was in a room when something happened, as long as claims can be made."),
             N_("PCI DSS 9.2.1.1, 9.3.4; GB/T 22239 8.1.1.2; Civil Code 188")),
        Kind("people", N_("People without live ties"), 1095, 180, N_("their leaving, or the end of their client's last contract"),
             N_("name, document number and its hash, phone"), N_("that there was a person, for the figures"),
             N_("To recognise who comes again, and to answer claims; then there is no purpose any more."),
             N_("PIPL 19, 47; Civil Code 188")),
        Kind("identity_papers", N_("Copies of identity documents, letters"), 365, 30,
             N_("the end of the badge, exit or visit that they belong to"),
             N_("the files' content"), N_("that there was a file, its checksum"),
             N_("To check what an approval rested on; sensitive, so for a short time."), N_("PIPL 19, 28")),
        Kind("badge_photos", N_("Photos of badge holders"), 90, 30, N_("the end of the badge"),
             N_("the picture"), N_("the badge's record"), N_("The gate needs the photo only while the badge lives."), N_("PIPL 19, 28")),
        Kind("visits", N_("Visits"), 1095, 180, N_("the end of the visit's window"),
             N_("reason, plates, tools, where the passes were sent"), N_("room, window, who approved, how many"),
             N_("To prove who was authorised when something happened, as long as claims can be made."),
             "PCI DSS 9.3.2, 9.3.4; GB/T 22239 8.1.8.4"),
        Kind("emergencies", N_("Emergencies"), 1095, 180, N_("the closing of the emergency"),
             N_("caller, reasons, report, who was named, document numbers"), N_("room, times, who approved, equipment"),
             N_("To prove who was authorised when something happened, as long as claims can be made."),
             "PCI DSS 9.3.2; GB/T 22239 8.1.8.4"),
        Kind("shifts", N_("Shifts signed over"), 1095, 180, N_("the end of the shift"),
             N_("the names of who was inside or refused, the guards' words"), N_("site, guards, times, passes, codes, how many"),
             N_("To tell what one guard knew from another, as long as claims can be made."),
             N_("PCI DSS 9.2.1.1, 9.3.4; GB/T 22239 8.1.1.2; Civil Code 188")),
        Kind("exits", N_("Movers on exit slips"), 1095, 365, N_("the day on which the equipment left"),
             N_("the mover's name, document number, phone"), N_("slip, equipment, times, approvals"),
             N_("To trace equipment and media that left, as long as claims can be made."), "PCI DSS 9.4.3, 9.4.4; GB/T 22239 8.1.10.4"),
        Kind("tickets", N_("Requests and complaints"), 365, 365, N_("the closing of the request, unless it is marked as important"),
             N_("contact, subject, what was said, attachments, the words of opinions"), N_("kind, times, department, points, cause"),
             N_("Records of customer service are kept a year, important ones for good (R-C5)."), "PIPL 19"),
        Kind("violations", N_("Violations"), 1825, 365, N_("the closing of the case"),
             N_("name, description, witness, evidence files"), N_("number, rule, severity, decision, times"),
             N_("To judge repeated violations, and to answer claims."), N_("PIPL 13, 19; Civil Code 188")),
        Kind("users", N_("Disabled user accounts"), 1095, 180, N_("the last change of the account"),
             N_("name, e-mail address, phone, password hash"), N_("role, times, what the audit tells"),
             N_("To say who acted, as long as claims can be made."), N_("PIPL 19; Cybersecurity Law 21")),
        Kind("sessions", N_("Sessions, links, addresses"), 180, 180, N_("the end of the session"),
             N_("the whole row, with address and browser"), N_("the sign-in's audit entry"),
             N_("Network logs are kept six months at least."), N_("Cybersecurity Law 21")),
        Kind("messages", N_("E-mails sent, notices on the desk"), 180, 30, N_("the sending"),
             N_("the whole row"), N_("the change that it told of"),
             N_("To find out whether someone was told; then it has served."), N_("PIPL 19")),
        Kind("evidence_packs", N_("Evidence packs"), 1095, 365, N_("the making"),
             N_("the ZIP's content"), N_("period, checksum, fingerprint, who asked"),
             N_("Auditors come back to a year's evidence; it can be made anew from the records."), "PCI DSS 10.5.1; SOC 2 CC6.4"),
        Kind("audit", N_("Audit"), None, 365, N_("the entry"), N_("nothing"), N_("every entry"),
             N_("An entry that is taken out breaks the chain that proves the others; names in it are what it is for."),
             N_("PIPL 13 (3), 47; Cybersecurity Law 21; PCI DSS 10.5.1"), fixed=True),
    )
}  # fmt: skip


def why_not_period(kind: Kind, days: int | None, *, for_good: bool) -> Refusal | None:
    """Why a period cannot be set."""
    if kind.fixed:
        return FIXED
    if for_good:
        return None
    if days is None:
        return DAYS_MISSING
    if days < kind.least:
        return BELOW_MINIMUM(least=kind.least)
    return TOO_LONG(most=MOST_DAYS) if days > MOST_DAYS else None
