"""The words for every audit tag: those of the lifecycles come from their tables, the others stand here."""

from __future__ import annotations

from portal.accounts.lifecycle import USER
from portal.badges.lifecycle import BADGE
from portal.clients.rules import CLIENT_KINDS, DOCUMENT_KINDS
from portal.conduct.lifecycle import VIOLATION
from portal.conduct.rules import BROKEN, SEVERITIES
from portal.contracts.lifecycle import CONTRACT
from portal.emergencies.lifecycle import EMERGENCY
from portal.emergencies.rules import CHANNELS
from portal.equipment.lifecycle import EQUIPMENT
from portal.evidence.lifecycle import EVIDENCE_PACK
from portal.exits.lifecycle import EXIT
from portal.gate.offline.lifecycle import OFFLINE_MISTAKE
from portal.kernel.i18n import N_, _
from portal.kernel.lifecycle import Lifecycle
from portal.kernel.policy import ROLE_LABELS
from portal.reviews.lifecycle import ACCESS_REVIEW
from portal.shifts.lifecycle import SHIFT
from portal.tickets.lifecycle import TICKET
from portal.tickets.rules import CHANNELS as TICKET_CHANNELS
from portal.tickets.rules import PRIORITIES, WAYS
from portal.visits.lifecycle import EXTENSION, VISIT, VISITOR
from portal.visits.rules import BY_HAND
from portal.workorders.lifecycle import ITEM, WORK_ORDER

LIFECYCLES: tuple[Lifecycle, ...] = (
    USER,
    CONTRACT,
    WORK_ORDER,
    ITEM,
    EQUIPMENT,
    BADGE,
    EXIT,
    VISIT,
    VISITOR,
    EXTENSION,
    VIOLATION,
    ACCESS_REVIEW,
    OFFLINE_MISTAKE,
    EMERGENCY,
    SHIFT,
    EVIDENCE_PACK,
    TICKET,
)

OTHERS: dict[str, str] = {
    "accounts.signed_in": N_("Signed in"),
    "accounts.locked": N_("Locked after failed sign-ins"),
    "accounts.second_factor_on": N_("Second factor set up"),
    "accounts.second_factor_off": N_("Second factor turned off"),
    "accounts.second_factor_removed": N_("Second factor removed"),
    "accounts.recovery_codes_renewed": N_("Recovery codes made anew"),
    "accounts.password_changed": N_("Password changed"),
    "accounts.reset_asked": N_("Password reset asked for"),
    "accounts.session_ended": N_("Session ended"),
    "accounts.profile_changed": N_("Profile changed"),
    "accounts.role_changed": N_("Role changed"),
    "accounts.invited_again": N_("Invitation sent again"),
    "rules.published": N_("Rules text published"),
    "rules.accepted": N_("Rules text accepted"),
    "client.registered": N_("Client registered"),
    "client.changed": N_("Client's data changed"),
    "client.number_revealed": N_("Registration number shown in full"),
    "contact.added": N_("Contact added"),
    "contact.changed": N_("Contact changed"),
    "contact.removed": N_("Contact removed"),
    "person.added": N_("Person added"),
    "person.changed": N_("Person's data changed"),
    "person.left": N_("Person left"),
    "person.taken_back": N_("Person is back"),
    "person.number_revealed": N_("Document number shown in full"),
    "file.uploaded": N_("File uploaded"),
    "file.opened": N_("File opened"),
    "contract.changed": N_("Contract's terms changed"),
    "contract.renewed": N_("Renewed"),
    "contract.end_announced": N_("End announced"),
    "contract.document_added": N_("Document added"),
    "contract.racks_changed": N_("Granted racks changed"),
    "facility.site_added": N_("Site added"),
    "facility.site_changed": N_("Site changed"),
    "facility.room_added": N_("Room added"),
    "facility.room_changed": N_("Room changed"),
    "facility.rack_added": N_("Rack added"),
    "facility.rack_changed": N_("Rack changed"),
    "facility.units_reserved": N_("Rack units reserved"),
    "facility.units_unreserved": N_("Reservation of rack units ended"),
    "calendar.day_set": N_("Day of the calendar entered"),
    "calendar.day_cleared": N_("Day of the calendar taken back"),
    "freeze.made": N_("Freeze made"),
    "freeze.lifted": N_("Freeze lifted"),
    "rota.week_set": N_("Week of the rota entered"),
    "channel.added": N_("Chat channel added"),
    "channel.changed": N_("Chat channel changed"),
    "channel.switched_on": N_("Chat channel switched on"),
    "channel.switched_off": N_("Chat channel switched off"),
    "channel.tested": N_("Test message sent"),
    "emergency.told": N_("Supervisor told"),
    "emergency.identified": N_("Document seen at the gate"),
    "emergency.person_entered": N_("Another person entered"),
    "emergency.person_left": N_("A person left, others are still inside"),
    "emergency.person_withdrawn": N_("Person may not go in any more"),
    "emergency.report_overdue": N_("Report overdue, reminded"),
    "network.prefix_added": N_("Prefix added"),
    "network.prefix_changed": N_("Prefix changed"),
    "network.range_reserved": N_("Addresses reserved"),
    "network.range_unreserved": N_("Reservation of addresses ended"),
    "network.switch_added": N_("Switch added"),
    "network.switch_changed": N_("Switch changed"),
    "network.ports_added": N_("Ports added"),
    "network.port_changed": N_("Port changed"),
    "network.imported": N_("Imported from a list"),
    "equipment.changed": N_("Equipment's data changed"),
    "equipment.exported": N_("Equipment list exported"),
    "model.added": N_("Model added to the catalogue"),
    "model.changed": N_("Model changed"),
    "work_order.changed": N_("Work order changed"),
    "work_order.item_refused": N_("Item refused"),
    "work_order.extra_refused": N_("Something not on the list refused"),
    "badge.changed": N_("Application changed"),
    "badge.printed": N_("Printed"),
    "badge.card_back": N_("Card came back"),
    "visit.printed": N_("Passes printed"),
    "visit.hours_changed": N_("Visiting hours changed"),
    "visit.hours_lifted": N_("Visiting hours lifted"),
    "visit.rule_changed": N_("Approval by rule changed"),
    "exit.changed": N_("Application changed"),
    "exit.line_agreed": N_("Line agreed with the records"),
    "exit.line_disagreed": N_("Line's agreement taken back"),
    "exit.printed": N_("Printed"),
    "exit.back_at_gate": N_("Return booked in at the gate"),
    "exit.item_returned": N_("Item back in its place"),
    "exit.item_replaced": N_("Item replaced"),
    "exit.item_written_off": N_("Item will not come back"),
    "exit.overdue": N_("Return overdue"),
    "violation.evidence_added": N_("Evidence added"),
    "violation.person_named": N_("Person named"),
    "violation.suspension_over": N_("Suspension of entry over"),
    "violation.printed": N_("Printed"),
    "conduct.barred": N_("No access at present"),
    "conduct.unbarred": N_("Access possible again"),
    "person.barred": N_("No access at present"),
    "person.unbarred": N_("Access possible again"),
    "retention.changed": N_("Retention period changed"),
    "retention.carried_out": N_("Personal data removed, its retention was over"),
    "person.exported": N_("Everything held on the person handed out"),
    "access_review.chased": N_("Asked after"),
    "access_review.kept_last": N_("Not suspended: the last account of its role"),
    "access_review.line_confirmed": N_("Access confirmed"),
    "access_review.line_removed": N_("Access removed"),
    "access_review.line_suspended": N_("Not confirmed in time: suspended"),
    "access_review.line_ended": N_("Was over already"),
    "ticket.said": N_("Message added"),
    "ticket.noted": N_("Note for staff added"),
    "ticket.taken": N_("Taken in hand"),
    "ticket.handed_over": N_("Handed over"),
    "ticket.sorted": N_("Sorted anew"),
    "ticket.merged_here": N_("Another request merged into it"),
    "ticket.near": N_("Near its deadline, told"),
    "ticket.late": N_("Deadline missed, told"),
    "ticket.unanswered": N_("No first answer in time, told"),
    "ticket.serious": N_("Called serious"),
    "ticket.judged": N_("Judged"),
    "ticket.extended": N_("More time granted"),
    "ticket.action_added": N_("Corrective action added"),
    "ticket.action_done": N_("Corrective action done"),
    "ticket.action_checked": N_("Corrective action works"),
    "ticket.action_back": N_("Corrective action to be done again"),
    "ticket.opinion": N_("Opinion given"),
    "ticket.kept": N_("To be kept for good"),
    "ticket.not_kept": N_("No longer to be kept for good"),
    "ticket_settings.kind_added": N_("Kind of request added"),
    "ticket_settings.kind_changed": N_("Kind of request changed"),
    "ticket_settings.head_named": N_("Head of department named"),
    "ticket_settings.hours_changed": N_("The desk's hours changed"),
    "ticket_settings.text_set": N_("Ready answer kept"),
    "presence.overstay": N_("Inside past their time"),
    "presence.extended": N_("Stay extended"),
    "offline_release.allowed": N_("Release without a network allowed"),
    "offline_release.ended": N_("Release without a network ended"),
}

# What the details of an entry are called: the names under which `before` and `after` hold their values.
FIELDS: dict[str, str] = {
    "active": N_("Approval by rule"),
    "address": N_("Address"),
    "answer_term": N_("First answer within"),
    "arrives_at": N_("Arrives"),
    "asset_tag": N_("Asset tag"),
    "assignee": N_("To whom"),
    "bandwidth_mbps": N_("Bandwidth (Mbit/s)"),
    "because_of": N_("Because of"),
    "by_hand": N_("Why a person decides"),
    "called": N_("Called at"),
    "caller": N_("Caller"),
    "channel": N_("Asked by way of"),
    "client": N_("Client"),
    "closes": N_("Closes"),
    "days": N_("Days"),
    "department": N_("Department"),
    "deputy": N_("Deputy"),
    "description": N_("Description"),
    "document": N_("Document number"),
    "document_kind": N_("Document"),
    "due": N_("Due"),
    "due_on": N_("Due on"),
    "duty": N_("Responsible for"),
    "email": N_("E-mail"),
    "employer": N_("Employer"),
    "ends_at": N_("Ends at"),
    "ends_on": N_("Last day"),
    "escorted": N_("Escorted"),
    "exception": N_("Exception asked for"),
    "equipment": N_("Equipment"),
    "face": N_("Face"),
    "failures": N_("Failed attempts"),
    "file": N_("File"),
    "files": N_("Files"),
    "first": N_("From address"),
    "for": N_("For"),
    "from": N_("From"),
    "gateway": N_("Gateway"),
    "height_u": N_("Height (U)"),
    "hours_most": N_("Hours at most"),
    "into": N_("Goes on in"),
    "ips_per_server": N_("IP addresses per server"),
    "ips_total": N_("IP addresses in all"),
    "item": N_("Item"),
    "items": N_("Items"),
    "kind": N_("Kind"),
    "lapses": N_("Lapses"),
    "last": N_("To address"),
    "line": N_("Line"),
    "locale": N_("Language"),
    "measure_ban": N_("Ban"),
    "measure_note": N_("Noted, nothing follows"),
    "measure_police": N_("Handed to the police"),
    "measure_suspension": N_("Suspension of entry"),
    "measure_warning": N_("Warning"),
    "model": N_("Model"),
    "model_agrees": N_("Model agrees"),
    "name": N_("Name"),
    "new": N_("New serial number"),
    "new_address": N_("New address"),
    "note": N_("Note"),
    "opens": N_("Opens"),
    "opens_rack": N_("Opens a rack"),
    "owner": N_("By whom"),
    "people": N_("People"),
    "people_most": N_("People at most"),
    "person": N_("Person"),
    "phone": N_("Phone"),
    "place": N_("Place"),
    "ports": N_("Ports"),
    "ports_per_server": N_("Network ports per server"),
    "ports_total": N_("Network ports in all"),
    "power_w": N_("Power (W)"),
    "priority": N_("Priority"),
    "purpose": N_("Purpose"),
    "racks": N_("Whole racks"),
    "received": N_("Came in"),
    "reference": N_("Reference"),
    "registration": N_("Registration number"),
    "released": N_("Released"),
    "role": N_("Role"),
    "room": N_("Room"),
    "row": N_("Row"),
    "rule": N_("Rule broken"),
    "sales": N_("Sales contact"),
    "score": N_("Points"),
    "serial": N_("Serial number"),
    "serials": N_("Serial numbers"),
    "service": N_("Kind of chat"),
    "sessions": N_("Sessions ended"),
    "settle_term": N_("Settled within"),
    "severity": N_("Severity"),
    "sha256": N_("Checksum (SHA-256)"),
    "site": N_("Site"),
    "size": N_("Size (bytes)"),
    "slot_minutes": N_("Slots (minutes)"),
    "slot": N_("Place among the client's badges"),
    "starts_at": N_("Begins at"),
    "starts_on": N_("First day"),
    "state": N_("State"),
    "stayed": N_("Stayed inside"),
    "step": N_("Round"),
    "supervisor": N_("Supervisor"),
    "theme": N_("Theme"),
    "title": N_("Title"),
    "told": N_("Told"),
    "units": N_("Rack units"),
    "units_granted": N_("Rack units"),
    "unpacked": N_("Unpacked"),
    "until": N_("Until"),
    "upheld": N_("Justified"),
    "valid_until": N_("Valid until"),
    "version": N_("Version"),
    "visits_a_week": N_("Visits a week at most"),
    "vlan": N_("VLAN"),
    "way": N_("How"),
    "what": N_("What is done"),
    "working": N_("Working day"),
    "weekdays": N_("Weekdays"),
    "why": N_("Reason"),
    "working_days_only": N_("Working days only"),
}

# Words for values that are keys, by the name of the detail.
VALUES: dict[str, dict[str, str]] = {
    "by_hand": BY_HAND,
    "channel": CHANNELS | TICKET_CHANNELS,
    "document_kind": DOCUMENT_KINDS,
    "kind": CLIENT_KINDS | {"withdrawal": N_("Withdrawal"), "repair": N_("Repair"), "replacement": N_("Replacement")},
    "purpose": {
        "badge_photo": N_("Photo"),
        "identity_copy": N_("Copy of the identity document"),
        "letter": N_("Letter of introduction"),
        "contract_document": N_("Contract document"),
        "evidence_pack": N_("Evidence pack"),
        "evidence": N_("Evidence"),
        "appeal": N_("Paper of an appeal"),
        "ticket": N_("Attachment of a request"),
        "ticket_internal": N_("Attachment for staff alone"),
    },
    "priority": PRIORITIES,
    "rule": BROKEN,
    "severity": SEVERITIES,
    "role": {role.value: label for role, label in ROLE_LABELS.items()},
    "way": WAYS,
    "theme": {"auto": N_("As the device is set"), "light": N_("Light"), "dark": N_("Dark")},
}


def all_tags() -> dict[str, str]:
    """Tag -> English words (marked for translation)."""
    found = dict(OTHERS)
    for lifecycle in LIFECYCLES:
        found |= {lifecycle.tag(action.key): action.told for action in lifecycle.actions.values()}
    return found


_WORDS = all_tags()


def told(tag: str) -> str:
    """A tag in the reader's words; an unknown one as it is."""
    words = _WORDS.get(tag)
    return str(_(words)) if words else tag


def field_label(name: str) -> str:
    """What a detail is called, in the reader's words; one without words by its own name."""
    words = FIELDS.get(name)
    return str(_(words)) if words else name


def value_text(name: str, value: object) -> str:
    """A detail's value in the reader's words."""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if name == "because_of":
        return told(str(value))
    words = VALUES.get(name, {}).get(str(value))
    if words:
        return str(_(words))
    return "" if value is None else str(value)
