"""The fields of the pages Webhooks and Mail: which key of `store.toml` is set where."""

from collections.abc import Sequence

from assets.i18n.texts import Texts, language_name
from sync_server.domain.alerts import AlertCode
from sync_server.service.config.model import Settings
from sync_server.service.config.outside import MailTls, WebhookEvent
from sync_server.web.manager.settings.setting_field import FieldKind, FormChoice, SettingField

K = FieldKind


def _events(_settings: Settings, texts: Texts) -> Sequence[FormChoice]:
    names = {event.value: event.value.replace(".", "_") for event in WebhookEvent}
    return [FormChoice(e, texts.say(f"manager.webhooks.event.{name}")) for e, name in names.items()]


def _tls(_settings: Settings, texts: Texts) -> Sequence[FormChoice]:
    return [FormChoice(t.value, texts.say(f"manager.mail.tls.{t.value}")) for t in MailTls]


def _alerts(_settings: Settings, texts: Texts) -> Sequence[FormChoice]:
    return [FormChoice(a.value, texts.say(f"manager.mail.alert.{a.value}")) for a in AlertCode]


def _languages(settings: Settings, _texts: Texts) -> Sequence[FormChoice]:
    return [FormChoice(code, language_name(code)) for code in settings.store.languages]


WEBHOOK_FIELDS = (
    SettingField("name", K.TEXT, "webhooks_name", once=True),
    SettingField("url", K.TEXT, "webhooks_url"),
    SettingField("events", K.CHIPS, "webhooks_events", choices=_events),
    SettingField("words", K.TOGGLE, "webhooks_words", more=True),
    SettingField("allow_local", K.TOGGLE, "webhooks_allow_local", more=True),
)
MAIL_FIELDS = (
    SettingField("mail.host", K.TEXT, "mail_host", can_be_empty=True),
    SettingField("mail.sender", K.TEXT, "mail_sender", can_be_empty=True),
    SettingField("mail.user", K.TEXT, "mail_user", can_be_empty=True),
    SettingField("mail.to", K.LINES, "mail_to"),
    SettingField("mail.at", K.TIME, "mail_at", can_be_empty=True),
    SettingField("mail.alerts", K.CHIPS, "mail_alerts", choices=_alerts),
    SettingField(
        "mail.language", K.CHOICE, "mail_language", choices=_languages, can_be_empty=True, more=True
    ),
    SettingField("mail.tls", K.CHOICE, "mail_tls", choices=_tls, more=True),
    SettingField("mail.port", K.NUMBER, "mail_port", more=True),
)
