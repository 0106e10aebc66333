"""The pages of badges."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.audit.queries import timeline
from portal.badges import pdf, queries, rules, services
from portal.badges.forms import ApplicationForm, IssueForm
from portal.badges.lifecycle import BADGE
from portal.badges.models import Badge
from portal.clients import queries as clients
from portal.clients.models import Client
from portal.contracts import queries as contracts
from portal.files import queries as files
from portal.kernel import clock, ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import Forbidden, NotFound, Refusal
from portal.kernel.formats import day, due, mask
from portal.kernel.i18n import _, _l
from portal.kernel.policy import Permission, allow
from portal.kernel.tables import Choice, Column, DateRange, Table, Text
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

bp = Blueprint("badges", __name__, url_prefix="/badges")
BLUEPRINTS = [bp]

BADGES = Table[Badge](
    "badges",
    id=Badge.id,
    default_sort="-number",
    columns=[
        Column("number", _l("Number"), sort=Badge.number, code=True, primary=True),
        Column("holder", _l("Holder"), cell=lambda b: b.person.name),
        Column("client", _l("Client"), cell=lambda b: b.client.name),
        Column("state", _l("State"), cell=state_view, sub=lambda b: due(queries.review_due(b))),
        Column("created_at", _l("Applied on"), export=lambda b: b.created_at),
        Column("valid_until", _l("Valid until")),
    ],
    filters=[
        Choice("state", _l("State"), column=Badge.state, options=lambda: [(s.key, _(s.label)) for s in BADGE.states.values()]),
        Text("q", _l("Number or name"), where=queries.badge_like),
        DateRange("until", _l("Valid until"), Badge.valid_until),
    ],
    for_staff=("client",),
    row_url=lambda b: url_for("badges.show", badge_id=b.id),
)


@bp.get("/")
@allow(Permission.BADGE_READ)
def index() -> ResponseReturnValue:
    if request.args.get("export"):
        return BADGES.export(session(), queries.select_badges(actor()), request.args, request.args["export"])
    found = BADGES.read(session(), queries.select_badges(actor()), request.args, lambda **kw: url_for("badges.index", **kw))
    unprinted = len(queries.to_print(actor())) if actor().may(Permission.BADGE_PRINT) else 0
    return page("badges/index.html", found=found, unprinted=unprinted)


@bp.route("/apply", methods=["GET", "POST"])
@allow(Permission.BADGE_APPLY)
def apply() -> ResponseReturnValue:
    """A new application. Customer service names the client first; `replaces` names the lost badge that it stands in for."""
    client = _client_asked_for()
    if client is None:
        return page(
            "_layout/choose_client.html",
            title=_("Apply for a badge"),
            crumbs=[(_("Badges"), url_for("badges.index")), (_("Apply"), None)],
            choice=clients.client_choices(actor(), request.args),
        )
    replaced_id = id_argument("replaces")
    replaced = queries.get_badge(actor(), replaced_id) if replaced_id else None
    # A replacement is for the same holder, unless they say otherwise; photo and document are kept, the letter is a new one (R-B5).
    same = (
        {"person": ids.to_text(replaced.person_id), "photo": replaced.photo_id, "identity_copy": replaced.identity_copy_id}
        if replaced
        else {}
    )
    form = ApplicationForm(data=same)
    in_force = contracts.contracts_in_force(client.id, clock.today())
    people = queries.holders(client.id)
    form.offer(client, people, in_force, replaces_lost=replaced is not None)
    if form.validate_on_submit():
        command = form.command(client.id, replaced.id if replaced else None)
        done = submit(
            form,
            lambda: services.apply_for_badge(command, actor(), clock.now()),
            then=lambda badge: url_for("badges.show", badge_id=badge.id),
            said=lambda badge: _("Application %(number)s was sent. You will hear from customer service.", number=badge.number),
        )
        if done is not None:
            return done
    left = queries.places_left(client)
    blocked: Refusal | None = (
        rules.NO_CONTRACT if not in_force else rules.why_not_room_for_one_more(client.kind, rules.limit(client.kind) - left)
    )
    refused = [blocked.code] if blocked is not None else []
    return page("badges/apply.html", form, refused=refused, client=client, left=left, blocked=blocked, people=people, replaced=replaced)


@bp.get("/<id:badge_id>")
@allow(Permission.BADGE_READ)
def show(badge_id: uuid.UUID) -> ResponseReturnValue:
    badge = queries.get_badge(actor(), badge_id)
    blocked: dict[str, Refusal | None] = {}
    if badge.state in ("under_review", "suspended"):
        without = rules.NO_CONTRACT if services.last_contract_day(badge, clock.now()) is None else None
        blocked = {"issue": without, "resume": without}
    successor = queries.replacement_of(badge) if badge.state == "lost" else None
    papers = files.files_by_id(actor(), (badge.identity_copy_id, badge.letter_id))
    return page(
        "badges/show.html",
        badge=badge,
        state=state_view(badge),
        actions=_actions(badge, blocked, replaced=successor is not None),
        why_blocked=blocked.get("issue" if badge.state == "under_review" else "resume"),
        successor=successor,
        predecessor=queries.get_badge(actor(), badge.replaces_id) if badge.replaces_id else None,
        papers=[(paper.filename, url_for("files.show", file_id=paper.id)) for paper in papers.values()],
        document=mask(badge.person.document_number),
        happened=timeline(("badge", badge.id)),
        card_is_out=_card_is_out(badge),
    )


@bp.route("/<id:badge_id>/<action>", methods=["GET", "POST"])
@allow(*(Permission(a.permission) for a in BADGE.actions.values() if a.offered))
def act(badge_id: uuid.UUID, action: str) -> ResponseReturnValue:
    """The page of one action of the lifecycle."""
    badge = queries.get_badge(actor(), badge_id)
    back, now = url_for("badges.show", badge_id=badge.id), clock.now()
    if action == "resend":
        if not actor().may(BADGE.actions["resend"].permission):
            raise Forbidden(action)
        return _resend(badge, back)
    if action == "issue":
        last = services.last_contract_day(badge, now)
        notes = [_("The contract ends on %(day)s; the badge is valid at most until then.", day=day(last))] if last else []
        return action_page(
            badge,
            "issue",
            lambda form: services.issue(badge, form.valid_until.data, actor(), now),
            back=back,
            form_class=IssueForm,
            defaults={"valid_until": last},
            notes=notes,
        )
    if action == "report_lost":
        notes = [_("The badge is dead from the moment you confirm. A replacement needs a letter that says it was lost.")]
        return action_page(badge, action, lambda _form: services.report_lost(badge, actor(), now), back=back, notes=notes)
    if action == "take_back":
        return action_page(badge, action, lambda _form: services.take_back(badge, actor(), now), back=back)
    with_reason = {
        "ask_correction": services.ask_correction,
        "refuse": services.refuse,
        "suspend": services.suspend,
        "resume": services.resume,
        "cancel": services.cancel,
    }
    if action not in with_reason:
        raise NotFound(action)
    dies = action == "cancel" and badge.state in ("issued", "suspended")
    notes = [_("The badge is dead from the moment you confirm, and the card has to be returned.")] if dies else []
    return action_page(badge, action, lambda form: with_reason[action](badge, form.reason.data, actor(), now), back=back, notes=notes)


@bp.route("/<id:badge_id>/hand-on", methods=["GET", "POST"])
@allow(Permission.BADGE_CANCEL)
def hand_on(badge_id: uuid.UUID) -> ResponseReturnValue:
    """The holder leaves: kill this badge and apply for the next holder, in one go (R-B6)."""
    badge = queries.get_badge(actor(), badge_id)
    if badge.state not in BADGE.actions["hand_on"].sources:
        return redirect(url_for("badges.show", badge_id=badge.id))
    form = ApplicationForm()
    people = queries.holders(badge.client_id)
    form.offer(badge.client, people, contracts.contracts_in_force(badge.client_id, clock.today()))
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.hand_on(badge, form.command(badge.client_id), actor(), clock.now()),
            then=lambda made: url_for("badges.show", badge_id=made.id),
            said=lambda made: _("%(old)s is dead. Application %(new)s was sent for the next holder.", old=badge.number, new=made.number),
        )
        if done is not None:
            return done
    return page("badges/hand_on.html", form, badge=badge, client=badge.client, people=people)


@bp.post("/<id:badge_id>/card-back")
@allow(Permission.BADGE_TAKE_BACK)
def card_back(badge_id: uuid.UUID) -> ResponseReturnValue:
    """Books in the card of a badge that is over already."""
    badge = queries.get_badge(actor(), badge_id)
    with transaction():
        services.book_card_back(badge, actor(), clock.now())
    flash(_("The card of %(number)s is booked in.", number=badge.number), "ok")
    return redirect(url_for("badges.show", badge_id=badge.id))


@bp.get("/<id:badge_id>/badge.pdf")
@allow(Permission.BADGE_PRINT)
def print_card(badge_id: uuid.UUID) -> ResponseReturnValue:
    badge = queries.get_badge(actor(), badge_id)
    if badge.state != "issued":
        raise NotFound(badge_id)
    content = pdf.card(badge, settings(), chosen_locale())
    with transaction():
        services.note_printed([badge], actor(), clock.now())
    return answer_pdf(content, badge.number)


@bp.get("/sheet.pdf")
@allow(Permission.BADGE_PRINT)
def print_sheet() -> ResponseReturnValue:
    """Every issued badge that was not printed yet, on A4 sheets of ten."""
    badges = queries.get_badges(actor(), [badge.id for badge in queries.to_print(actor())])
    if not badges:
        flash(_("Every issued badge has been printed."), "rest")
        return redirect(url_for("badges.index"))
    content = pdf.sheet(badges, settings(), chosen_locale())
    with transaction():
        services.note_printed(badges, actor(), clock.now())
    return answer_pdf(content, "badges")


def _actions(badge: Badge, blocked: dict[str, Refusal | None], *, replaced: bool) -> list[ActionView]:
    """All that this actor may do with the badge; the one next step is primary: print a new card, replace a lost one."""
    may, bid = actor().may, badge.id
    actions = []
    if badge.state == "issued" and may(Permission.BADGE_PRINT):
        printed = badge.printed_at is not None
        actions.append(ActionView(_("Print card"), url_for("badges.print_card", badge_id=bid), primary=not printed))
    if badge.state == "lost" and not replaced and may(Permission.BADGE_APPLY):
        url = url_for("badges.apply", client=ids.to_text(badge.client_id), replaces=ids.to_text(bid))
        actions.append(ActionView(_("Apply for a replacement"), url, primary=True))
    if badge.state == "lost" and _card_is_out(badge) and may(Permission.BADGE_TAKE_BACK):
        actions.append(ActionView(_("The card was found: book it in"), url_for("badges.card_back", badge_id=bid), method="post"))
    if badge.state in BADGE.actions["hand_on"].sources and may(Permission.BADGE_CANCEL):
        actions.append(ActionView(_("Hand on"), url_for("badges.hand_on", badge_id=bid)))
    return [*actions, *offered_actions(badge, lambda key: url_for("badges.act", badge_id=bid, action=key), blocked)]


def _card_is_out(badge: Badge) -> bool:
    return badge.issued_at is not None and badge.card_back_at is None and badge.state not in ("issued", "suspended")


def _resend(badge: Badge, back: str) -> ResponseReturnValue:
    form = ApplicationForm(data={"person": ids.to_text(badge.person_id), "photo": badge.photo_id, "identity_copy": badge.identity_copy_id,
                                 "letter": badge.letter_id, "contracts": [ids.to_text(g.contract_id) for g in badge.grants]})  # fmt: skip
    if badge.state != "needs_correction":
        return redirect(back)
    people = [badge.person, *queries.holders(badge.client_id)]
    form.offer(
        badge.client, people, contracts.contracts_in_force(badge.client_id, clock.today()), replaces_lost=badge.replaces_id is not None
    )
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.resend(badge, form.command(badge.client_id, badge.replaces_id), actor(), clock.now()),
            then=lambda _r: back,
            said=_("Corrected and resent."),
        )
        if done is not None:
            return done
    return page("badges/resend.html", form, badge=badge, client=badge.client, people=people)


def _client_asked_for() -> Client | None:
    """A client user applies for the own client; customer service says for which."""
    client_id = actor().client_id or id_argument("client")
    return clients.get_client(actor(), client_id) if client_id else None
