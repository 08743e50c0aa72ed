"""docs/reference/security.md: its tests exist and its counts are right; and rules for all code."""

import ast
import logging
import re
import ssl
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import argon2
import pytest

from sync_server.service.auth import password_hash
from sync_server.service.net import tls
from sync_server.service.observe.logs import TextFormatter
from sync_server.service.storage.data_dir import DataDir

from .docs_pages import page, rows, sections

ROOT = Path(__file__).parents[2]
VERDICTS = ("met", "n/a", "not met")
# What runs text as a program, reads objects from untrusted bytes, or is too weak.
CALLS = {"eval", "exec", "compile", "__import__", "from_string"}
MODULES = {"pickle", "marshal", "shelve", "yaml", "xml", "lxml", "telnetlib", "ftplib"}
WEAK = {"md5", "sha1", "mktemp", "popen"}
SERVED = ("sync_server/service", "sync_server/web", "sync_server/protocol", "sync_server/domain")


def requirements() -> list[list[str]]:
    """The rows of all chapters: number, level, what is asked, verdict, and evidence."""
    table = sections(page("security.md"), 2)["The table"]
    return [row for chapter in sections(table, 3).values() for row in rows(chapter)]


def test_every_requirement_has_a_verdict_with_a_test_or_a_reason():
    found = requirements()
    assert len({row[0] for row in found}) == len(found) == 253  # of levels 1 and 2
    for number, level, asked, verdict, why in found:
        assert verdict in VERDICTS, number
        assert level in ("1", "2")
        assert asked
        assert why
        assert bool(re.match(r"`[\w/]+\.py::test_", why)) == (verdict == "met"), number


def test_every_test_that_is_named_exists():
    missing = [
        name
        for row in requirements()
        for file, name in re.findall(r"`([\w/]+\.py)::(test_\w+)`", row[4])
        if not re.search(rf"^(async )?def {name}\(", (ROOT / "tests" / file).read_text("utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_the_counts_are_those_of_the_table():
    counted = Counter((row[3], row[1]) for row in requirements())
    written = {
        row[0]: [int(cell) for cell in row[1:]] for row in rows(page("security.md").split("## Keys")[0])
    }
    for verdict in VERDICTS:
        one, two = counted[verdict, "1"], counted[verdict, "2"]
        assert written[verdict] == [one, two, one + two]
    assert written["all"][2] == 253


def test_the_page_names_every_key_file(folder):
    written = sections(page("security.md"), 2)["Keys and secrets"]
    for path in folder.path.iterdir():
        if path.suffix in (".key", ".pem"):
            assert f"`{path.name}`" in written


# --- rules for all code ------------------------------------------------------------------------------


def test_no_dangerous_call_is_in_the_product():
    found = []
    for part in SERVED:
        for path in sorted((ROOT / part).rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            where = path.relative_to(ROOT).as_posix()
            found += [f"{where}: {what}" for node in ast.walk(tree) if (what := _danger(node))]
    assert found == []


def _danger(node: ast.AST) -> str:
    """What is dangerous about a piece of code; empty if nothing is."""
    if isinstance(node, ast.Import):
        return next((name.name for name in node.names if name.name.split(".")[0] in {*MODULES, "random"}), "")
    if isinstance(node, ast.ImportFrom):
        return node.module if node.module and node.module.split(".")[0] in {*MODULES, "random"} else ""
    if isinstance(node, ast.Call):
        called = node.func
        if isinstance(called, ast.Name) and called.id in CALLS:
            return called.id
        if isinstance(called, ast.Attribute) and called.attr in {*WEAK, "from_string"}:
            return called.attr
        if ast.unparse(called) == "os.system":
            return "os.system"
        if any(word.arg == "shell" and getattr(word.value, "value", None) for word in node.keywords):
            return "shell"
    return ""


@pytest.mark.parametrize(
    "code", ["eval(x)", "import pickle", "from xml.etree import x", "hashlib.md5(b'')", "run(x, shell=True)"]
)
def test_a_dangerous_call_would_be_found(code):
    assert any(_danger(node) for node in ast.walk(ast.parse(code)))


def test_every_library_is_pinned():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines if line and not line.startswith("#"))


def test_tls_is_of_today(tmp_path):
    tls.make_certificate(DataDir(tmp_path), "Shop", ["localhost"], datetime.now(UTC))
    found = tls._context(tmp_path / tls.CERTIFICATE, tmp_path / tls.KEY)
    assert found.minimum_version >= ssl.TLSVersion.TLSv1_2
    weak = [one["name"] for one in found.get_ciphers() if re.search("RC4|3DES|NULL|EXP|MD5", one["name"])]
    assert weak == []


def test_passwords_are_hashed_as_recommended():
    """RFC 9106's second recommendation, or more."""
    hasher = password_hash._hasher
    assert hasher.type is argon2.Type.ID
    assert hasher.memory_cost >= 65_536
    assert hasher.time_cost >= 3


def test_a_line_of_the_log_is_one_line_with_its_offset():
    record = logging.LogRecord(
        "x", logging.WARNING, "x.py", 1, "from %s", ("me\n2026 ERROR x: all is lost",), None
    )
    (line,) = TextFormatter().format(record).splitlines()
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} WARNING x: from me\\n2026", line)
