"""Finds the keys of texts in the product's .py, .kv and .html files.

A key is written as a literal, `say("kiosk.line.leave")`, or made from its parts: an f-string such as
`say(f"kiosk.line.{stage}")`, or `say("state." ~ state)` in a page. Of the latter two every text of that
shape counts as used.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("assets", "kiosk", "staff_app", "sync_server")
SUFFIXES = {".py", ".kv", ".html"}

_LITERAL = re.compile(r"""["']([a-z_]+\.(?:[a-z_.\d]|\{[^{}]*\})*)["']""")
_FILE_NAME = re.compile(r"\.(css|db|html|js|kv|toml)$")
_PART = re.compile(r"\\\{.*?\\\}")


def used_keys(keys: Iterable[str], root: Path = ROOT) -> tuple[dict[str, list[str]], list[str]]:
    """For each of `keys` the files that use it, and a line for each use of a key that does not exist."""
    files: dict[str, list[str]] = {key: [] for key in keys}
    sections = {key.partition(".")[0] for key in files}
    unknown = []
    for path in _sources(root):
        file = path.relative_to(root).as_posix()
        for literal in sorted(set(_LITERAL.findall(path.read_text("utf-8")))):
            if literal.partition(".")[0] not in sections or _FILE_NAME.search(literal):
                continue  # a dot, but no key
            found = [literal] if literal in files else _matching(literal, files)
            if not found:
                unknown.append(f"{file} uses {literal!r}, which has no English text")
            for key in found:
                files[key].append(file)
    return files, unknown


def _sources(root: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted(path for path in (root / folder).rglob("*") if path.suffix in SUFFIXES)


def _matching(literal: str, keys: Iterable[str]) -> list[str]:
    """The keys that a key made from parts may become."""
    if "{" not in literal and not literal.endswith("."):
        return []
    shape = re.compile(_PART.sub("[^.]+", re.escape(literal)) + ("[^.]+" if literal.endswith(".") else ""))
    return [key for key in keys if shape.fullmatch(key)]
