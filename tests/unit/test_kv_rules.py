"""Each rule of a .kv file names a class that exists: Kivy silently ignores a rule with another name."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
FOLDERS = ("assets/ui", "kiosk", "staff_app")
KV_FILES = [path for folder in FOLDERS for path in sorted((HERE / folder).rglob("*.kv"))]
RULE = re.compile(r"^<([^>@]+)(@[^>]+)?>:", re.MULTILINE)


@cache
def _classes() -> set[str]:
    names = set()
    for folder in FOLDERS:
        for path in (HERE / folder).rglob("*.py"):
            tree = ast.parse(path.read_text("utf-8"))
            names |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    return names


@pytest.mark.parametrize("path", KV_FILES, ids=lambda path: str(path.relative_to(HERE)))
def test_each_rule_names_a_class(path: Path) -> None:
    rules = RULE.findall(path.read_text("utf-8"))
    assert rules
    # `<Name@Base>` declares the class itself.
    assert {name for name, base in rules if not base} <= _classes()
