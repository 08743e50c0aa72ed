"""Reads `store.toml`; each wrong line is named with file, key and reason."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Struct

from sync_server.text_files import NotText, read_text

from .checks import find_problems
from .model import Settings
from .problem_place import at_key
from .values import normalised

MAX_PROBLEM = 500  # characters of one line about a fault
MAX_DIGITS = 15  # of a number; Python itself stops at 4300
_MANY_DIGITS = re.compile(r"[0-9_]{4300,}")
# How msgspec calls the kinds of values, and how people do.
_KINDS = {
    "str": "a text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list in [ ]",
    "object": "a table",
}
_GIVEN = _KINDS | {
    "str": "a text",
    "array": "a list",
    "datetime": "a date without quotes",
    "date": "a date without quotes",
    "time": "a time without quotes",
}


class SettingsError(Exception):
    """`store.toml` cannot be used. `problems` has a line for each fault, `at_keys` where each of them is."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        self.problems = [f"{path}: {_visible(problem)}" for problem in problems]
        self.at_keys = [at_key(_visible(problem)) for problem in problems]
        super().__init__("\n".join(self.problems))


def _visible(problem: str) -> str:
    """The problem with a name for each character that cannot be seen, and not longer than can be read."""
    plain = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in problem)
    return plain if len(plain) <= MAX_PROBLEM else f"{plain[: MAX_PROBLEM - 1]}…"


def load_settings(path: Path) -> Settings:
    """Reads and checks `store.toml`. Raises SettingsError."""
    try:
        text = read_text(path)
    except FileNotFoundError:
        raise SettingsError(
            path, ["not found; `welkom init` makes a folder with one to start from"]
        ) from None
    except OSError as error:
        raise SettingsError(path, [f"cannot be read ({error.strerror}); check who owns it"]) from error
    except NotText as error:
        raise SettingsError(path, [str(error)]) from error
    return parse_settings(text, path)


def parse_settings(text: str, path: Path) -> Settings:
    """Checks the text of a `store.toml`; `path` is for the sentences. Raises SettingsError."""
    try:
        raw = _parse(text)
    except _NotToml as error:
        raise SettingsError(path, [str(error)]) from error
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


class _NotToml(Exception):
    """The text is not TOML. The message names the line."""


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _NotToml(f"not valid TOML: {error}{_quoted_line(text, str(error))}") from error
    except RecursionError as error:
        raise _NotToml(
            "not valid TOML: brackets within brackets, too many; compare it with the example"
        ) from error
    except ValueError as error:
        raise _NotToml(_too_many_digits(text) or f"not valid TOML: {error}") from error


def _quoted_line(text: str, reason: str) -> str:
    """The line that a reason of tomllib means, in quotes."""
    found = re.search(r"at line ([0-9]+)", reason)
    lines = text.splitlines()
    if found is None or int(found[1]) > len(lines):
        return "; compare the end of the file with the example"
    line = lines[int(found[1]) - 1].strip()
    advice = "texts and times need quotes"
    if "overwrite" in reason:
        advice = "its key is there already: leave one of the two"
    elif re.search("[“”„‟«»‘’‚]", line):
        advice = 'write straight quotes: " and not “ or ”'
    elif re.search("[\u00a0\u2000-\u200f\u202f\ufeff]", line):
        advice = "it has a blank that TOML does not know; type its blanks anew"
    return f"; this line is {line if len(line) <= 60 else line[:59] + '…'}; {advice}"


def _too_many_digits(text: str) -> str | None:
    found = _MANY_DIGITS.search(text)
    if found is None:
        return None
    line, key = text.count("\n", 0, found.start()) + 1, text[: found.start()].rpartition("\n")[2]
    name = key.partition("=")[0].strip()
    return (
        f"line {line} (`{name[:40]}`): a number of {len(found[0])} digits; write one of at most {MAX_DIGITS}"
    )


# --- keys and kinds of values --------------------------------------------------------------------


def _problems_of_table(
    table: dict[str, Any], kind: type[Struct], raw: dict[str, Any], path: str = ""
) -> Iterator[str]:
    """Every key that is unknown or missing, and every value that is not of its kind.

    Without this check a typing error in a key would mean the default value.
    """
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key, value in table.items():
        if key not in fields:
            yield _at(path, f"unknown key `{key}`; known are {', '.join(fields)}", raw)
        else:
            yield from _problems_of_value(value, fields[key].type, raw, f"{path}.{key}" if path else key)
    for key, field in fields.items():
        if key not in table and field.default is NODEFAULT and field.default_factory is NODEFAULT:
            yield _at(path, f"the key `{key}` is missing; the example has it", raw)


def _problems_of_value(value: Any, kind: Any, raw: dict[str, Any], path: str) -> Iterator[str]:
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


def _sentence(error: msgspec.ValidationError, path: str, raw: dict[str, Any]) -> str:
    """msgspec's `Expected `str`, got `int` - at `$[3]`` in plain words, with the place."""
    reason, _, where = str(error).partition(" - at ")
    kinds = re.fullmatch(r"Expected `(\w+)(?: \| null)?`, got `(\w+)`", reason)
    if kinds:
        wanted, given = _KINDS.get(kinds[1], kinds[1]), _GIVEN.get(kinds[2], kinds[2])
        reason = f"must be {wanted}, not {given}"
    elif reason == "Number out of range":
        reason = f"has too many digits; write a number of at most {MAX_DIGITS}"
    return _at(path + where.strip("`").removeprefix("$"), reason, raw)


def _at(path: str, reason: str, raw: dict[str, Any]) -> str:
    """`needs[3].icon` and why as `needs[3] (code "repair"), icon: why`."""
    if not path:
        return reason
    entry = re.match(r"(\w+)\[(\d+)\]\.?(.*)", path)
    if not entry:
        return f"{path}: {reason}"
    table, index, key = entry[1], int(entry[2]), entry[3]
    items = raw.get(table)
    item = items[index] if isinstance(items, list) and index < len(items) else {}
    name = item.get("code", item.get("id", item.get("name"))) if isinstance(item, dict) else None
    place = f"{table}[{index}]" + (f' ("{name}")' if name else "")
    return f"{place}, {key}: {reason}" if key else f"{place}: {reason}"
