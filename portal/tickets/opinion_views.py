"""The page behind the link in the e-mail: an opinion without signing in. Opening it changes nothing; mail programs open links, too."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal.kernel import clock
from portal.kernel.db import transaction
from portal.kernel.errors import Refused
from portal.kernel.policy import allow_anyone
from portal.kernel.web import page
from portal.tickets import opinions, rules
from portal.tickets.forms import OpinionForm

bp = Blueprint("ticket_opinions", __name__)


@bp.route("/opinion/<token>", methods=["GET", "POST"])
@allow_anyone
def give(token: str) -> ResponseReturnValue:
    """`score` in the address chooses the points already; nothing is kept before the button is pressed."""
    ticket = opinions.behind(token[:100], clock.now())
    if ticket is None:
        response = page("tickets/opinion.html", None, state="over", refused=[rules.OPINION_OVER.code])
        response.status_code = 404
        return response
    score = request.args.get("score", "")
    form = OpinionForm(data={"score": score if score in ("1", "2", "3", "4", "5") else None})
    if form.validate_on_submit():
        try:
            with transaction():
                opinions.give_by_link(token[:100], int(form.score.data), (form.words.data or "").strip(), clock.now())
            return page("tickets/opinion.html", None, state="thanks")
        except Refused as refused:
            form.refuse(refused.refusals)
    return page("tickets/opinion.html", form, state="asked", ticket=ticket)
