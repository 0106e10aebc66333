"""The forms of the rota and of chat channels."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from wtforms import RadioField, SelectField
from wtforms.validators import InputRequired, Length

from portal.accounts.models import User
from portal.kernel import ids
from portal.kernel.forms import Form, TextField, options
from portal.kernel.i18n import _, _l
from portal.oncall.services import ChannelFacts

LANGUAGES = {"zh_CN": "中文", "en": "English"}


class WeekForm(Form):
    """Who is on call in a week."""

    supervisor = SelectField(_l("Supervisor"), description=_l("Told first when an emergency is asked for."))
    deputy = SelectField(_l("Deputy"), description=_l("Told when the supervisor does not answer."))

    def offer(self, supervisors: Iterable[User]) -> None:
        choices = [("", _("nobody")), *((ids.to_text(user.id), user.name) for user in supervisors)]
        self.supervisor.choices = options(choices)
        self.deputy.choices = options(choices)

    @property
    def chosen(self) -> tuple[uuid.UUID | None, uuid.UUID | None]:
        one, two = (ids.from_text(text) if text else None for text in (self.supervisor.data, self.deputy.data))
        return one, two


class ChannelForm(Form):
    """A chat channel. Its address opens the channel to whoever knows it, so it is never shown again."""

    name = TextField(_l("Name"), validators=[InputRequired(_l("Give it a name.")), Length(max=60)])
    url = TextField(
        _l("Address"),
        validators=[Length(max=500)],
        description=_l("The webhook address that WeCom, DingTalk, Feishu or Slack shows for its robot; jsons://host/path for another one."),
        render_kw={"class": "code", "autocomplete": "off", "spellcheck": "false"},
    )
    locale = RadioField(_l("Language"), choices=options(LANGUAGES.items()), default="zh_CN")

    def command(self) -> ChannelFacts:
        return ChannelFacts(self.name.data or "", self.url.data or "", self.locale.data)
