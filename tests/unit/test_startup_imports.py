"""What the commands do not import before they are needed, so that `welkom --help` answers at once."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FORBIDDEN = {
    "sync_server.device.device", "sync_server.service", "sync_server.simulation", "sync_server.web",
    "argon2", "babel", "cryptography", "kivy", "jinja2", "requests", "sqlite_utils", "starlette", "uvicorn",
    "zeroconf", "zmq",
}  # fmt: skip

ASKED = """
import contextlib, io, json, sys
from sync_server.cli import main

with contextlib.redirect_stdout(io.StringIO()) as shown, contextlib.suppress(SystemExit):
    main(sys.argv[1:], prog_name="welkom")
assert "Usage: welkom" in shown.getvalue()
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["kiosk", "--help"], ["staff", "--help"]], ids=" ".join)
def test_help_imports_neither_kivy_nor_the_server(arguments: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ASKED, *arguments],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    loaded = json.loads(ended.stdout.splitlines()[-1])
    assert {name for name in FORBIDDEN if name in loaded} == set()
