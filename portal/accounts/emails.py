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

SECOND_FACTOR_ON = Message(
    "accounts.second_factor_on",
    N_("Your second factor is set up"),
    N_(
        "Since %(at)s signing in as %(email)s takes a code from your app, too.\n\n"
        "If it was not you, tell the data center's administrator at once."
    ),
)
SECOND_FACTOR_OFF = Message(
    "accounts.second_factor_off",
    N_("Your second factor is off"),
    N_(
        "Since %(at)s the password alone opens the account %(email)s.\n\n"
        "If it was not you, set a new password at once and tell customer service."
    ),
)
SECOND_FACTOR_REMOVED = Message(
    "accounts.second_factor_removed",
    N_("Your second factor was removed"),
    N_(
        "%(who)s has removed the second factor of your account; you were signed out everywhere. Sign in and set up a new one.\n\n"
        "If you did not ask for it, tell customer service at once."
    ),
)
RECOVERY_CODES_NEW = Message(
    "accounts.recovery_codes_renewed",
    N_("Your recovery codes are new"),
    N_(
        "New recovery codes were made for %(email)s at %(at)s; the earlier ones no longer work.\n\n"
        "If it was not you, set a new password at once and tell customer service."
    ),
)
RECOVERY_CODE_USED = Message(
    "accounts.recovery_code_used",
    N_("A recovery code was used"),
    N_(
        "Someone signed in as %(email)s with a recovery code at %(at)s. %(left)s are left.\n\n"
        "If it was not you, set a new password at once and tell customer service."
    ),
)
GUESSED = Message(
    "accounts.guessed",
    N_("Someone fails to sign in as you"),
    N_(
        "At %(at)s signing in as %(email)s had failed %(failures)s times in a row; it is locked for a short time.\n\n"
        "If it was you, nothing needs to be done. If not, your password has held; choose a new one if you use it elsewhere."
    ),
)
GUESSING = Message(
    "accounts.guessing",
    N_("Someone guesses at an account"),
    N_("By %(at)s signing in as %(email)s had failed %(failures)s times in a row. Look at the account, and at where it is tried from."),
)
