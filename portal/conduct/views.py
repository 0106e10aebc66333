"""The pages of violations."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from portal.audit.queries import timeline
from portal.clients import queries as clients
from portal.conduct import finding, pdf, queries, rules, services
from portal.conduct.forms import AppealForm, DecisionForm, EvidenceForm, NameForm, RecordForm, decided_before
from portal.conduct.lifecycle import OPEN, VIOLATION
from portal.conduct.models import Violation
from portal.facility import queries as facility
from portal.files import queries as files
from portal.gate.models import GateEvent, Presence
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.errors import Forbidden, NotFound, Refusal
from portal.kernel.formats import due, mask
from portal.kernel.i18n import _, _l
from portal.kernel.policy import Permission, allow
from portal.kernel.tables import Choice, Column, DateRange, Switch, Table, Text
from portal.kernel.web import (
    ActionView,
    action_page,
    actor,
    chosen_locale,
    id_argument,
    offered_actions,
    page,
    settings,
    state_view,
    submit,
)
from portal.kernel.web import pdf as answer_pdf

P = Permission
bp = Blueprint("conduct", __name__, url_prefix="/violations")
BLUEPRINTS = [bp]

VIOLATIONS = Table[Violation](
    "violations",
    id=Violation.id,
    default_sort="-number",
    columns=[
        Column("number", _l("Number"), sort=Violation.number, code=True, primary=True),
        Column("person_name", _l("Person")),
        Column("client", _l("Client"), cell=lambda v: v.client.name),
        Column("rule", _l("Rule broken"), cell=lambda v: _(rules.BROKEN[v.rule])),
        Column("severity", _l("Severity"), cell=lambda v: _(rules.SEVERITIES[v.severity])),
        Column("state", _l("State"), cell=state_view, sub=lambda v: due(queries.due_of(v))),
        Column("happened_at", _l("Happened"), sort=Violation.happened_at),
    ],
    filters=[
        Text("q", _l("Number or name"), where=queries.violation_like),
        Choice("state", _l("State"), column=Violation.state, options=lambda: [(s.key, _(s.label)) for s in VIOLATION.states.values()]),
        Choice("severity", _l("Severity"), column=Violation.severity, options=lambda: [(k, _(v)) for k, v in rules.SEVERITIES.items()]),
        Choice("rule", _l("Rule broken"), column=Violation.rule, options=lambda: [(k, _(v)) for k, v in rules.BROKEN.items()]),
        Switch("barred", _l("Barred now"), where=lambda: queries.bars_now(clock.now())),
        DateRange("happened", _l("Happened"), Violation.happened_at),
    ],
    for_staff=("client",),
    row_url=lambda v: url_for("conduct.show", violation_id=v.id),
)


@bp.get("/")
@allow(P.VIOLATION_READ, P.VIOLATION_RECORD)
def index() -> ResponseReturnValue:
    statement = queries.select_violations(actor())
    if request.args.get("export"):
        return VIOLATIONS.export(session(), statement, request.args, request.args["export"])
    found = VIOLATIONS.read(session(), statement, request.args, lambda **kw: url_for("conduct.index", **kw))
    return page("conduct/index.html", found=found)


@bp.route("/record", methods=["GET", "POST"])
@allow(P.VIOLATION_RECORD)
def record() -> ResponseReturnValue:
    """A new record. `person`, else `client` (someone unknown), says against whom; `event` and `stay`
    are what it began with at the gate."""
    event = _event_asked_for()
    stay = _stay_asked_for(event)
    person_id = id_argument("person") or (event.person_id if event else None) or (stay.person_id if stay else None)
    person = clients.get_person(actor(), person_id) if person_id else None
    client_id = person.client_id if person else id_argument("client") or _client_of(event, stay)
    if client_id is None:
        return _choose()
    client = person.client if person else clients.get_client(actor(), client_id)
    room_id = id_argument("room") or (event.room_id if event else None) or (stay.room_id if stay else None)
    begun = clock.local(event.created_at if event else clock.now()).replace(tzinfo=None, second=0, microsecond=0)
    name = stay.person_name if stay else event.person_name if event else ""
    form = RecordForm(data={"happened_at": begun, "room": ids.to_text(room_id) if room_id else "", "person_name": name})
    form.offer([(ids.to_text(room.id), room.code) for room in facility.rooms()], known=person is not None)
    if form.validate_on_submit():
        command = form.command(client.id, person.id if person else None, event.id if event else None)
        command = replace(command, stay_id=stay.id if stay else None)
        done = submit(
            form,
            lambda: services.record(command, actor(), clock.now()),
            then=lambda made: url_for("conduct.show", violation_id=made.id),
            said=lambda made: _("Violation %(number)s is recorded. The supervisor decides on it.", number=made.number),
        )
        if done is not None:
            return done
    return page("conduct/record.html", form, person=person, client=client, event=event)


@bp.get("/<id:violation_id>")
@allow(P.VIOLATION_READ, P.VIOLATION_RECORD)
def show(violation_id: uuid.UUID) -> ResponseReturnValue:
    violation, now = queries.get_violation(actor(), violation_id), clock.now()
    decisions, ban = queries.decisions_of(violation), queries.ban_of(violation)
    happened = timeline(("violation", violation.id))
    if actor().is_client:
        # What staff did and wrote before the decision is not the client's to read.
        decided = VIOLATION.actions["decide"].told
        happened = happened[: next((place for place, entry in enumerate(happened, 1) if entry.text == _(decided)), 0)]
    evidence = files.files_by_id(actor(), queries.file_ids(violation, "evidence"))
    papers = files.files_by_id(actor(), queries.file_ids(violation, "appeal"))
    appeal = queries.appeal_of(violation)
    people = [violation.recorded_by_id, *(made.decided_by_id for made in decisions), *([appeal.appealed_by_id] if appeal else [])]
    blocked = _blocked(violation)
    return page(
        "conduct/show.html",
        violation=violation,
        state=state_view(violation),
        actions=_actions(violation, blocked),
        why_blocked=next((why for why in blocked.values() if why is not None), None),
        decisions=decisions,
        measures=rules.MEASURES,
        broken=_(rules.BROKEN[violation.rule]),
        severity=_(rules.SEVERITIES[violation.severity]),
        ban=ban,
        bars=ban is not None and ban.ended_at is None and (ban.until_at is None or ban.until_at > now),
        last_day=clock.today(ban.until_at - timedelta(seconds=1)) if ban is not None and ban.until_at is not None else None,
        appeal=appeal,
        names=queries.names_of(people),
        document=mask(violation.person.document_number) if violation.person else None,
        evidence=[(file.filename, url_for("files.show", file_id=file.id)) for file in evidence.values()],
        papers=[(file.filename, url_for("files.show", file_id=file.id)) for file in papers.values()],
        appeal_due=queries.due_of(violation),
        happened=happened,
    )


@bp.route("/<id:violation_id>/evidence", methods=["GET", "POST"])
@allow(P.VIOLATION_RECORD)
def add_evidence(violation_id: uuid.UUID) -> ResponseReturnValue:
    """One more file, up to ten."""
    violation = queries.get_violation(actor(), violation_id)
    back, form = url_for("conduct.show", violation_id=violation.id), EvidenceForm()
    if form.validate_on_submit():
        work = lambda: services.add_evidence(violation, form.file.data, actor(), clock.now())  # noqa: E731
        done = submit(form, work, then=lambda _r: back, said=_("Evidence added."))
        if done is not None:
            return done
    return page("conduct/evidence.html", form, violation=violation, back=back)


@bp.route("/<id:violation_id>/person", methods=["GET", "POST"])
@allow(P.VIOLATION_RECORD)
def name_person(violation_id: uuid.UUID) -> ResponseReturnValue:
    """Says who it was, once that is known."""
    violation = queries.get_violation(actor(), violation_id)
    back, form = url_for("conduct.show", violation_id=violation.id), NameForm()
    people = clients.people_of(actor(), violation.client_id)
    form.person.choices = [("", _("Choose …"))] + [
        (ids.to_text(p.id), _("%(name)s (document ends in %(tail)s)", name=p.name, tail=p.document_tail)) for p in people
    ]
    if form.validate_on_submit():
        work = lambda: services.name_person(violation, ids.from_text(form.person.data), actor(), clock.now())  # noqa: E731
        done = submit(form, work, then=lambda _r: back, said=_("The person is named."))
        if done is not None:
            return done
    return page("conduct/person.html", form, violation=violation, back=back)


@bp.get("/<id:violation_id>/decision.pdf")
@allow(P.VIOLATION_READ)
def print_decision(violation_id: uuid.UUID) -> ResponseReturnValue:
    """The decision on paper (违规处理决定), as it holds now."""
    violation = queries.get_violation(actor(), violation_id)
    if not queries.decisions_of(violation):
        raise NotFound(violation_id)
    return answer_pdf(pdf.decision(violation, settings(), chosen_locale()), violation.number)


@bp.route("/<id:violation_id>/<action>", methods=["GET", "POST"])
@allow(*dict.fromkeys(P(a.permission) for a in VIOLATION.actions.values() if a.offered and a.sources))
def act(violation_id: uuid.UUID, action: str) -> ResponseReturnValue:
    """The page of one action of the lifecycle."""
    violation = queries.get_violation(actor(), violation_id)
    back, now = url_for("conduct.show", violation_id=violation.id), clock.now()
    if action == "appeal":
        return action_page(
            violation, action, lambda form: services.appeal(violation, form.command(), actor(), now),
            back=back, form_class=AppealForm, template="conduct/appeal.html",
        )  # fmt: skip
    if action in ("decide", "reduce"):
        if not actor().may(P.VIOLATION_DECIDE):
            raise Forbidden(action)
        work = {"decide": services.decide, "reduce": services.reduce}[action]
        notes = [_("Whatever bars the person bars at once: badges, visits and emergencies of every client they come for.")]
        if violation.document_hash is None:
            notes.append(_("Nobody knows yet who it was, so entry cannot be suspended or banned. Name the person first."))
        return action_page(
            violation, action, lambda form: work(violation, form.verdict(), actor(), now), back=back, form_class=DecisionForm, notes=notes,
            defaults=decided_before(violation, queries.outcome_of(violation)) if action == "reduce" else None,
        )  # fmt: skip
    with_reason = {"withdraw": services.withdraw, "uphold": services.uphold, "grant": services.grant, "lift": services.lift}
    if action not in with_reason:
        raise NotFound(action)
    opens = action in ("grant", "lift")
    notes = [_("What was barred is open again from the moment you confirm, as far as nothing else speaks against it.")] if opens else []
    decide = with_reason[action]
    return action_page(violation, action, lambda form: decide(violation, form.reason.data, actor(), now), back=back, notes=notes)


def _event_asked_for() -> GateEvent | None:
    """The gate's event that the record begins with, for who may read the gate's log."""
    event_id = id_argument("event")
    event = session().get(GateEvent, event_id) if event_id and actor().may(P.GATE_LOG_READ) else None
    if event_id and event is None:
        raise NotFound(event_id)
    return event


def _stay_asked_for(event: GateEvent | None) -> Presence | None:
    """The stay that the record is about, or that the event belongs to; for who may read who is inside."""
    stay_id = id_argument("stay")
    if stay_id is None:
        return session().get(Presence, event.presence_id) if event and event.presence_id else None
    stay = session().get(Presence, stay_id) if actor().may(P.PRESENCE_READ) else None
    if stay is None:
        raise NotFound(stay_id)
    return stay


def _client_of(event: GateEvent | None, stay: Presence | None) -> uuid.UUID | None:
    return event.client_id if event and event.client_id else stay.client_id if stay else None


def _choose() -> ResponseReturnValue:
    """Against whom: who is inside, who is found by name, badge or document number, or someone unknown of a client."""
    text = request.args.get("q", "").replace("\0", "").strip()[:60]
    found = finding.people_like(text) if text else []
    inside = finding.inside_now() if not text else []
    return page("conduct/choose.html", q=text, found=found, inside=inside, choice=clients.client_choices(actor(), request.args))


def _blocked(violation: Violation) -> dict[str, Refusal | None]:
    """Why an action of this actor cannot be pressed now."""
    blocked: dict[str, Refusal | None] = {}
    may = actor().may
    if violation.state == "appealed" and may(P.VIOLATION_DECIDE):
        others = queries.other_deciders(violation)
        why = None if rules.may_answer(actor().user_id, violation.decided_by_id, others) else rules.DECIDER_ANSWERS
        blocked = dict.fromkeys(("uphold", "reduce", "grant"), why)
    if violation.state == "decided" and may(P.VIOLATION_APPEAL) and violation.appeal_until and violation.appeal_until < clock.today():
        blocked["appeal"] = rules.TOO_LATE(day=violation.appeal_until)
    return blocked


def _actions(violation: Violation, blocked: dict[str, Refusal | None]) -> list[ActionView]:
    may, vid = actor().may, violation.id
    actions = []
    if violation.decided_at is not None and may(P.VIOLATION_READ):
        actions.append(ActionView(_("Print the decision"), url_for("conduct.print_decision", violation_id=vid)))
    if violation.state in OPEN and may(P.VIOLATION_RECORD):
        actions.append(ActionView(_("Add evidence"), url_for("conduct.add_evidence", violation_id=vid)))
    if violation.state == "recorded" and violation.person_id is None and may(P.VIOLATION_RECORD):
        actions.append(ActionView(_("Name the person"), url_for("conduct.name_person", violation_id=vid)))
    offered = offered_actions(violation, lambda key: url_for("conduct.act", violation_id=vid, action=key), blocked)
    if violation.recorded_by_id != actor().user_id and not may(P.VIOLATION_DECIDE):
        withdraw = url_for("conduct.act", violation_id=vid, action="withdraw")
        offered = [action for action in offered if action.url != withdraw]
    return [*actions, *offered]
