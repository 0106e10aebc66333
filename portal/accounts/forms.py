"""The forms of accounts: signing in, the ways in by a link, profile, users, the rules text."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, HiddenField, IntegerField, PasswordField, RadioField, SelectField, TextAreaField
from wtforms.validators import DataRequired, Email, EqualTo, InputRequired, Length, Regexp, ValidationError
from wtforms.widgets import HiddenInput

from portal.accounts import passwords, rules
from portal.accounts.managing import InviteUser
from portal.accounts.services import THEMES, AcceptInvitation, ChangeProfile, PublishRules
from portal.kernel import crypto, ids
from portal.kernel.forms import Form, TextField, options
from portal.kernel.i18n import LOCALES, N_, _, _l
from portal.kernel.policy import CLIENT_ROLES, ROLE_LABELS, Role
from portal.kernel.words import say

LANGUAGES = {"zh_CN": "中文", "en": "English"}  # each in its own language, whoever reads
THEME_LABELS = {"auto": N_("As the device is set"), "light": N_("Light"), "dark": N_("Dark")}
_PHONE = Regexp(r"^[0-9 +()\-]*$", message=_l("A phone number consists of digits, blanks and + ( ) -."))
_GIVE_EMAIL = _l("Give the e-mail address.")
_GIVE_NAME = _l("Give the full name.")


class SignInForm(Form):
    email = TextField(
        _l("E-mail"),
        validators=[DataRequired(_GIVE_EMAIL), Length(max=254)],
        render_kw={"type": "email", "autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        _l("Password"),
        validators=[DataRequired(_l("Give the password.")), Length(max=1024)],
        render_kw={"autocomplete": "current-password"},
    )


class SecondFactorForm(Form):
    """A code of the app, or a recovery code."""

    code = TextField(
        _l("Code"),
        validators=[DataRequired(_l("Give the code.")), Length(max=40)],
        render_kw={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"},
    )


class SetUpSecondFactorForm(SecondFactorForm):
    """`seed`: what all that the page shows comes from, see `totp`."""

    seed = HiddenField(default=crypto.new_token, validators=[Length(max=64)])


class RecoveryCodesForm(Form):
    seed = HiddenField(default=crypto.new_token, validators=[Length(max=64)])
    kept = BooleanField(_l("I have kept the new codes"), validators=[DataRequired(_l("Keep the codes first: they are not shown again."))])


class ProveForm(Form):
    present = PasswordField(
        _l("Password"),
        validators=[DataRequired(_l("Give the password.")), Length(max=1024)],
        render_kw={"autocomplete": "current-password"},
    )


class ForgottenForm(Form):
    email = TextField(
        _l("E-mail"),
        validators=[DataRequired(_GIVE_EMAIL), Length(max=254)],
        render_kw={"type": "email", "autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


class NewPasswordForm(Form):
    """`email` is the account's: the password must differ from it."""

    password = PasswordField(
        _l("New password"),
        description=_l("At least 10 characters. Several words that do not belong together are easy to keep and hard to guess."),
        validators=[DataRequired(_l("Choose a password.")), Length(max=1024)],
        render_kw={"autocomplete": "new-password"},
    )
    repeat = PasswordField(
        _l("New password again"),
        validators=[InputRequired(_l("Type the password again.")), EqualTo("password", _l("The two passwords differ. Type both again."))],
        render_kw={"autocomplete": "new-password"},
    )

    def __init__(self, email: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def validate_password(self, field: PasswordField) -> None:
        refusal = rules.why_not_password(field.data or "", self.email)
        if refusal is not None:
            raise ValidationError(say(refusal))

    def password_hash(self) -> str:
        """The hash to store. Slow: call it before the transaction."""
        return passwords.hash_password(self.password.data or "")


class AcceptForm(NewPasswordForm):
    name = TextField(_l("Full name"), validators=[DataRequired(_GIVE_NAME), Length(max=80)], render_kw={"autocomplete": "name"})
    phone = TextField(_l("Phone"), validators=[Length(max=32), _PHONE], render_kw={"type": "tel", "autocomplete": "tel"})

    def command(self, token: str) -> AcceptInvitation:
        return AcceptInvitation(token, str(self.name.data), self.phone.data or "", self.password_hash())


class ChangePasswordForm(NewPasswordForm):
    present = PasswordField(
        _l("Present password"),
        validators=[DataRequired(_l("Give your present password.")), Length(max=1024)],
        render_kw={"autocomplete": "current-password"},
    )


class ProfileForm(Form):
    name = TextField(_l("Full name"), validators=[DataRequired(_GIVE_NAME), Length(max=80)], render_kw={"autocomplete": "name"})
    phone = TextField(_l("Phone"), validators=[Length(max=32), _PHONE], render_kw={"type": "tel", "autocomplete": "tel"})
    locale = RadioField(
        _l("Language"),
        description=_l("Of the pages, and of the e-mails that you get."),
        choices=options((locale, LANGUAGES[locale]) for locale in LOCALES),
        validators=[InputRequired()],
    )
    theme = RadioField(_l("Theme"), validators=[InputRequired()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.theme.choices = options((theme, _(THEME_LABELS[theme])) for theme in THEMES)

    def command(self) -> ChangeProfile:
        return ChangeProfile(str(self.name.data), self.phone.data or "", self.locale.data, self.theme.data)


class RoleForm(Form):
    role = RadioField(_l("Role"), validators=[InputRequired(_l("Choose a role."))])

    def offer(self, roles: Sequence[Role]) -> None:
        self.role.choices = options((role.value, _(ROLE_LABELS[role])) for role in roles)

    def chosen(self) -> Role:
        return Role(self.role.data)


class InviteForm(Form):
    """`offer` says which roles there are, and for whom: clients to choose from, or the one client that all belong to."""

    email = TextField(
        _l("E-mail"),
        description=_l("The invitation goes there, and it is the name to sign in with."),
        validators=[DataRequired(_GIVE_EMAIL), Length(max=254), Email(_l("This is not an e-mail address. Check it."))],
        render_kw={"type": "email", "autocomplete": "off"},
    )
    name = TextField(_l("Full name"), validators=[DataRequired(_GIVE_NAME), Length(max=80)], render_kw={"autocomplete": "off"})
    role = SelectField(_l("Role"), validators=[DataRequired(_l("Choose a role."))])
    client = SelectField(_l("Client"), description=_l("Whose user this is. Staff belong to none."))
    locale = RadioField(
        _l("Language of the invitation"),
        choices=options((locale, LANGUAGES[locale]) for locale in LOCALES),
        default="zh_CN",
        validators=[InputRequired()],
    )

    def offer(self, roles: Sequence[Role], clients: Sequence[tuple[str, str]] = ()) -> None:
        self.role.choices = options([("", _("Choose …")), *((role.value, _(ROLE_LABELS[role])) for role in roles)])
        if clients:
            self.client.choices = options([("", _("None: staff of the data center")), *clients])
        else:
            del self.client

    def validate_client(self, field: SelectField) -> None:
        of_client = self.role.data in CLIENT_ROLES
        if of_client and not field.data:
            raise ValidationError(_("Choose the client that this user belongs to."))
        if not of_client and field.data:
            raise ValidationError(_("Staff belong to no client. Choose none, or a client's role."))

    def command(self, own_client: uuid.UUID | None = None) -> InviteUser:
        chosen = "client" in self and self.client.data
        client_id = ids.from_text(chosen) if chosen else own_client
        return InviteUser(str(self.email.data), str(self.name.data), Role(self.role.data), client_id, self.locale.data)


class AcceptRulesForm(Form):
    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])


class RulesForm(Form):
    """A new version in both languages. `step`: preview, write (back to the text), publish."""

    after_version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    step = HiddenField(default="preview")
    body_zh = TextAreaField(
        _l("Chinese text"),
        description=_l("“# ” begins a heading, “- ” an item of a list, “1. ” a numbered one; an empty line begins a paragraph."),
        validators=[DataRequired(_l("Write the Chinese text.")), Length(max=60_000)],
        render_kw={"rows": 18, "lang": "zh-CN"},
    )
    body_en = TextAreaField(
        _l("English text"),
        validators=[DataRequired(_l("Write the English text.")), Length(max=60_000)],
        render_kw={"rows": 18, "lang": "en"},
    )

    def command(self) -> PublishRules:
        return PublishRules(str(self.body_zh.data).strip(), str(self.body_en.data).strip(), int(self.after_version.data or 0))
