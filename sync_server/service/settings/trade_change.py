"""Takes the example of a trade over into a shop's settings: what comes, what changes, what goes."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from msgspec import Struct

from sync_server.service.config.load import load_settings
from sync_server.service.config.model import Settings
from sync_server.service.config.trades import trade_file

from .settings_document import SettingsDocument

LISTS = ("skills", "needs", "places", "tips", "gifts")
PIN = ("x", "y")  # of a place, on the plan of the shop
SINGLE_KEYS = ("store.goodwill_limit_cents", "times.offer_s", "times.wrap_up_s", "times.service_level_s")


class ListDifference(Struct, frozen=True):
    """What a trade does to one list: codes, in their order."""

    table: str
    comes: tuple[str, ...]
    changes: tuple[str, ...]
    goes: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.comes or self.changes or self.goes)


@cache
def trade_settings(trade: str) -> Settings:
    """The example of a trade."""
    return load_settings(trade_file(trade))


@cache
def trade_values(trade: str) -> Mapping[str, Any]:
    """The same as its file has it."""
    return tomllib.loads(trade_file(trade).read_text("utf-8"))


def trade_difference(settings: Settings, trade: str, only_add: bool) -> list[ListDifference]:
    """What the trade changes. With `only_add` nothing of the shop's own changes or goes."""
    example = trade_settings(trade)
    found = []
    for table in LISTS:
        ours = {one.code: one for one in getattr(settings, table)}
        theirs = {one.code: one for one in getattr(example, table)}
        shared = [code for code in theirs if code in ours]
        changes = [code for code in shared if _differ(ours[code], theirs[code])]
        found.append(
            ListDifference(
                table,
                comes=tuple(code for code in theirs if code not in ours),
                changes=() if only_add else tuple(changes),
                goes=() if only_add else tuple(code for code in ours if code not in theirs),
            )
        )
    return found


def apply_trade(document: SettingsDocument, settings: Settings, trade: str, only_add: bool) -> None:
    """Writes the trade into the document.

    Everybody who works there gets the skills that come; where the trade replaces all, exactly its skills.
    """
    values = trade_values(trade)
    for difference in trade_difference(settings, trade, only_add):
        table = difference.table
        entries = {entry["code"]: entry for entry in values.get(table, [])}
        for code in difference.goes:
            document.remove(table, code)
        for code in difference.changes:
            pin = {key: document.get(f"{table}.{code}.{key}") for key in PIN}
            document.replace(table, code, {**entries[code], **pin})
        for code in difference.comes:
            document.add(table, entries[code])
        if not only_add:
            document.reorder(table, list(entries))
        if table == "skills":
            _give_skills(document, settings, difference.comes if only_add else tuple(entries), only_add)
    if not only_add:
        _set_keys(document, values)


def _give_skills(
    document: SettingsDocument, settings: Settings, skills: Sequence[str], keep_own: bool
) -> None:
    for person in settings.employees:
        own = sorted(person.skills) if keep_own else []
        document.set(f"employees.{person.id}.skills", [*own, *(one for one in skills if one not in own)])


def _set_keys(document: SettingsDocument, values: Mapping[str, Any]) -> None:
    for path in SINGLE_KEYS:
        table, _, key = path.partition(".")
        if key in values.get(table, {}):
            document.set(path, values[table][key])


def _differ(one: Struct, other: Struct) -> bool:
    """Whether two entries differ; the pin of a place is the shop's own."""
    keys = [key for key in one.__struct_fields__ if key not in PIN]
    return any(getattr(one, key) != getattr(other, key) for key in keys)
