"""Every address of the portal × every method it answers, with records that are there: what the access tests ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from flask import Flask
from werkzeug.routing import Rule

from portal.audit.tags import LIFECYCLES
from tests.scene import Scene

STATIC = {"static", "bootstrap.static"}
ASKED = ("GET", "POST")

# The record that a parameter names: by its own name, unless an endpoint (or an action) asks for one in another state.
USUAL = {
    "badge_id": "badge", "client_id": "client", "contact_id": "contact", "contract_id": "contract", "entry_id": "entry",
    "equipment_id": "equipment", "event_id": "event", "exit_id": "exit", "holder_id": "holder", "item_id": "exit_item", "model_id": "model",
    "mistake_id": "mistake", "release_id": "release",
    "order_id": "order", "pack_id": "pack",
    "pass_id": "badge_pass", "person_id": "person", "port_id": "port", "prefix_id": "prefix", "rack_id": "rack",
    "range_id": "range", "review_id": "access_review", "room_id": "room", "rules_id": "rules", "site_id": "site", "stay_id": "stay",
    "who_id": "emergency_person",
    "channel_id": "channel", "emergency_id": "emergency", "freeze_id": "freeze",
    "switch_id": "switch", "user_id": "user", "violation_id": "violation_decided", "shift_id": "shift",
    "ticket_id": "ticket", "action_id": "ticket_action", "kind_id": "ticket_kind", "department_id": "department", "text_id": "ticket_text",
    "visit_id": "visit", "visitor_id": "visitor", "extension_id": "visit_extension",
}  # fmt: skip
RECORDS: dict[str, dict[str, str]] = {
    "accounts.invite_again": {"user_id": "user_invited"},
    "badges.card_back": {"badge_id": "badge_lost"},
    "conduct.name_person": {"violation_id": "violation_unknown"},
    "contracts.change_draft": {"contract_id": "contract_draft"},
    "emergencies.access_pass": {"emergency_id": "emergency_approved"},
    "emergencies.report": {"emergency_id": "emergency_report_due"},
    "exits.agree": {"exit_id": "exit_reviewing"},
    "exits.book_return": {"exit_id": "exit_out"},
    "exits.put_back": {"exit_id": "exit_back", "item_id": "exit_back_item"},
    "exits.replacement": {"exit_id": "exit_back", "item_id": "exit_back_item"},
    "exits.write_off": {"exit_id": "exit_out", "item_id": "exit_out_item"},
    "gate.identify": {"pass_id": "emergency_pass"},
    "gate.release": {"pass_id": "slip_pass"},
    "gate.someone": {"pass_id": "emergency_pass"},
    "gate.turn_away": {"pass_id": "slip_pass"},
    "tickets.attached": {"file_id": "ticket_file"},
    "tickets.add_action": {"ticket_id": "ticket_complaint"},
    "tickets.call_serious": {"ticket_id": "ticket_complaint"},
    "tickets.check_action": {"ticket_id": "ticket_complaint"},
    "tickets.finish_action": {"ticket_id": "ticket_complaint"},
    "tickets.follow_up": {"ticket_id": "ticket_calmed"},
    "tickets.give_opinion": {"ticket_id": "ticket_settled"},
    "tickets.grant_more_time": {"ticket_id": "ticket_complaint"},
    "tickets.judge": {"ticket_id": "ticket_complaint"},
    "workorders.accept_item": {"item_id": "order_item"},
    "workorders.change": {"order_id": "order_draft"},
    "workorders.plan": {"order_id": "order_issued"},
    "workorders.refuse_item": {"item_id": "order_item"},
}
# Whose lifecycle the actions of a page are, and the record that an action starts from.
ACTIONS = {
    "evidence.act": ("evidence_pack", "pack_id", {"ask_again": "pack_failed"}),
    "accounts.user_action": ("user", "user_id", {"withdraw": "user_invited", "renew": "user_withdrawn", "enable": "user_disabled"}),
    "badges.act": ("badge", "badge_id", {
        "ask_correction": "badge_reviewing", "refuse": "badge_reviewing", "issue": "badge_reviewing", "resend": "badge_correcting",
        "resume": "badge_suspended"}),
    "conduct.act": ("violation", "violation_id", {
        "decide": "violation", "withdraw": "violation", "uphold": "violation_appealed", "reduce": "violation_appealed",
        "grant": "violation_appealed"}),
    "contracts.act": ("contract", "contract_id", {
        "sign": "contract_draft", "cancel": "contract_draft", "resume": "contract_suspended", "close": "contract_ending"}),
    "emergencies.act": ("emergency", "emergency_id", {
        "withdraw": "emergency_approved", "send_back": "emergency_reported", "close": "emergency_reported"}),
    "exits.act": ("exit", "exit_id", {
        "ask_correction": "exit_reviewing", "refuse": "exit_reviewing", "issue": "exit_reviewing", "resend": "exit_correcting"}),
    "gate_offline.act": ("offline_mistake", "mistake_id", {}),
    "shifts.act": ("shift", "shift_id", {"take_over": "shift_handed"}),
    "tickets.act": ("ticket", "ticket_id", {"reopen": "ticket_settled", "close_anyway": "ticket_settled"}),
    "visits.act": ("visit", "visit_id", {
        "ask_correction": "visit_reviewing", "refuse": "visit_reviewing", "approve": "visit_reviewing", "resend": "visit_correcting"}),
    "visits.answer_more_time": ("visit_extension", "extension_id", {}),
    "workorders.act": ("work_order", "order_id", {
        "request": "order_draft", "issue": "order_requested", "send_back": "order_requested", "finish": "order_partly",
        "cancel": "order_issued"}),
}  # fmt: skip
# Pages that are done elsewhere than under their action's name.
ELSEWHERE = {("workorders.act", "prepare"), ("emergencies.act", "report")}
VARIANTS: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "gate_offline.photo": (("photo", {"file_id": "photo"}),),
    "retention.change": (("gate_log", {}),),
    "files.show": tuple(
        (name, {"file_id": name})
        for name in ("photo", "identity_copy", "letter", "document", "file_waiting", "evidence", "appeal", "pack_file")
    ),
    "network.import_": tuple((kind, {}) for kind in ("prefixes", "switches")),
    "network.import_present": tuple((kind, {}) for kind in ("prefixes", "switches")),
    "network.import_template": tuple((kind, {}) for kind in ("prefixes", "switches")),
    "workorders.paper": tuple((paper, {"order_id": "order_partly"}) for paper in ("work-order", "acceptance", "allocation")),
}
FREE = {"kind", "paper", "action"}  # words in an address that are no ids
ORIGINS = ("<id:", "<path:", "<")


@dataclass(frozen=True)
class Attempt:
    """One request. `label` is its line in the matrix; `named` are the records that its address names, by parameter."""

    method: str
    label: str
    endpoint: str
    path: str
    named: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.method} {self.label}"


def attempts(app: Flask, scene: Scene) -> list[Attempt]:
    """All of them, by address."""
    found = [attempt for rule in app.url_map.iter_rules() if rule.endpoint not in STATIC for attempt in _of(rule, scene, app)]
    return sorted(found, key=lambda attempt: (attempt.label, attempt.method))


def _of(rule: Rule, scene: Scene, app: Flask) -> Iterator[Attempt]:
    for word, records in _variants(rule):
        named = {name: records.get(name) or USUAL[name] for name in rule.arguments if name in records or name in USUAL}
        values: dict[str, object] = {name: scene.ids[record] for name, record in named.items()}
        label = rule.rule.replace("<id:", "<")
        for name in rule.arguments - set(named):
            values[name] = word if name in FREE else _other(name, rule.endpoint, scene)
            if name in FREE:
                label = label.replace(f"<{name}>", word)
        if "file_id" in named:
            label = label.replace("<file_id>", f"<{named['file_id']}>")
        with app.test_request_context():
            path = (
                app.url_map.bind("localhost").build(rule.endpoint, values)
                if rule.rule != "/gate/check"
                else f"/gate/check?code={scene.scan}"
            )
        for method in ASKED:
            if method in (rule.methods or ()):
                yield Attempt(method, label, rule.endpoint, path, named)


def _variants(rule: Rule) -> tuple[tuple[str, dict[str, str]], ...]:
    if rule.endpoint in VARIANTS:
        return VARIANTS[rule.endpoint]
    if rule.endpoint in ACTIONS:
        kind, parameter, started_from = ACTIONS[rule.endpoint]
        lifecycle = next(lifecycle for lifecycle in LIFECYCLES if lifecycle.name == kind)
        return tuple(
            (action.key, {parameter: started_from.get(action.key.removesuffix("_colleague"), USUAL[parameter])})
            for action in lifecycle.actions.values()
            if action.offered and action.sources and (rule.endpoint, action.key) not in ELSEWHERE
        )
    return (("", RECORDS.get(rule.endpoint, {})),)


def _other(name: str, endpoint: str, scene: Scene) -> object:
    """What is no id: tokens that nobody has (but for an opinion's), the nonce of an event at the gate, one's session, days."""
    token = scene.opinion if endpoint == "ticket_opinions.give" else "A" * 43
    others = {"nonce": scene.nonce, "token": token, "session_id": scene.ids["session"], "day": "2026-11-24", "monday": "2026-11-30"}
    return others[name]
