"""Reads docs/: sections by their headings, and the rows of their tables."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def page(name: str) -> str:
    """The text of one page. Each file name is used once under docs/, so the folder is not needed."""
    (path,) = DOCS.rglob(name)
    return path.read_text("utf-8")


def generator(name: str) -> ModuleType:
    """A program of docs/generate, as a module."""
    spec = importlib.util.spec_from_file_location(name, DOCS / "generate" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def sections(text: str, level: int) -> dict[str, str]:
    """The text below each heading of this level, up to the next heading of this or a higher level."""
    parts = re.split(rf"(?m)^(#{{1,{level}}}) (.+)$", text)
    found = {}
    for marks, title, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        if len(marks) == level:
            assert title not in found, f"{title} is there twice"
            found[title] = body
    return found


def rows(text: str) -> list[list[str]]:
    """The cells of every table row, without the header rows."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    body = [line for n, line in enumerate(lines) if not _is_heading(lines, n)]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in body]


def names(text: str) -> list[str]:
    """The first cell of each row, where it is code."""
    return [row[0].strip("`") for row in rows(text) if row[0].startswith("`")]


def code(text: str, language: str) -> list[str]:
    return re.findall(rf"(?s)```{language}\n(.*?)```", text)


def _is_heading(lines: list[str], n: int) -> bool:
    rule = re.compile(r"^\|[-| ]+\|$")
    return bool(rule.match(lines[n]) or (n + 1 < len(lines) and rule.match(lines[n + 1])))
