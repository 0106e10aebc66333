"""The pages on which it is set beforehand when visits may begin and end, and what of a client's requests needs no person."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.clients import queries as clients
from portal.clients.models import Client
from portal.kernel import clock
from portal.kernel.db import session, transaction
from portal.kernel.i18n import _, _l
from portal.kernel.lifecycle import State, Tone
from portal.kernel.policy import Permission, allow
from portal.kernel.tables import Column, Switch, Table, Text
from portal.kernel.web import actor, local_name, page, submit
from portal.visits import asking, queries, rules, settings
from portal.visits.blueprint import bp
from portal.visits.forms import HoursForm, RuleForm
from portal.visits.models import ClientVisitRule
from portal.visits.rules import Hours

P = Permission


def _rule_state(row: Any) -> State:
    on = row.ClientVisitRule is not None and row.ClientVisitRule.active
    return State("on", _("On"), Tone.OK) if on else State("off", _("Off"), Tone.REST)


def _amount(row: Any, name: str) -> int | None:
    return getattr(row.ClientVisitRule, name) if row.ClientVisitRule is not None else None


RULES = Table[Any](
    "visit_rules",
    id=Client.id,
    default_sort="name",
    columns=[
        Column("name", _l("Client"), cell=lambda r: r.Client.name, sort=Client.name, primary=True),
        Column("state", _l("Approval by rule"), cell=_rule_state),
        Column("people_most", _l("People at a time"), cell=lambda r: _amount(r, "people_most"), num=True),
        Column("hours_most", _l("Hours at most"), cell=lambda r: _amount(r, "hours_most"), num=True),
        Column("visits_a_week", _l("Visits a week"), cell=lambda r: _amount(r, "visits_a_week"), num=True),
    ],
    filters=[
        Text("q", _l("Search"), where=clients.client_like, hint=_l("Name, number, whole registration number")),
        Switch("on", _l("Approval by rule is on"), where=lambda: ClientVisitRule.active.is_(True)),
    ],
    row_url=lambda r: url_for("visits.client_rule", client_id=r.Client.id),
)


@bp.get("/settings")
@allow(P.VISIT_SETTINGS)
def rules_and_hours() -> ResponseReturnValue:
    g.place = "visits.rules_and_hours"
    statement: Any = queries.select_rules(actor())
    if request.args.get("export"):
        return RULES.export(session(), statement, request.args, request.args["export"])
    found = RULES.read(session(), statement, request.args, lambda **kw: url_for("visits.rules_and_hours", **kw))
    sites = [(site, local_name(site), asking.hours_text(_hours(row)), row is not None) for site, row in queries.sites_with_hours()]
    return page("visits/settings.html", found=found, sites=sites)


@bp.route("/settings/sites/<id:site_id>", methods=["GET", "POST"])
@allow(P.VISIT_SETTINGS)
def site_hours(site_id: uuid.UUID) -> ResponseReturnValue:
    g.place = "visits.rules_and_hours"
    site, row = queries.get_site(site_id)
    hours = _hours(row) if row is not None else Hours(opens=9 * 60, closes=18 * 60, weekdays="12345", slot=30)
    form = HoursForm(
        data={
            "opens": rules.clock_text(hours.opens),
            "closes": rules.clock_text(hours.closes),
            "days": list(hours.weekdays),
            "working_days_only": hours.working_days_only,
            "slot_minutes": hours.slot,
        }
    )
    form.offer()
    back, code = url_for("visits.rules_and_hours"), site.code
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: settings.set_hours(site, form.facts(), actor(), clock.now()),
            then=lambda _none: back,
            said=_("The visiting hours of %(site)s are saved.", site=code),
        )
        if done is not None:
            return done
    return page("visits/site_hours.html", form, site=site, limited=row is not None, back=back)


@bp.post("/settings/sites/<id:site_id>/lift")
@allow(P.VISIT_SETTINGS)
def lift_hours(site_id: uuid.UUID) -> ResponseReturnValue:
    """No limit any more."""
    site, _row = queries.get_site(site_id)
    with transaction():
        settings.lift_hours(site, actor(), clock.now())
        code = site.code
    flash(_("Visits to %(site)s may begin and end at any time.", site=code), "ok")
    return redirect(url_for("visits.rules_and_hours"))


@bp.route("/settings/clients/<id:client_id>", methods=["GET", "POST"])
@allow(P.VISIT_SETTINGS)
def client_rule(client_id: uuid.UUID) -> ResponseReturnValue:
    g.place = "visits.rules_and_hours"
    client = clients.get_client(actor(), client_id)
    form = RuleForm(obj=queries.rule_of(client.id), data={"people_most": 2, "hours_most": 8, "visits_a_week": 2})
    back, name = url_for("visits.rules_and_hours"), client.name
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: settings.set_rule(client, form.facts(), actor(), clock.now()),
            then=lambda _none: back,
            said=_("The rule of %(client)s is saved.", client=name),
        )
        if done is not None:
            return done
    return page("visits/client_rule.html", form, client=client, back=back)


def _hours(row: Any) -> Hours:
    return rules.ALWAYS if row is None else Hours(row.opens, row.closes, row.weekdays, row.working_days_only, row.slot_minutes)
