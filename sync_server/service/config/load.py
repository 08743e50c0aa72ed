"""Reads `store.toml`; each wrong line is named with file, key and reason."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Struct

from assets.i18n.saying import Filled, Saying, SayingError
from sync_server.text_files import NotText, read_text

from .checks import find_problems
from .fault import SettingsFault
from .model import Settings
from .values import normalised

MAX_DIGITS = 15  # of a number; Python itself stops at 4300
_MANY_DIGITS = re.compile(r"[0-9_]{4300,}")
# The kinds of values that msgspec names, and that have words of their own.
_KINDS = frozenset({"str", "int", "float", "bool", "array", "object"})
_GIVEN = _KINDS | {"datetime", "date", "time"}


class SettingsError(Exception):
    """`store.toml` cannot be used because of its `faults`. `problems` has a line in English for each."""

    def __init__(self, path: Path, faults: list[SettingsFault]) -> None:
        self.faults = faults
        self.problems = [f"{path}: {fault}" for fault in faults]
        super().__init__("\n".join(self.problems))


def load_settings(path: Path) -> Settings:
    """Reads and checks `store.toml`. Raises SettingsError."""
    try:
        text = read_text(path)
    except FileNotFoundError:
        raise SettingsError(path, [SettingsFault.at("", "settings_fault.not_found")]) from None
    except OSError as error:
        fault = SettingsFault.at("", "settings_fault.unreadable", reason=error.strerror or "")
        raise SettingsError(path, [fault]) from error
    except NotText as error:
        raise SettingsError(path, [SettingsFault("", error.saying)]) from error
    return parse_settings(text, path)


def parse_settings(text: str, path: Path) -> Settings:
    """Checks the text of a `store.toml`; `path` is for the sentences. Raises SettingsError."""
    try:
        raw = _parse(text)
    except _NotToml as error:
        raise SettingsError(path, [SettingsFault("", error.saying)]) from error
    problems = list(_problems_of_table(raw, Settings, raw))
    if problems:
        raise SettingsError(path, problems)
    try:
        settings = msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:  # all that it can find was looked for above
        raise SettingsError(path, [_sentence(error, "", raw)]) from error
    problems = list(find_problems(settings))
    if problems:
        raise SettingsError(path, problems)
    return normalised(settings)


# --- TOML ----------------------------------------------------------------------------------------


class _NotToml(SayingError):
    """The text is not TOML. The message names the line."""


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(text, str(error)) from error
    except RecursionError as error:
        raise _NotToml("settings_fault.toml_brackets") from error
    except ValueError as error:
        raise _too_many_digits(text) or _NotToml("settings_fault.not_toml", reason=str(error)) from error


def _not_toml(text: str, reason: str) -> _NotToml:
    """What is wrong, with the line that a reason of tomllib means."""
    found = re.search(r"at line ([0-9]+)", reason)
    lines = text.splitlines()
    if found is None or int(found[1]) > len(lines):
        return _NotToml("settings_fault.toml_end", reason=reason)
    line = lines[int(found[1]) - 1].strip()
    advice = "settings_fault.toml_quotes"
    if "overwrite" in reason:
        advice = "settings_fault.toml_twice"
    elif re.search("[“”„‟«»‘’‚]", line):
        advice = "settings_fault.toml_straight"
    elif re.search("[\u00a0\u2000-\u200f\u202f\ufeff]", line):
        advice = "settings_fault.toml_blank"
    shown = line if len(line) <= 60 else line[:59] + "…"
    return _NotToml("settings_fault.toml_line", reason=reason, line=shown, advice=Saying(advice))


def _too_many_digits(text: str) -> _NotToml | None:
    found = _MANY_DIGITS.search(text)
    if found is None:
        return None
    line, key = text.count("\n", 0, found.start()) + 1, text[: found.start()].rpartition("\n")[2]
    name = key.partition("=")[0].strip()
    return _NotToml(
        "settings_fault.toml_digits", line=line, name=name[:40], digits=len(found[0]), most=MAX_DIGITS
    )


# --- keys and kinds of values --------------------------------------------------------------------


def _problems_of_table(
    table: dict[str, Any], kind: type[Struct], raw: dict[str, Any], path: str = ""
) -> Iterator[SettingsFault]:
    """Every key that is unknown or missing, and every value that is not of its kind.

    Without this check a typing error in a key would mean the default value.
    """
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key, value in table.items():
        if key not in fields:
            known = ", ".join(fields)
            yield SettingsFault.at(_place(path, raw), "settings_fault.unknown_key", key=key, known=known)
        else:
            yield from _problems_of_value(value, fields[key].type, raw, f"{path}.{key}" if path else key)
    for key, field in fields.items():
        if key not in table and field.default is NODEFAULT and field.default_factory is NODEFAULT:
            yield SettingsFault.at(_place(path, raw), "settings_fault.missing_key", key=key)


def _problems_of_value(value: Any, kind: Any, raw: dict[str, Any], path: str) -> Iterator[SettingsFault]:
    inner = next((t for t in (kind, *get_args(kind)) if _is_struct(t)), None)
    if inner is not None and isinstance(value, dict):
        yield from _problems_of_table(value, inner, raw, path)
    elif inner is not None and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _problems_of_value(item, inner, raw, f"{path}[{number}]")
    elif get_origin(kind) is dict and isinstance(value, dict):
        for key, item in value.items():
            yield from _problems_of_value(item, get_args(kind)[1], raw, f"{path}.{key}")
    else:
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            yield _sentence(error, path, raw)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _sentence(error: msgspec.ValidationError, path: str, raw: dict[str, Any]) -> SettingsFault:
    """msgspec's `Expected `str`, got `int` - at `$[3]`` in plain words, with the place."""
    reason, _, where = str(error).partition(" - at ")
    saying = Saying("settings_fault.as_read", {"reason": reason})
    kinds = re.fullmatch(r"Expected `(\w+)(?: \| null)?`, got `(\w+)`", reason)
    if kinds:
        wanted: Filled = Saying(f"settings_fault.kind.{kinds[1]}") if kinds[1] in _KINDS else kinds[1]
        given: Filled = Saying(f"settings_fault.given.{kinds[2]}") if kinds[2] in _GIVEN else kinds[2]
        saying = Saying("settings_fault.must_be", {"wanted": wanted, "given": given})
    elif reason == "Number out of range":
        saying = Saying("settings_fault.digits", {"most": MAX_DIGITS})
    return SettingsFault(_place(path + where.strip("`").removeprefix("$"), raw), saying)


def _place(path: str, raw: dict[str, Any]) -> str:
    """`needs[3].icon` as `needs[3] ("repair"), icon`."""
    entry = re.match(r"(\w+)\[(\d+)\]\.?(.*)", path)
    if not entry:
        return path
    table, index, key = entry[1], int(entry[2]), entry[3]
    items = raw.get(table)
    item = items[index] if isinstance(items, list) and index < len(items) else {}
    name = item.get("code", item.get("id", item.get("name"))) if isinstance(item, dict) else None
    place = f"{table}[{index}]" + (f' ("{name}")' if name else "")
    return f"{place}, {key}" if key else place
