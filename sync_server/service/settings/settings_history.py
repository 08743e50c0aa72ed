"""The earlier settings of a store: who changed what, when, and how a change is taken back."""

import difflib
import sqlite3
import tomllib
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from msgspec import Struct

from sync_server.service.limits.numbers import SETTINGS_KEPT

from .settings_document import NAMED_BY
from .settings_file import SettingsVersion

_COLUMNS = "n, at, by, version, text"


class SavedSettings(Struct, frozen=True):
    """The settings as of one change: number `n` of the history, `at` in ms UTC. `by` is empty for by hand."""

    n: int
    at: int
    by: str
    version: str
    text: str


class BuiltUpon(Exception):
    """A change cannot be taken back: later ones are about the same. `keys` are the paths they share."""

    def __init__(self, keys: list[str]) -> None:
        super().__init__(", ".join(keys))
        self.keys = keys


def add(db: sqlite3.Connection, version: SettingsVersion, at: int) -> None:
    """Adds a version, unless the latest is the same, and removes those that are too many."""
    newest = latest(db)
    if newest is not None and newest.version == version.version:
        return
    text = zlib.compress(version.text.encode())
    db.execute(
        "INSERT INTO settings_history (at, by, version, text) VALUES (?,?,?,?)",
        (at, version.by, version.version, text),
    )
    db.execute(
        "DELETE FROM settings_history WHERE n <= (SELECT max(n) FROM settings_history) - ?", (SETTINGS_KEPT,)
    )


def latest(db: sqlite3.Connection) -> SavedSettings | None:
    """The newest version; None if there is none."""
    return next(_select(db, "ORDER BY n DESC LIMIT 1"), None)


def versions(
    db: sqlite3.Connection, limit: int = SETTINGS_KEPT, before: int | None = None
) -> list[SavedSettings]:
    """The versions, the newest first; with `before` those with a lower number."""
    most = (1 << 53) if before is None else before
    return list(_select(db, "WHERE n < ? ORDER BY n DESC LIMIT ?", most, limit))


def change(db: sqlite3.Connection, n: int) -> tuple[SavedSettings, SavedSettings] | None:
    """The version before change `n`, and the one that it made; None where either is not kept."""
    both = list(_select(db, "WHERE n <= ? ORDER BY n DESC LIMIT 2", n))
    return (both[1], both[0]) if len(both) == 2 and both[0].n == n else None


def _select(db: sqlite3.Connection, rest: str, *values: object) -> Iterator[SavedSettings]:
    for n, at, by, version, text in db.execute(f"SELECT {_COLUMNS} FROM settings_history {rest}", values):
        yield SavedSettings(n, at, by, version, zlib.decompress(text).decode())


def changed_keys(before: str, after: str) -> list[str]:
    """The paths that differ between two texts: `store.name`, `needs.repair.icon`, `employees.maya`.

    An entry that is new or gone is one path. `needs` alone: their order.
    """
    old, new = _flat(before), _flat(after)
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    tables = {key for key in keys if key.endswith(".")}  # an entry came or went
    shown = [key.rstrip(".") for key in keys if key in tables or not any(key.startswith(t) for t in tables)]
    came_or_went = {key.partition(".")[0] for key in tables}
    return sorted(key for key in shown if "." in key or key not in came_or_went)


def last_change(db: sqlite3.Connection, path: str) -> SavedSettings | None:
    """The latest version that changed what is at a path or below it; None where it is not kept any more."""
    found = versions(db)
    for new, old in pairwise(found):
        keys = changed_keys(old.text, new.text)
        entries = [key for key in keys if "." in key]  # the others are orders of lists
        if path in keys or any(
            f"{key}.".startswith(f"{path}.") or path.startswith(f"{key}.") for key in entries
        ):
            return new
    return None


def taken_back(before: str, after: str, now: str) -> str:
    """The text `now` without the change that made `after` of `before`; everything else stays.

    Raises BuiltUpon where what the change did is not there any more.
    """
    old, new, today = _flat(before), _flat(after), _flat(now)
    changed = {key for key in {**old, **new} if old.get(key) != new.get(key)}
    orders = {key for key in changed if "." not in key}  # entries that came later are in the order too
    if later := sorted(key.rstrip(".") for key in changed - orders if today.get(key) != new.get(key)):
        raise BuiltUpon(later)
    text = _merged(after, before, now)
    try:
        result = _flat(text) if text is not None else {}
    except tomllib.TOMLDecodeError:
        result = {}
    wanted = {**today, **{key: old.get(key) for key in changed}}
    if text is None or any(result.get(k) != wanted.get(k) for k in {**wanted, **result} if "." in k):
        raise BuiltUpon(sorted({key.rstrip(".") for key in changed}))
    return text


def _flat(text: str) -> dict[str, Any]:
    """Every value by its path. An entry has one of its own, `needs.repair.`, and each list has its order."""
    found: dict[str, Any] = {}

    def walk(path: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                walk(f"{path}.{key}" if path else key, item)
        elif path in _LISTS and isinstance(value, list):
            names = [str(entry.get(NAMED_BY.get(path, "code"))) for entry in value]
            found[path] = names
            for name, entry in zip(names, value, strict=True):
                found[f"{path}.{name}."] = True
                walk(f"{path}.{name}", entry)
        else:
            found[path] = value

    walk("", tomllib.loads(text))
    return found


_LISTS = frozenset({"skills", "needs", "places", "tips", "gifts", "employees", "webhooks"})


def _merged(base: str, mine: str, theirs: str) -> str | None:
    """`theirs` with what changed from `base` to `mine`; None where both changed the same lines."""
    base_lines, mine_lines, their_lines = (text.splitlines(keepends=True) for text in (base, mine, theirs))
    their_spans = [
        (i1, i2, j1)
        for tag, i1, i2, j1, _ in difflib.SequenceMatcher(
            None, base_lines, their_lines, autojunk=False
        ).get_opcodes()
        if tag == "equal"
    ]
    hunks = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(
        None, base_lines, mine_lines, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            continue
        span = next((s for s in their_spans if s[0] <= i1 and i2 <= s[1]), None)
        if span is None:
            return None
        at = span[2] + i1 - span[0]
        hunks.append((at, at + i2 - i1, mine_lines[j1:j2]))
    for begin, end, lines in reversed(hunks):
        their_lines[begin:end] = lines
    return "".join(their_lines)
