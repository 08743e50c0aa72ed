"""The text of `store.toml` as something that can be edited: one key or one entry changes, all else stays.

A path names a key: `store.name`, `times.offer_s`, `store.hours.mon`; inside a list of tables the entry comes
first: `needs.repair.text.nl`, `employees.maya.skills`. An entry is named by its `code`, an employee by `id`.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any

import tomlkit
from tomlkit.items import Array, InlineTable, Table

from .toml_layout import Block, Key, Statement, blocks_of

NAMED_BY = {"employees": "id", "webhooks": "name"}  # all other lists: "code"


class UnknownPath(KeyError):
    """The file has no such key or entry. The text is its path."""


class LaidOutOtherwise(Exception):
    """The file is written in a way in which this change cannot be made without loss. Edit it as text."""


class SettingsDocument:
    """A text of `store.toml` that is edited in place. It must be valid TOML, with lines that end in \\n.

    `text` is the edited text. It raises LaidOutOtherwise where the text does not say what the edits said.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._values: dict[str, Any] = tomllib.loads(text)

    @property
    def text(self) -> str:
        """The text with all edits."""
        try:
            is_right = tomllib.loads(self._text) == self._values
        except tomllib.TOMLDecodeError:
            is_right = False
        if not is_right:
            raise LaidOutOtherwise
        return self._text

    # --- what it says ------------------------------------------------------------------------------

    def get(self, path: str, default: Any = None) -> Any:
        """The value in the file; `default` where the file does not have this key."""
        try:
            value: Any = self._find(path)
        except UnknownPath:
            return default
        return deepcopy(value)

    def names(self, table: str) -> list[str]:
        """The codes (of employees the ids) of a list of tables, in the order of the file."""
        return [str(entry.get(_name_key(table))) for entry in self._entries(table)]

    # --- keys --------------------------------------------------------------------------------------

    def set(self, path: str, value: Any) -> None:
        """Gives a key a value; the key and its table are added where there are none.

        A mapping is set key by key: what it does not have is removed. Raises UnknownPath for an entry that
        is not there.
        """
        value = _plain(value)
        before = self.get(path)
        if isinstance(value, dict) and isinstance(before, dict):
            for name in [name for name in before if name not in value]:
                self.unset(f"{path}.{name}")
            for name, item in value.items():
                self.set(f"{path}.{name}", item)
            return
        if before == value and type(before) is type(value):
            return
        *above, name = path.split(".")
        table = self._make(above)
        place = self._place_of(path)
        table[name] = value
        self._write(path, place, value)

    def unset(self, path: str) -> None:
        """Removes a key, so that it has its default value. Does nothing where it is not there."""
        try:
            *above, name = path.split(".")
            parent = self._find(".".join(above)) if above else self._values
        except UnknownPath:
            return
        if not isinstance(parent, dict) or name not in parent:
            return
        del parent[name]
        blocks, key = self._place_of(path)
        if above and key == (above[0],):  # an entry of a list in one line
            self._write(path, (blocks, key), None)
            return
        for span in reversed(_spans_below(blocks, key)):
            self._cut(*span)
        for block in reversed(blocks):
            for statement in reversed(block.statements):
                full = block.key + statement.key
                if len(full) < len(key) and key[: len(full)] == full:
                    self._edit(statement, key[len(full) :], None)
                    return
        if above and not parent:
            self._forget_empty(above)

    # --- entries of lists --------------------------------------------------------------------------

    def add(self, table: str, entry: Mapping[str, Any], at: int | None = None) -> None:
        """Adds an entry to a list of tables: as number `at` (0 is the first), by default as the last."""
        values = {key: _plain(value) for key, value in entry.items() if value is not None}
        entries = self._values.setdefault(table, [])
        at = len(entries) if at is None else max(0, min(at, len(entries)))
        lines = "".join(f"{_bare(key)} = {_value_text(value)}\n" for key, value in values.items())
        block = f"[[{table}]]\n{lines}"
        spans = self._entry_spans(table)
        entries.insert(at, values)
        if len(spans) + 1 != len(entries):  # the list is written in one line
            self._write(table, self._place_of(table), entries)
        elif not spans:
            if any(s.key == (table,) for b in blocks_of(self._text)[:1] for s in b.statements):
                self._remove_statement(table)
            self._append(block)
        elif at == len(spans):
            self._insert(_line_end(self._text, spans[-1][1]), "\n" + block)
        else:
            self._insert(spans[at][0], block + "\n")

    def replace(self, table: str, name: str, entry: Mapping[str, Any]) -> None:
        """Gives an entry these values, and no others. Its comments and its place stay."""
        values = {key: _plain(value) for key, value in entry.items() if value is not None}
        for key in [key for key in self._find(f"{table}.{name}") if key not in values]:
            self.unset(f"{table}.{name}.{key}")
        named_by, renamed = _name_key(table), name
        for key, value in values.items():
            if key != named_by:
                self.set(f"{table}.{name}.{key}", value)
        if (renamed := values.get(named_by, name)) != name:
            self.set(f"{table}.{name}.{named_by}", renamed)

    def remove(self, table: str, name: str) -> None:
        """Removes an entry with the comments right above it. Raises UnknownPath."""
        number, spans = self._number(table, name), self._entry_spans(table)
        del self._values[table][number]
        if len(spans) != len(self._values[table]) + 1:
            self._write(table, self._place_of(table), self._values[table])
            return
        begin, end = spans[number]
        while self._text[end : end + 1] == "\n":
            end += 1
        self._cut(begin, end)
        if not self._values[table]:
            del self._values[table]  # without an entry there is no list

    def reorder(self, table: str, names: Sequence[str]) -> None:
        """Puts the entries of a list into this order. Names that are left out follow in their old order."""
        now, spans = self.names(table), self._entry_spans(table)
        order = [now.index(name) for name in dict.fromkeys(names) if name in now]
        order += [number for number in range(len(now)) if number not in order]
        if order == list(range(len(now))):
            return
        entries = self._values[table]
        self._values[table] = [entries[number] for number in order]
        if len(spans) != len(entries):
            self._write(table, self._place_of(table), self._values[table])
            return
        texts = [self._text[begin:end].rstrip("\n") + "\n" for begin, end in spans]
        for (begin, end), number in reversed(list(zip(spans, order, strict=True))):
            self._text = self._text[:begin] + texts[number] + self._text[end:]

    # --- inside: the values ------------------------------------------------------------------------

    def _entries(self, table: str) -> list[dict[str, Any]]:
        entries = self._values.get(table, [])
        return entries if isinstance(entries, list) else []

    def _number(self, table: str, name: str) -> int:
        try:
            return self.names(table).index(name)
        except ValueError:
            raise UnknownPath(f"{table}.{name}") from None

    def _find(self, path: str) -> Any:
        """The value at a path. Raises UnknownPath."""
        first, *rest = path.split(".")
        value: Any = self._values
        if rest and isinstance(self._values.get(first), list):
            value, rest = self._values[first][self._number(first, rest[0])], rest[1:]
        else:
            rest = [first, *rest]
        for name in rest:
            if not isinstance(value, dict) or name not in value:
                raise UnknownPath(path)
            value = value[name]
        return value

    def _make(self, above: Sequence[str]) -> dict[str, Any]:
        """The table at a path, made where it is not there. Raises UnknownPath for an entry."""
        value: Any = self._values
        rest = list(above)
        if len(rest) > 1 and (rest[0] in NAMED_BY or isinstance(self._values.get(rest[0]), list)):
            value, rest = self._entries(rest[0])[self._number(rest[0], rest[1])], rest[2:]
        for name in rest:
            value = value.setdefault(name, {})
        if not isinstance(value, dict):
            raise UnknownPath(".".join(above))
        return value

    def _forget_empty(self, path: list[str]) -> None:
        """An empty table is no table where its last key was a dotted one: `text.en`."""
        while path and SettingsDocument(self._text).get(".".join(path)) is None:
            *path, name = path
            table = self._find(".".join(path)) if path else self._values
            if table.get(name) != {}:
                break
            del table[name]

    # --- inside: the text --------------------------------------------------------------------------

    def _entry_spans(self, table: str) -> list[tuple[int, int]]:
        """Where each entry of a list begins and ends. The comments above the first one are the list's."""
        spans: list[tuple[int, int]] = []
        inside = False
        for block in blocks_of(self._text)[1:]:
            if block.key == (table,) and block.is_entry:
                spans.append((block.begin if spans else block.header, block.end))
                inside = True
            elif inside and block.key[:1] == (table,):
                spans[-1] = spans[-1][0], block.end
            else:
                inside = False
        return spans

    def _place_of(self, path: str) -> tuple[list[Block], Key]:
        """The blocks in which a key may be, and the key as those blocks name it."""
        names, blocks = tuple(path.split(".")), blocks_of(self._text)
        table = names[0]
        spans = self._entry_spans(table)
        if len(names) == 1 or not isinstance(self._values.get(table), list):
            return blocks, names
        number = self._number(table, names[1])
        if number >= len(spans):  # the list is written in one line
            return blocks[:1], (table,)
        begin, end = spans[number]
        return [b for b in blocks if begin <= b.header < end], (table, *names[2:])

    def _write(self, path: str, place: tuple[list[Block], Key], value: Any) -> None:
        """Makes the text say that the key at `path` has this value."""
        blocks, key = place
        if key == (path.split(".")[0],) and isinstance(self._values.get(key[0]), list):
            value = self._values[key[0]]
        for block in blocks:
            for statement in block.statements:
                full = block.key + statement.key
                if key[: len(full)] == full:
                    self._edit(statement, key[len(full) :], value)
                    return
        if spans := _spans_below(blocks, key):  # it is a table, or dotted keys
            for span in reversed(spans):
                self._cut(*span)
            blocks, key = self._place_of(path)
        self._add_key(blocks, key, value)

    def _add_key(self, blocks: list[Block], key: Key, value: Any) -> None:
        fitting = [b for b in blocks if key[: len(b.key)] == b.key and len(b.key) < len(key)]
        block = max(fitting, key=lambda b: len(b.key))
        rest = key[len(block.key) :]
        beside = (*block.key, rest[0])  # tables below the same name: it cannot be a key of its own as well
        deeper = next((b for b in blocks if b.key[: len(beside)] == beside and len(rest) > 1), None)
        line = f"{_bare(key[-1])} = {_value_text(value)}\n"
        if len(rest) == 1 and block.key:
            self._insert(_line_end(self._text, block.end), line)
        elif deeper is not None:
            self._insert(deeper.begin, f"[{'.'.join(map(_bare, key[:-1]))}]\n{line}\n")
        elif len(rest) > 1 and any(s.key[:1] == rest[:1] and len(s.key) > 1 for s in block.statements):
            dotted = ".".join(map(_bare, rest))
            self._insert(_line_end(self._text, block.end), f"{dotted} = {_value_text(value)}\n")
        elif not block.key:  # a table that is not there yet
            if len(key) > 1:
                self._append(f"[{'.'.join(map(_bare, key[:-1]))}]\n{line}")
            else:
                self._insert(_line_end(self._text, block.end), line)
        else:
            for name in reversed(rest[1:]):
                value = {name: value}
            self._insert(_line_end(self._text, block.end), f"{_bare(rest[0])} = {_value_text(value)}\n")

    def _edit(self, statement: Statement, inside: Key, value: Any) -> None:
        """Sets what is `inside` the value of a statement; None removes it. tomlkit keeps all else."""
        document = tomlkit.parse(self._text[statement.begin : statement.end])
        path = [*statement.key, *inside]
        while value is not None and len(path) > len(statement.key):
            # tomlkit would add a key of a table in one line without a blank before it.
            table = _at(document, path[:-1])
            if table is not None and (path[-1] in table or not isinstance(table, InlineTable)):
                break
            value = {**({} if table is None else table.unwrap()), path[-1]: value}
            path.pop()
        if value is None:
            name = path.pop()
            value = {k: v for k, v in _at(document, path).unwrap().items() if k != name}
        _replace(_at(document, path[:-1]), path[-1], value)
        edited = tomlkit.dumps(document)
        self._text = self._text[: statement.begin] + edited + self._text[statement.end :]

    def _remove_statement(self, name: str) -> None:
        for statement in blocks_of(self._text)[0].statements:
            if statement.key == (name,):
                self._cut(statement.begin, statement.end)
                return

    def _insert(self, at: int, lines: str) -> None:
        before = self._text[:at]
        self._text = before + ("\n" if before and not before.endswith("\n") else "") + lines + self._text[at:]

    def _append(self, block: str) -> None:
        end = self._text.rstrip("\n")
        self._text = f"{end}\n\n{block}" if end else block

    def _cut(self, begin: int, end: int) -> None:
        self._text = self._text[:begin] + self._text[end:]


def _spans_below(blocks: Iterable[Block], key: Key) -> list[tuple[int, int]]:
    """Where the statements and the blocks are that are the key, or inside it."""
    spans = []
    for block in blocks:
        if block.key[: len(key)] == key and len(key) <= len(block.key) and not block.is_entry:
            spans.append((block.begin, block.end))
        else:
            spans += [(s.begin, s.end) for s in block.statements if (block.key + s.key)[: len(key)] == key]
    return spans


def _at(document: Any, path: Iterable[str]) -> Any:
    """The table at this path of a tomlkit document; None where there is none."""
    for name in path:
        if name not in document:
            return None
        document = document[name]
    return document


def _replace(table: Any, name: str, value: Any) -> None:
    """Sets the value; the blanks and the comment around the old one stay, and an array's lines."""
    old = table.get(name)
    item = _item(value, isinstance(old, Array) and "\n" in old.as_string())
    if old is not None and hasattr(old, "trivia") and not isinstance(old, Table):
        item.trivia.indent, item.trivia.comment_ws = old.trivia.indent, old.trivia.comment_ws
        item.trivia.comment, item.trivia.trail = old.trivia.comment, old.trivia.trail
    table[name] = item


def _plain(value: Any) -> Any:
    """Tuples and sets as lists, in an order that does not depend on chance."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return [_plain(item) for item in sorted(value)]
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _value_text(value: Any, in_lines: bool = False) -> str:
    """A value as TOML, in one line; a list with `in_lines` in several."""
    if isinstance(value, dict):
        items = ", ".join(f"{_bare(key)} = {_value_text(item)}" for key, item in value.items())
        return f"{{ {items} }}" if items else "{}"
    if isinstance(value, list):
        if in_lines and value:
            return "[\n" + "".join(f"    {_value_text(item)},\n" for item in value) + "]"
        return f"[{', '.join(_value_text(item) for item in value)}]"
    return str(tomlkit.item(value).as_string())


def _item(value: Any, in_lines: bool) -> Any:
    """A value as an item of tomlkit."""
    return tomlkit.value(_value_text(value, in_lines))


def _bare(key: str) -> str:
    return tomlkit.key(key).as_string()


def _name_key(table: str) -> str:
    return NAMED_BY.get(table, "code")


def _line_end(text: str, at: int) -> int:
    return at if at == 0 or text[at - 1 : at] == "\n" else len(text)
