"""One key of any settings, with any comments, is changed: all else is byte for byte as it was."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, UnsetType

from assets import paths
from sync_server.service.config.load import SettingsError, parse_settings
from sync_server.service.config.model import Settings
from sync_server.service.settings.settings_document import NAMED_BY, SettingsDocument
from sync_server.service.settings.settings_history import BuiltUpon, changed_keys, taken_back
from sync_server.service.settings.toml_layout import blocks_of
from tests.examples import examples
from tests.sample_store import STORE_TOML

# The same things written in other ways: dotted keys, tables below entries, lists in lines, other quotes.
OTHERWISE = """\
title = 'x'
store.name = 'Dotted'
store.hours.mon = "09:00-18:00"
places = [{ code = "door", text = { en = "Door" }, icon = 'door' }]

[times]
  offer_s=15
# above needs
[[needs]]
code = 'repair'
skills = [
    "a",  # one
    "b",
]
text.en = \"\"\"It is
[[broken]] # here\"\"\"
[needs.self_help.title]
en = "Try"

[[employees]]
id = "maya"
name = "M # not a comment [x]"
skills = []
[server]"""
TEXTS = [STORE_TOML, paths.DEMO_STORE.read_text("utf-8"), OTHERWISE]
COMMENTS = st.sampled_from(["", "", "", "# note", "  # [table]", '# key = "x"', "#", "\t"])


def keys_of(kind: type[Struct], path: str) -> Iterator[tuple[str, Any]]:
    """Every key of a table, with its type; of a table inside it, its keys."""
    for field in msgspec.structs.fields(kind):
        types = [t for t in _options(field.type) if t not in (NoneType, UnsetType)]
        yield from _keys(f"{path}{field.encode_name}", types[0])


def _keys(path: str, kind: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(kind, type) and issubclass(kind, Struct):
        yield from keys_of(kind, f"{path}.")
    elif (
        get_origin(kind) is tuple
        and isinstance(get_args(kind)[0], type)
        and issubclass(get_args(kind)[0], Struct)
    ):
        yield from keys_of(get_args(kind)[0], f"{path}.*.")
    elif get_origin(kind) is dict:
        yield from ((f"{path}.{key}", str) for key in ("en", "2026-12-25"))
    else:
        yield path, kind


def _options(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


KEYS = list(keys_of(Settings, ""))
TRIED: dict[Any, list[Any]] = {str: ["x", 'it\'s "y"'], bool: [True, False], int: [7], float: [1.5, 3]}
WORDS = st.text(st.characters(codec="utf-8", max_codepoint=0x2FFF), max_size=12)


def values(kind: Any) -> st.SearchStrategy[Any]:
    if kind is bool:
        return st.booleans()
    if kind in (int, float):
        return st.integers(-(10**9), 10**9) if kind is int else st.floats(-1e6, 1e6, allow_nan=False)
    return WORDS if kind is str else st.lists(WORDS, max_size=3)


def entry_path(document: SettingsDocument, path: str, chance: int) -> str | None:
    """The path with one of the entries of its list; None if the list has none."""
    table, star, rest = path.partition(".*.")
    names = document.names(table) if star else [""]
    return None if not names else f"{table}.{names[chance % len(names)]}.{rest}" if star else path


def test_every_key_of_the_settings_is_there():
    found = [path for path, _ in KEYS]
    assert len(found) == len(set(found)) > 60
    assert {"store.name", "needs.*.self_help.title.en", "employees.*.skills", "server.proxies"} <= set(found)


@pytest.mark.parametrize("text", [STORE_TOML, OTHERWISE], ids=["sample", "otherwise"])
def test_every_key_can_be_set_and_taken_out_again(text):
    for path, kind in KEYS:
        document = SettingsDocument(text)
        at = entry_path(document, path, 0)
        if at is None or at.rpartition(".")[2] in ("code", "id"):
            continue
        for value in TRIED.get(kind, [["a"], []]):
            document.set(at, value)
            assert document.get(at) == value, at
            assert SettingsDocument(document.text).get(at) == value, at
        document.unset(at)
        assert document.get(at) is None, at
        assert SettingsDocument(document.text).get(at) is None, at


@given(st.data())
@settings(max_examples=examples(100), deadline=None)
def test_what_is_not_changed_is_byte_for_byte_the_same(data):
    text = _with_comments(data, data.draw(st.sampled_from(TEXTS)))
    document = SettingsDocument(text)
    path, kind = data.draw(st.sampled_from(KEYS))
    at = entry_path(document, path, data.draw(st.integers(0, 9)))
    if at is None or at.rpartition(".")[2] in NAMED_BY.values() or at.endswith(".code"):
        return
    value = data.draw(values(kind))
    document.set(at, value)
    _check_rest(text, document.text)
    assert SettingsDocument(document.text).get(at) == value
    if data.draw(st.booleans()):
        before = document.text
        document.unset(at)
        _check_rest(before, document.text)


@given(st.data())
@settings(max_examples=examples(60), deadline=None)
def test_a_change_that_is_taken_back_leaves_what_came_later(data):
    texts = [data.draw(st.sampled_from(TEXTS))]
    for _ in range(2):
        document = SettingsDocument(texts[-1])
        path, kind = data.draw(st.sampled_from(KEYS))
        at = entry_path(document, path, data.draw(st.integers(0, 9)))
        if at is None or at.rpartition(".")[2] in ("code", "id"):
            return
        document.set(at, data.draw(values(kind)))
        texts.append(document.text)
    before, after, now = texts
    back = before
    with contextlib.suppress(BuiltUpon):
        back = taken_back(before, after, now)
        # As if the first change had never been, with the second one.
        alone = SettingsDocument(before)
        if now != after:
            alone.set(at, SettingsDocument(now).get(at))
        assert changed_keys(alone.text, back) == []


def _check_rest(before: str, after: str) -> None:
    """The texts differ in one place only, and that is one statement, or lines that are new."""
    # A last line without an end gets one when lines follow.
    old, new = ([f"{line}\n" for line in text.removesuffix("\n").split("\n")] for text in (before, after))
    first = next(
        (i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )
    most = min(len(old), len(new)) - first
    last = next((i for i in range(most) if old[-1 - i] != new[-1 - i]), most)
    gone = "".join(old[first : len(old) - last])
    statements = [
        f"{before[s.begin : s.end].removesuffix(chr(10))}\n"
        for block in blocks_of(before)
        for s in block.statements
    ]
    assert not gone or any(gone in s for s in statements), (gone, "".join(new[first : len(new) - last]))


def _with_comments(data: st.DataObject, text: str) -> str:
    """The text with comments and blanks between and behind its statements."""
    ends = {s.end: s for block in blocks_of(text) for s in block.statements}
    pieces, at = [], 0
    for end in sorted(ends)[: data.draw(st.integers(0, 12))]:
        line, comment = text[at:end], data.draw(COMMENTS)
        if (
            comment.strip()
            and data.draw(st.booleans())
            and line.count("\n", line.rfind("\n", 0, -1) + 1) == 1
        ):
            quoted = line[ends[end].begin - at :]
            if quoted.count("\n") == 1:
                line = f"{line[:-1]}  {comment}\n"
        pieces += [line, f"{comment}\n"]
        at = end
    return "".join(pieces) + text[at:]


@given(st.data())
@settings(max_examples=examples(30), deadline=None)
def test_entries_come_go_and_move_and_the_others_stay(data):
    text = _with_comments(data, data.draw(st.sampled_from(TEXTS[:2])))
    document = SettingsDocument(text)
    for _ in range(data.draw(st.integers(1, 5))):
        table = data.draw(st.sampled_from(["needs", "employees", "places", "tips"]))
        names = document.names(table)
        match data.draw(st.sampled_from(["add", "remove", "reorder"])):
            case "add":
                name = f"new_{len(names)}"
                entry = {NAMED_BY.get(table, "code"): name, "text": {"en": data.draw(WORDS)}}
                if name not in names:
                    document.add(table, entry, at=data.draw(st.none() | st.integers(0, 9)))
                    assert document.get(f"{table}.{name}") == entry
            case "remove" if names:
                name = data.draw(st.sampled_from(names))
                document.remove(table, name)
                assert name not in document.names(table)
            case "reorder":
                order = data.draw(st.permutations(names))
                document.reorder(table, order)
                assert document.names(table) == order
        assert SettingsDocument(document.text).names(table) == document.names(table)
    kept = [line for line in text.splitlines() if line.startswith("# ---")]
    assert [line for line in document.text.splitlines() if line.startswith("# ---")] == kept


def test_bounded_values_read_back_as_set():
    document = SettingsDocument(STORE_TOML)
    document.set("store.name", "Café “Zoë” # 7")
    document.set("times.offer_s", 20)
    read = parse_settings(document.text, Path("store.toml"))
    assert (read.store.name, read.times.offer_s) == ("Café “Zoë” # 7", 20)
    document.set("times.offer_s", 0)
    with pytest.raises(SettingsError) as error:
        parse_settings(document.text, Path("store.toml"))
    assert [(fault.path, str(fault.saying)) for fault in error.value.faults] == [
        ("times.offer_s", "0 is not between 1 and 600")
    ]
