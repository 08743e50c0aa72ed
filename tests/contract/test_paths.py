"""Every path that README, CHANGELOG and docs/ name exists, and names are in the file beside them."""

import ast
import re

import pytest

from .docs_pages import DOCS, ROOT, page, rows, sections

PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
SERVER = ROOT / "sync_server"
FIRST_FOLDERS = ["kiosk", "staff_app", "sync_server", "assets", "tests", "docs", "packaging"]
ROOMS = sorted(path.parent.name for path in SERVER.glob("*/__init__.py"))  # pages leave `sync_server/` out
NAMED = re.compile(rf"`((?:{'|'.join([*FIRST_FOLDERS, *ROOMS])})/[\w./*-]*)`")
NAME_IN_FILE = re.compile(r"`(\w+)` in `([\w./-]+\.py)`")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_exists(path):
    for named in NAMED.findall(path.read_text("utf-8")):
        base = ROOT if named.split("/")[0] in FIRST_FOLDERS else SERVER
        assert any(base.glob(named.rstrip("/"))), named


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_name_is_defined_in_the_file_beside_it(path):
    for name, file in NAME_IN_FILE.findall(path.read_text("utf-8")):
        base = ROOT if file.split("/")[0] in FIRST_FOLDERS else SERVER
        assert name in _defined((base / file).read_text("utf-8")), f"{name} in {file}"


def test_every_word_of_the_glossary_has_its_place_in_the_code():
    words = rows(page("glossary.md"))
    assert len(words) > 50
    for cells in words:
        assert len(cells) == 4, cells
        assert NAME_IN_FILE.fullmatch(cells[3]), cells


def test_every_ordinary_change_names_the_files_to_touch():
    changes = rows(sections(page("architecture.md"), 2)["Where to change what"])
    assert len(changes) > 40
    for cells in changes:
        assert len(cells) == 2, cells
        assert NAMED.search(cells[1]), cells


def _defined(source: str) -> set[str]:
    """The classes, functions and variables at the top of a module."""
    found: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found
