"""A user's life: invited, active, disabled. What an administrator does to everyone, a client admin does to its own users (`_colleague`)."""

from __future__ import annotations

from portal.kernel.lifecycle import Action, Lifecycle, State, Tone
from portal.kernel.marks import N_
from portal.kernel.policy import Permission as P

USER = Lifecycle(
    "user",
    states=[
        State("invited", N_("Invited"), Tone.WAIT),
        State("active", N_("Enabled"), Tone.OK),
        State("disabled", N_("Disabled"), Tone.STOP),
        State("withdrawn", N_("Invitation withdrawn"), Tone.REST),
    ],
    actions=[
        Action("invite", N_("Invite"), N_("Invited"), (), "invited", P.USER_MANAGE),
        Action("invite_colleague", N_("Invite"), N_("Invited"), (), "invited", P.COLLEAGUE_MANAGE),
        Action("accept", N_("Accept invitation"), N_("Invitation accepted"), ("invited",), "active", P.SYSTEM_WORK, offered=False),
        Action("withdraw", N_("Withdraw invitation"), N_("Invitation withdrawn"), ("invited",), "withdrawn", P.USER_MANAGE, danger=True),
        Action("withdraw_colleague", N_("Withdraw invitation"), N_("Invitation withdrawn"), ("invited",), "withdrawn", P.COLLEAGUE_MANAGE, danger=True),
        Action("renew", N_("Invite again"), N_("Invited again"), ("withdrawn",), "invited", P.USER_MANAGE, primary=True),
        Action("renew_colleague", N_("Invite again"), N_("Invited again"), ("withdrawn",), "invited", P.COLLEAGUE_MANAGE, primary=True),
        Action("disable", N_("Disable account"), N_("Account disabled"), ("active",), "disabled", P.USER_MANAGE, needs=("reason",), danger=True),
        Action("disable_colleague", N_("Disable account"), N_("Account disabled"), ("active",), "disabled", P.COLLEAGUE_MANAGE, needs=("reason",), danger=True),
        Action("enable", N_("Enable account"), N_("Account enabled"), ("disabled",), "active", P.USER_MANAGE, needs=("reason",), primary=True),
        Action("enable_colleague", N_("Enable account"), N_("Account enabled"), ("disabled",), "active", P.COLLEAGUE_MANAGE, needs=("reason",), primary=True),
    ],
)  # fmt: skip
