"""What decides about work orders: notice (R-W1), amounts (R-W3), the contract's grant, what is accepted (R-W2). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

NOTICE = timedelta(hours=24)
ITEMS_MOST = 200
TIME_TO_FILL_IN = timedelta(minutes=15)

WORK_ORDER_TOO_EARLY = Refusal(
    "work_order.too_early",
    N_("The machine room needs the work order %(hours)s hours before arrival. The first possible arrival is %(first)s."),
    field="arrives_at",
)
NO_SUCH_TIME = Refusal(
    "work_order.no_such_time",
    N_("The clocks go forward then: that time of day does not exist. Choose another."),
    field="arrives_at",
)
NO_ITEMS = Refusal("work_order.no_items", N_("List at least one item."), field="rows")
TOO_MANY_ITEMS = Refusal(
    "work_order.too_many_items",
    N_("The list has %(count)s items, a work order holds at most %(limit)s. Draft another work order for the rest."),
    field="rows",
)

MODEL_MISSING = Refusal("work_order.model_missing", N_("Give the model."), field="model")
MODEL_UNKNOWN = Refusal(
    "work_order.model_unknown", N_("“%(text)s” is not in the catalogue. Choose the model, or ask sales to add it."), field="model"
)
SERIAL_MISSING = Refusal("work_order.serial_missing", N_("Give the serial number."), field="serial")
SERIAL_TWICE = Refusal("work_order.serial_twice", N_("This serial number is on line %(line)s too."), field="serial")
SERIAL_IN_BUILDING = Refusal(
    "work_order.serial_in_building", N_("Equipment with this serial number is in the building already."), field="serial"
)
SERIAL_ON_ORDER = Refusal("work_order.serial_on_order", N_("This serial number is on work order %(number)s too."), field="serial")
SERIAL_ELSEWHERE = Refusal(
    "work_order.serial_elsewhere",
    N_("This serial number is expected on another work order already. Check it, or ask sales."),
    field="serial",
)
TEXT_TOO_LONG = Refusal("work_order.text_too_long", N_("At most %(limit)s characters."))
NOT_A_NUMBER = Refusal("work_order.not_a_number", N_("Give a whole number of at least 1."))
IPS_OVER = Refusal("work_order.ips_over", N_("The contract allows %(limit)s IP addresses a server."), field="ips")
ONE_IP = Refusal("work_order.one_ip", N_("One server gets one IP address."), field="ips")
PORTS_OVER = Refusal("work_order.ports_over", N_("The contract allows %(limit)s ports a server."), field="ports")
ONE_PORT = Refusal("work_order.one_port", N_("One server gets one port."), field="ports")

UNITS_OVER = Refusal(
    "work_order.units_over",
    N_(
        "The list fills %(wanted)s U, and %(left)s U are left: the contract grants %(granted)s U, "
        "%(used)s U are in use or held, %(planned)s U on other work orders."
    ),
    field="rows",
)
POWER_OVER = Refusal(
    "work_order.power_over",
    N_(
        "The list draws %(wanted)s W, and %(left)s W are left: the contract grants %(granted)s W, "
        "%(used)s W are in use or held, %(planned)s W on other work orders."
    ),
    field="rows",
)
IPS_TOTAL_OVER = Refusal(
    "work_order.ips_total_over",
    N_(
        "The list needs %(wanted)s IP addresses, and %(left)s are left: the contract allows %(granted)s, "
        "%(used)s are held, %(planned)s on other work orders."
    ),
    field="rows",
)
PORTS_TOTAL_OVER = Refusal(
    "work_order.ports_total_over",
    N_(
        "The list needs %(wanted)s ports, and %(left)s are left: the contract allows %(granted)s, "
        "%(used)s are held, %(planned)s on other work orders."
    ),
    field="rows",
)

UNITS_BEYOND = Refusal(
    "work_order.units_beyond",
    N_(
        "Outside whole racks of its own the contract would take %(used)s U, and it grants %(granted)s U there. "
        "Choose its own racks, or ask sales for more units."
    ),
)
POWER_BEYOND = Refusal(
    "work_order.power_beyond",
    N_("The contract would draw %(used)s W, and it grants %(granted)s W. Ask sales for more."),
)
NO_PLACE = Refusal("work_order.no_place", N_("Choose a rack and a unit for every item."))
NOT_EXPECTED_YET = Refusal(
    "work_order.not_expected_yet", N_("Acceptance opens at %(first)s: the work order was issued %(hours)s hours before that.")
)
NOT_UNPACKED = Refusal("work_order.not_unpacked", N_("Take boxes and paper off first, then confirm it."), field="unpacked")
MODEL_DIFFERS = Refusal(
    "work_order.model_differs", N_("Confirm that it is a %(model)s. If it is not, refuse the item."), field="model_agrees"
)
SERIAL_DIFFERS = Refusal(
    "work_order.serial_differs",
    N_("The list says %(listed)s, the equipment says %(seen)s. Look again; if they differ, refuse the item."),
    field="serial",
)
SERIAL_OF_ANOTHER_LINE = Refusal(
    "work_order.serial_of_another_line", N_("%(seen)s is line %(line)s of this work order, not this one."), field="serial"
)
NOT_AN_EXTRA = Refusal("work_order.not_an_extra", N_("%(seen)s is line %(line)s of this work order."), field="serial")


def first_possible(now: datetime, notice: timedelta = NOTICE) -> datetime:
    """The first full minute at which something may arrive if the order is issued at `now` (R-W1). In UTC."""
    exact = now.astimezone(UTC) + notice
    minute = exact.replace(second=0, microsecond=0)
    return minute if minute == exact else minute + timedelta(minutes=1)


def why_too_early(arrives_at: datetime, now: datetime, notice: timedelta = NOTICE) -> Refusal | None:
    """At least `notice` has to pass between issue and arrival, in real hours: a change of clocks neither adds nor takes any (R-W1)."""
    if arrives_at.astimezone(UTC) - now.astimezone(UTC) >= notice:
        return None
    hours = notice // timedelta(hours=1)
    return WORK_ORDER_TOO_EARLY(hours=hours, first=first_possible(now, notice))


def why_not_expected_yet(possible_from: datetime, now: datetime, notice: timedelta = NOTICE) -> Refusal | None:
    """Nothing is accepted before the notice has passed, however early it stands at the door (R-W1)."""
    if now >= possible_from:
        return None
    return NOT_EXPECTED_YET(first=first_possible(possible_from, timedelta()), hours=notice // timedelta(hours=1))


def suggested_arrival(now: datetime, notice: timedelta = NOTICE) -> datetime:
    """What a new form offers: the first quarter of an hour that is still possible when the form has been filled in."""
    first = first_possible(now + TIME_TO_FILL_IN, notice)
    return first + timedelta(minutes=-first.minute % 15)


def moment(wall: datetime, zone: ZoneInfo, not_before: datetime) -> datetime | None:
    """The moment (UTC) that a naive wall-clock time names in `zone`; None where the clocks skip it.

    Where the clocks go back, one wall-clock time names two moments: the first that is not before `not_before`, else the later.
    """
    moments = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    real = [m for m in moments if m.astimezone(zone).replace(tzinfo=None) == wall]
    return next((m for m in real if m >= not_before), real[-1]) if real else None


@dataclass(frozen=True, slots=True)
class Load:
    """What equipment takes: rack units, W, addresses, ports."""

    units: int = 0
    power_w: int = 0
    ips: int = 0
    ports: int = 0

    def __add__(self, other: Load) -> Load:
        return Load(self.units + other.units, self.power_w + other.power_w, self.ips + other.ips, self.ports + other.ports)


@dataclass(frozen=True, slots=True)
class Grant:
    """What the contract gives. `ips` and `ports` None: no ceiling over all. `in_use` and `planned` are taken already."""

    units: int
    power_w: int
    ips_per_server: int
    ports_per_server: int
    ips: int | None
    ports: int | None
    in_use: Load
    planned: Load

    def why_not_each(self, ips: int, ports: int) -> list[Refusal]:
        """What speaks against one server with so many addresses and ports (R-W3)."""
        found = []
        if ips > self.ips_per_server:
            found.append(ONE_IP if self.ips_per_server == 1 else IPS_OVER(limit=self.ips_per_server))
        if ports > self.ports_per_server:
            found.append(ONE_PORT if self.ports_per_server == 1 else PORTS_OVER(limit=self.ports_per_server))
        return found

    def why_not_all(self, wanted: Load) -> list[Refusal]:
        """What speaks against the whole list, each with its figures (R-W3)."""
        found = []
        for refusal, granted, name in (
            (UNITS_OVER, self.units, "units"),
            (POWER_OVER, self.power_w, "power_w"),
            (IPS_TOTAL_OVER, self.ips, "ips"),
            (PORTS_TOTAL_OVER, self.ports, "ports"),
        ):
            asked, used, planned = getattr(wanted, name), getattr(self.in_use, name), getattr(self.planned, name)
            if granted is not None and asked and used + planned + asked > granted:
                left = max(0, granted - used - planned)
                found.append(refusal(wanted=asked, left=left, granted=granted, used=used, planned=planned))
        return found


@dataclass(frozen=True, slots=True)
class Seen:
    """What the staff at the door found on one item."""

    unpacked: bool
    model_agrees: bool
    serial: str


def why_not_accepted(listed_serial: str, listed_model: str, seen: Seen) -> list[Refusal]:
    """An item is accepted with its packaging off, as the model and under the serial number that are listed (R-W2)."""
    found = []
    if not seen.unpacked:
        found.append(NOT_UNPACKED)
    if not seen.model_agrees:
        found.append(MODEL_DIFFERS(model=listed_model))
    if not seen.serial:
        found.append(SERIAL_MISSING)
    elif seen.serial != listed_serial:
        found.append(SERIAL_DIFFERS(listed=listed_serial, seen=seen.serial))
    return found
