"""What speaks against a list of items: line by line against catalogue, building and other orders, and in all against the contract."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select

from portal.contracts import queries as contracts
from portal.contracts.models import Contract
from portal.equipment import queries as equipment
from portal.equipment.models import EquipmentModel
from portal.equipment.rules import normalise_serial, why_not_serial
from portal.kernel.db import session
from portal.kernel.errors import Refusal
from portal.kernel.policy import Actor
from portal.workorders import queries, rules
from portal.workorders.listing import TypedLine
from portal.workorders.models import WorkOrder, WorkOrderItem
from portal.workorders.rules import Grant, Load

TAG_LONGEST = 60
SUGGESTIONS = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One item to list: the model of the catalogue, the serial number as it is stored."""

    model: EquipmentModel
    serial: str
    asset_tag: str = ""
    ips: int = 1
    ports: int = 1

    @property
    def load(self) -> Load:
        return Load(self.model.height_u, self.model.power_w, self.ips, self.ports)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one line lays claim to, whatever its model."""

    serial: str
    ips: int
    ports: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A typed line with what speaks against it (each refusal's `field` is its column), and models that may have been meant."""

    typed: TypedLine
    line: Line | None
    claim: Claim
    problems: list[Refusal] = field(default_factory=list)
    suggestions: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A whole list: each line judged, and what speaks against the list in all. `lines` are the items, when nothing is wrong."""

    judged: list[Judged]
    problems: list[Refusal]
    load: Load
    grant: Grant

    @property
    def sound(self) -> bool:
        return not self.problems and all(not one.problems for one in self.judged)

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(one.line for one in self.judged if one.line is not None)


def grant_of(contract: Contract, order_id: uuid.UUID | None) -> Grant:
    """What the contract gives, and what is taken of it without the order `order_id`: by equipment and by plans, and by issued
    orders for which nothing is held yet."""
    racks = contracts.racks_granted(contract.id)
    usage = contracts.usage(contract.id, {rack.id for rack in racks})
    to_be_planned = (
        select(
            func.coalesce(func.sum(EquipmentModel.height_u), 0),
            func.coalesce(func.sum(EquipmentModel.power_w), 0),
            func.coalesce(func.sum(WorkOrderItem.ips), 0),
            func.coalesce(func.sum(WorkOrderItem.ports), 0),
        )
        .select_from(WorkOrder)
        .join(WorkOrderItem, WorkOrderItem.work_order_id == WorkOrder.id)
        .join(EquipmentModel, EquipmentModel.id == WorkOrderItem.model_id)
        .where(WorkOrder.contract_id == contract.id, WorkOrder.state == "issued", WorkOrderItem.state == "expected")
    )
    if order_id is not None:
        to_be_planned = to_be_planned.where(WorkOrder.id != order_id)
    return Grant(
        units=contract.units_granted + sum(rack.units for rack in racks),
        power_w=contract.power_w,
        ips_per_server=contract.ips_per_server,
        ports_per_server=contract.ports_per_server,
        ips=contract.ips_total,
        ports=contract.ports_total,
        in_use=Load(usage.units + usage.units_in_racks, usage.power_w, usage.addresses, usage.ports),
        planned=Load(*session().execute(to_be_planned).one()),
    )


def judge(contract: Contract, typed: Sequence[TypedLine], order_id: uuid.UUID | None, actor: Actor) -> Verdict:
    """Judges a list as it was typed, for a form. `order_id` names the order that is being changed, if one is."""
    catalogue = equipment.find_models({line.model for line in typed if line.model})
    read = [_read(line, catalogue.get(line.model)) for line in typed]
    grant = grant_of(contract, order_id)
    claims = [one.claim for one in read]
    for one, problems in zip(read, _against_lines(claims, grant, order_id, actor), strict=True):
        one.problems.extend(problems)
    load = sum((one.line.load for one in read if one.line is not None), Load())
    return Verdict(read, _against_list(len(read), load, grant), load, grant)


def why_not(contract: Contract, lines: Sequence[Line], order_id: uuid.UUID | None, actor: Actor) -> list[Refusal]:
    """Everything that speaks against a list of items, for the service; `row` in a refusal's data is the line that it is about."""
    grant = grant_of(contract, order_id)
    claims = [Claim(line.serial, line.ips, line.ports) for line in lines]
    by_line = enumerate(_against_lines(claims, grant, order_id, actor), 1)
    found = [refusal.on("rows")(row=number) for number, problems in by_line for refusal in problems]
    return found + _against_list(len(lines), sum((line.load for line in lines), Load()), grant)


def _read(typed: TypedLine, model: EquipmentModel | None) -> Judged:
    """The line with its amounts made out; problems of shape, not yet of the building."""
    problems: list[Refusal] = []
    suggestions: list[str] = []
    if not typed.model:
        problems.append(rules.MODEL_MISSING)
    elif model is None:
        problems.append(rules.MODEL_UNKNOWN(text=typed.model[:80]))
        suggestions = _meant(typed.model)
    serial = normalise_serial(typed.serial)
    wrong = why_not_serial(serial) if serial else rules.SERIAL_MISSING
    if wrong is not None:
        problems.append(wrong)
    if len(typed.asset_tag) > TAG_LONGEST:
        problems.append(rules.TEXT_TOO_LONG.on("asset_tag")(limit=TAG_LONGEST))
    amounts = {"ips": _amount(typed.ips), "ports": _amount(typed.ports)}
    problems += [rules.NOT_A_NUMBER.on(column) for column, amount in amounts.items() if amount is None]
    claim = Claim(serial, amounts["ips"] or 1, amounts["ports"] or 1)
    line = None if model is None or problems else Line(model, serial, typed.asset_tag, claim.ips, claim.ports)
    return Judged(typed, line, claim, problems, suggestions)


def _meant(text: str) -> list[str]:
    """Models that a text may mean: those with all its words, else those with the words that hold a digit, as model names do."""
    telling = " ".join(word for word in text.split() if any(character.isdigit() for character in word))
    found = equipment.search_models(text, limit=SUGGESTIONS)
    if not found and telling and telling != text:
        found = equipment.search_models(telling, limit=SUGGESTIONS)
    return [model.label for model in found]


def _amount(text: str) -> int | None:
    """A number of addresses or ports: one where nothing was typed, None where it is not a number."""
    if not text:
        return 1
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 and int(text) else None


def _against_lines(claims: Sequence[Claim], grant: Grant, order_id: uuid.UUID | None, actor: Actor) -> list[list[Refusal]]:
    """For each line what speaks against it: amounts, and a serial number that is somewhere already."""
    serials = {claim.serial for claim in claims if claim.serial}
    present = equipment.by_serials(sorted(serials)) if serials else {}
    expected = queries.expected_elsewhere(serials, order_id) if serials else {}
    first_at: dict[str, int] = {}
    found: list[list[Refusal]] = []
    for number, claim in enumerate(claims, 1):
        problems = grant.why_not_each(claim.ips, claim.ports)
        if claim.serial in first_at:
            problems.append(rules.SERIAL_TWICE(line=first_at[claim.serial]))
        elif claim.serial in present:
            problems.append(rules.SERIAL_IN_BUILDING)
        elif claim.serial in expected:
            problems.append(_expected(expected[claim.serial], actor))
        if claim.serial:
            first_at.setdefault(claim.serial, number)
        found.append(problems)
    return found


def _expected(order: WorkOrder, actor: Actor) -> Refusal:
    """Says which order it is, but not to another client (R-S2)."""
    if actor.is_client and order.client_id != actor.client_id:
        return rules.SERIAL_ELSEWHERE
    return rules.SERIAL_ON_ORDER(number=order.number)


def _against_list(count: int, load: Load, grant: Grant) -> list[Refusal]:
    if not count:
        return [rules.NO_ITEMS]
    if count > rules.ITEMS_MOST:
        return [rules.TOO_MANY_ITEMS(count=count, limit=rules.ITEMS_MOST)]
    return grant.why_not_all(load)
