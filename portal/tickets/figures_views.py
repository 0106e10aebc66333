"""The page of the desk's figures."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from portal.kernel import clock
from portal.kernel.policy import Permission, allow
from portal.kernel.web import local_name, page
from portal.tickets import figures, queries, rules
from portal.tickets.blueprint import bp


@bp.get("/figures")
@allow(Permission.TICKET_FIGURES)
def figures_of_month() -> ResponseReturnValue:
    """A month: by kind, way in and department; satisfaction against its target; points; what is open by age."""
    now = clock.now()
    month = figures.month_of(request.args.get("month", ""), clock.today(now))
    rows = figures.came_in(month)
    departments = queries.departments()
    return page(
        "tickets/figures.html",
        month=month,
        is_this=month.first == clock.today(now).replace(day=1),
        total=figures.by(rows, lambda row: "", [""]),
        registered_late=sum(row.registered_late for row in rows),
        by_type=figures.by(rows, lambda row: row.type, list(rules.TYPES)),
        by_channel=figures.by(rows, lambda row: row.channel, list(rules.CHANNELS)),
        by_department=figures.by(rows, lambda row: row.department_id, [d.id for d in departments]),
        departments={d.id: local_name(d) for d in departments},
        types=rules.TYPES,
        channels=rules.CHANNELS,
        opinions=figures.satisfaction(month),
        target=figures.TARGET,
        points=figures.points_off(month),
        backlog=figures.backlog(now),
    )
