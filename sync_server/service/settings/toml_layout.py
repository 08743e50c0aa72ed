"""Where the tables and keys of a TOML text are, so that one of them can be changed and all else stays.

tomlkit keeps a comment with the table before it. A comment right above a table is about that table, so
entries are added, moved and removed in the text itself.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, ...]

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}'  # texts of several lines
    r"|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'"  # texts of one line
    r"|\#[^\n]*|[\[\]{}]|\n",
    re.DOTALL,
)
_HEADER = re.compile(r"[ \t]*(\[\[?)((?:\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'|[^\]\"'\n])*)\]")
_BARE = re.compile(r"[A-Za-z0-9_.\- \t]+")
_BEFORE_EQUALS = re.compile(r"(?:\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'|[^=\"'\n])*")


@dataclass
class Statement:
    """One `key = value` with the comment behind it. `begin` and `end` are offsets of whole lines."""

    key: Key
    begin: int
    end: int


@dataclass
class Block:
    """A header, or the beginning of the file, and the statements below it.

    `key` are the names in the header. `is_entry`: the header has two brackets. `begin` is where the comments
    right above the header begin; `end` is after the last line that is not blank and not a comment.
    """

    key: Key
    is_entry: bool
    begin: int
    header: int
    end: int
    statements: list[Statement] = field(default_factory=list)


def blocks_of(text: str) -> list[Block]:
    """The blocks of a valid TOML text, whose lines end in \\n, in order. The first one has no header."""
    blocks = [Block((), False, 0, 0, 0)]
    for begin, end in _logical_lines(text):
        line = text[begin:end]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if header := _HEADER.match(line):
            key = _key(header[2])
            blocks.append(Block(key, header[1] == "[[", _comments_above(text, begin), begin, end))
        else:
            before = _BEFORE_EQUALS.match(line)
            blocks[-1].statements.append(Statement(_key(before[0] if before else ""), begin, end))
            blocks[-1].end = end
    return blocks


def _logical_lines(text: str) -> Iterator[tuple[int, int]]:
    """Begin and end of each line; a value of several lines belongs to the line on which it begins."""
    begin = depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
        elif token[0] == "\n" and depth == 0:
            yield begin, token.end()
            begin = token.end()
    if begin < len(text):
        yield begin, len(text)


def _key(text: str) -> Key:
    """The names of a dotted key."""
    if _BARE.fullmatch(text):
        return tuple(name.strip() for name in text.split("."))
    names: list[str] = []
    value: Any = tomllib.loads(f"{text} = 0")
    while isinstance(value, dict):
        ((name, value),) = value.items()
        names.append(name)
    return tuple(names)


def _comments_above(text: str, begin: int) -> int:
    """Where the comment lines right above a line begin."""
    while begin > 0:
        above = text.rfind("\n", 0, begin - 1) + 1
        if not text[above:begin].lstrip().startswith("#"):
            break
        begin = above
    return begin
