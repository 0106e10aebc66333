"""What people are told about their accounts.

Links that open an account are secret: they stand in no notice, and leave the outbox when they are sent.
"""

from __future__ import annotations

from portal.kernel.marks import N_
from portal.outbox.messages import Message

INVITED = Message(
    "accounts.invited",
    N_("Your account for the data center's portal"),
    N_(
        "%(who)s has opened an account for you: %(email)s.\n\n"
        "Open the link below, choose a password, and you are in. The link works once, until %(until)s."
    ),
    secret=True,
)
RESET = Message(
    "accounts.reset",
    N_("Set a new password"),
    N_(
        "Someone asked for a new password for %(email)s. If it was you, open the link below; it works once, until %(until)s.\n\n"
        "If it was not you, leave this message alone: your password stays as it is."
    ),
    secret=True,
)
PASSWORD_CHANGED = Message(
    "accounts.password_changed",
    N_("Your password was changed"),
    N_(
        "The password of %(email)s was changed at %(at)s. Other browsers were signed out.\n\n"
        "If it was not you, set a new password at once and tell customer service."
    ),
)
ROLE_CHANGED = Message(
    "accounts.role_changed",
    N_("Your role has changed"),
    N_("%(who)s has changed the role of your account. What you may do now stands in your profile."),
)
