"""Which page has which key of `store.toml`. A test finds a key that no page has."""

from collections.abc import Sequence

from msgspec import Struct

from assets.i18n.texts import Texts, language_name
from assets.ui.icons import icon_names
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.domain.resolution import Resolution
from sync_server.service.config.model import ACCEPTED, Settings

from .setting_field import FieldKind, FormChoice, SettingField

K = FieldKind


class SettingsSection(Struct, frozen=True):
    """A page of single keys. `slug` is the end of its address, and of the keys of its title and its text."""

    slug: str
    icon: str
    fields: tuple[SettingField, ...]


class EntryList(Struct, frozen=True):
    """A page of a list of entries, and one for each entry. `table` is the name of the list in the file.

    `named_by` is the key that names an entry, and `titled_by` the one whose text people know it by.
    """

    table: str
    icon: str
    fields: tuple[SettingField, ...]
    named_by: str = "code"
    titled_by: str = "text"


def _languages(_settings: Settings, _texts: Texts) -> Sequence[FormChoice]:
    return [FormChoice(code, language_name(code)) for code in LANGUAGES]


def _skills(settings: Settings, texts: Texts) -> Sequence[FormChoice]:
    return [FormChoice(one.code, texts.text(one.text, one.code)) for one in settings.skills]


def _groups(settings: Settings, texts: Texts) -> Sequence[FormChoice]:
    """The needs that others may be under: those of the first screen."""
    first = [need for need in settings.needs if need.under is None]
    return [FormChoice(need.code, texts.text(need.text, need.code)) for need in first]


def _needs(settings: Settings, texts: Texts) -> Sequence[FormChoice]:
    known = settings.catalogue()
    own = [need for need in settings.needs if known.need(need.code)]
    return [FormChoice(need.code, texts.text(need.text, need.code)) for need in own]


def _endings(_settings: Settings, texts: Texts) -> Sequence[FormChoice]:
    return [FormChoice(one.value, texts.say(f"resolution.{one.value}")) for one in Resolution]


def _people(settings: Settings, _texts: Texts) -> Sequence[FormChoice]:
    return [FormChoice(one.id, one.name) for one in settings.employees]


def _icons(_settings: Settings, _texts: Texts) -> Sequence[FormChoice]:
    return [FormChoice(name, name) for name in icon_names()]


def _without_tls(_settings: Settings, texts: Texts) -> Sequence[FormChoice]:
    return [FormChoice(ACCEPTED, texts.say("manager.setting.passwords_can_be_read"))]


HOURS_FIELDS = (
    SettingField("store.closes", K.TIME, "store_closes"),
    SettingField("store.closing_warning_min", K.NUMBER, "store_closing_warning_min", "min"),
    SettingField("store.leftovers_min", K.NUMBER, "store_leftovers_min", "min"),
    SettingField("store.needs_when_closed", K.TOGGLE, "store_needs_when_closed"),
)

SECTIONS = (
    SettingsSection(
        "shop",
        "building-store",
        (
            SettingField("store.name", K.TEXT, "store_name"),
            SettingField("store.languages", K.RANKED, "store_languages", choices=_languages),
            SettingField("store.currency", K.TEXT, "store_currency"),
            SettingField("store.timezone", K.TEXT, "store_timezone"),
            SettingField("store.public_url", K.TEXT, "store_public_url", can_be_empty=True),
        ),
    ),
    SettingsSection(
        "times",
        "stopwatch",
        (
            SettingField("times.offer_s", K.NUMBER, "times_offer_s", "s"),
            SettingField("times.ask_again_s", K.NUMBER, "times_ask_again_s", "s"),
            SettingField("times.wrap_up_s", K.NUMBER, "times_wrap_up_s", "s"),
            SettingField("times.idle_s", K.NUMBER, "times_idle_s", "s"),
            SettingField("times.service_level_s", K.NUMBER, "times_service_level_s", "s"),
            SettingField("staffing.greet_percent", K.NUMBER, "staffing_greet_percent", "percent"),
            SettingField("times.credit_s", K.NUMBER, "times_credit_s", "s", more=True),
        ),
    ),
    SettingsSection(
        "limits",
        "scale",
        (
            SettingField("store.goodwill_limit_cents", K.MONEY, "store_goodwill_limit_cents"),
            SettingField("times.max_active", K.NUMBER, "times_max_active", "visits"),
            SettingField("access.pin_digits", K.NUMBER, "access_pin_digits", "digits"),
        ),
    ),
    SettingsSection(
        "privacy",
        "shield-check",
        (SettingField("privacy.keep_descriptions_h", K.NUMBER, "privacy_keep_descriptions_h", "h"),),
    ),
    SettingsSection(
        "backups",
        "database",
        (
            SettingField("backup.at", K.TIME, "backup_at"),
            SettingField("backup.keep", K.NUMBER, "backup_keep", "backups"),
            SettingField("backup.folder", K.TEXT, "backup_folder"),
        ),
    ),
    SettingsSection(
        "server",
        "router",
        (
            SettingField("server.web", K.TEXT, "server_web"),
            SettingField("server.sync", K.TEXT, "server_sync"),
            SettingField("server.enrol", K.TEXT, "server_enrol"),
            SettingField("server.announce", K.TOGGLE, "server_announce"),
            SettingField("server.tls_cert", K.TEXT, "server_tls_cert", can_be_empty=True),
            SettingField("server.tls_key", K.TEXT, "server_tls_key", can_be_empty=True),
            SettingField("server.proxies", K.LINES, "server_proxies", more=True),
            SettingField(
                "server.manager_without_tls",
                K.CHOICE,
                "server_manager_without_tls",
                choices=_without_tls,
                can_be_empty=True,
                more=True,
            ),
        ),
    ),
)

ENTRY_LISTS = (
    EntryList(
        "employees",
        "users",
        (
            SettingField("name", K.TEXT, "employees_name"),
            SettingField("skills", K.CHIPS, "employees_skills", choices=_skills),
            SettingField("colour", K.COLOUR, "employees_colour"),
            SettingField("id", K.TEXT, "employees_id", can_be_empty=True, more=True, once=True),
        ),
        named_by="id",
        titled_by="name",
    ),
    EntryList(
        "needs",
        "help-circle",
        (
            SettingField("text", K.TEXTS, "needs_text"),
            SettingField("icon", K.ICON, "needs_icon", choices=_icons),
            SettingField("under", K.CHOICE, "needs_under", choices=_groups, can_be_empty=True),
            SettingField("skills", K.CHIPS, "needs_skills", choices=_skills),
            SettingField("prefer", K.RANKED, "needs_prefer", choices=_skills),
            SettingField("target_wait_s", K.NUMBER, "needs_target_wait_s", "s"),
            SettingField("target_service_s", K.NUMBER, "needs_target_service_s", "s"),
            SettingField("endings", K.RANKED, "needs_endings", choices=_endings),
            SettingField("self_help.title", K.TEXTS, "needs_self_help_title", can_be_empty=True),
            SettingField("self_help.text", K.TEXTS, "needs_self_help_text", long=True, can_be_empty=True),
            SettingField("self_help.icon", K.ICON, "needs_self_help_icon", choices=_icons, can_be_empty=True),
            SettingField("priority", K.NUMBER, "needs_priority", more=True),
            SettingField("overflow", K.CHIPS, "needs_overflow", choices=_people, more=True),
            SettingField("code", K.TEXT, "needs_code", can_be_empty=True, more=True, once=True),
        ),
    ),
    EntryList(
        "skills",
        "school",
        (
            SettingField("text", K.TEXTS, "skills_text"),
            SettingField("code", K.TEXT, "skills_code", can_be_empty=True, more=True, once=True),
        ),
    ),
    EntryList(
        "places",
        "map-pin",
        (
            SettingField("text", K.TEXTS, "places_text"),
            SettingField("icon", K.ICON, "places_icon", choices=_icons),
            SettingField("x", K.NUMBER, "places_x", "percent", can_be_empty=True, more=True),
            SettingField("y", K.NUMBER, "places_y", "percent", can_be_empty=True, more=True),
            SettingField("code", K.TEXT, "places_code", can_be_empty=True, more=True, once=True),
        ),
    ),
    EntryList(
        "tips",
        "bulb",
        (
            SettingField("text", K.TEXTS, "tips_text"),
            SettingField("needs", K.CHIPS, "tips_needs", choices=_needs),
            SettingField("code", K.TEXT, "tips_code", can_be_empty=True, more=True, once=True),
        ),
    ),
    EntryList(
        "gifts",
        "gift",
        (
            SettingField("text", K.TEXTS, "gifts_text"),
            SettingField("cents", K.MONEY, "gifts_cents"),
            SettingField("needs", K.CHIPS, "gifts_needs", choices=_needs),
            SettingField("code", K.TEXT, "gifts_code", can_be_empty=True, more=True, once=True),
        ),
    ),
)

# The keys of the pages that are no plain form: hours by weekday and by date.
DRAWN_KEYS = ("store.hours", "store.dates")

# Keys whose pages are in other rooms of the manager's pages: the path of the key, and its page's address.
ELSEWHERE = {
    "webhooks.name": "/manager/settings/webhooks",
    "webhooks.url": "/manager/settings/webhooks",
    "webhooks.events": "/manager/settings/webhooks",
    "webhooks.words": "/manager/settings/webhooks",
    "webhooks.allow_local": "/manager/settings/webhooks",
    "mail.host": "/manager/settings/mail",
    "mail.port": "/manager/settings/mail",
    "mail.tls": "/manager/settings/mail",
    "mail.user": "/manager/settings/mail",
    "mail.sender": "/manager/settings/mail",
    "mail.to": "/manager/settings/mail",
    "mail.at": "/manager/settings/mail",
    "mail.language": "/manager/settings/mail",
    "mail.alerts": "/manager/settings/mail",
}


def paths_on_pages() -> set[str]:
    """The path of every key that a page can change; those of entries begin with the list's name."""
    single = [field.path for section in SECTIONS for field in section.fields]
    listed = [f"{one.table}.{field.path}" for one in ENTRY_LISTS for field in one.fields]
    return {*single, *listed, *(field.path for field in HOURS_FIELDS), *DRAWN_KEYS, *ELSEWHERE}
