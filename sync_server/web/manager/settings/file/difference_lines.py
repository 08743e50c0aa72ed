"""The difference of two versions of the settings, as the pages show it."""

from collections.abc import Iterable

from msgspec import Struct

from assets.i18n.texts import Texts
from sync_server.service.config.model import Settings
from sync_server.web.manager.settings.entry_list import title_of
from sync_server.web.manager.settings.field_table import ENTRY_LISTS, SECTIONS, EntryList

MAX_KEYS = 4  # named in a row of the history
_FIELDS = {field.path: field for section in SECTIONS for field in section.fields}
_OTHER_PAGES = ("mail", "webhooks")  # tables that have a page of another room
_LISTS = {listed.table: listed for listed in ENTRY_LISTS}


class DifferenceLine(Struct, frozen=True):
    """A line of the file: `added`, `removed` or `same`; `gap` where lines that are the same are left out."""

    kind: str
    text: str


class ChangedKey(Struct, frozen=True):
    """What was changed: the name of the key or of the list, and what of it, if more is to be said."""

    title: str
    what: str = ""


def difference_lines(lines: Iterable[str]) -> list[DifferenceLine]:
    """The lines of `settings_file.difference`, each with its kind."""
    kinds = {"+": "added", "-": "removed", "@": "gap"}
    found = [
        DifferenceLine(kinds.get(line[:1], "same"), "" if line.startswith("@@") else line[1:])
        for line in lines
    ]
    return found[1:] if found and found[0].kind == "gap" else found


def named_keys(keys: Iterable[str], settings: Settings, texts: Texts) -> list[ChangedKey]:
    """Paths of keys in the words of the pages on which they are set."""
    return [_named(key, settings, texts) for key in keys]


def _named(key: str, settings: Settings, texts: Texts) -> ChangedKey:
    table, _, rest = key.partition(".")
    if field := _FIELDS.get(key):
        return ChangedKey(texts.say(f"manager.setting.{field.label}"))
    if key.startswith(("store.hours", "store.dates")):
        return ChangedKey(texts.say("manager.settings.title.hours"), rest.partition(".")[2])
    if listed := _LISTS.get(table):
        name, _, inside = rest.partition(".")
        parts = [_title_of(listed, settings, name, texts), _label_of(listed, inside, texts)]
        return ChangedKey(texts.say(f"manager.settings.title.{table}"), " · ".join(filter(None, parts)))
    if table in _OTHER_PAGES:
        return ChangedKey(texts.say(f"manager.settings.title.{table}"), rest)
    return ChangedKey(key)


def _title_of(listed: EntryList, settings: Settings, name: str, texts: Texts) -> str:
    """What people know an entry by; its code or id if the settings have it no more."""
    entries = getattr(settings, listed.table)
    found = next((entry for entry in entries if getattr(entry, listed.named_by) == name), None)
    return title_of(listed, found, texts) if found else name


def _label_of(listed: EntryList, inside: str, texts: Texts) -> str:
    """The name of a key of an entry, with the language of a text: `The words (nl)`."""
    for field in listed.fields:
        if inside == field.path or inside.startswith(f"{field.path}."):
            more = inside.removeprefix(field.path).lstrip(".")
            return texts.say(f"manager.setting.{field.label}") + (f" ({more})" if more else "")
    return inside
