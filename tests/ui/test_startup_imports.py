"""What the apps do not import before their first frame, so that they start quickly and need little memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from sync_server.protocol.device_file import device_file_text

from .kiosk import device_file

# The server's parts, and what is needed only for pairing, for a later screen or for the server.
FORBIDDEN = {
    "sync_server.service", "sync_server.web", "sync_server.simulation",
    "argon2", "babel", "cryptography", "h11", "ifaddr", "itsdangerous", "jinja2",
    "platformdirs", "PIL", "prometheus_client", "qrcode", "requests", "sqlite_utils", "starlette", "urllib3",
    "uvicorn", "zeroconf",
}  # fmt: skip

STARTED = """
import asyncio, json, sys
from {package} import app, cli

async def report(controller, device):
    from kivy.app import App
    from kivy.clock import Clock
    first = Clock.frames
    while Clock.frames == first:
        await asyncio.sleep(0)
    print(json.dumps(sorted(sys.modules)), flush=True)
    App.get_running_app().stop()

app.run(cli.parse(sys.argv[1:]), report)
"""


@pytest.mark.parametrize(("package", "kind"), [("kiosk", "kiosk"), ("staff_app", "staff")])
def test_nothing_heavy_is_imported_before_the_first_frame(tmp_path: Path, package: str, kind: str) -> None:
    file = tmp_path / "a.device.toml"
    file.write_text(device_file_text(replace(device_file(), kind=kind)), "utf-8")
    program = STARTED.format(package=package)
    options = ["--device", str(file), "--data", str(tmp_path), "--size", "800x480"]
    ended = subprocess.run(
        [sys.executable, "-c", program, *options],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    loaded = json.loads(ended.stdout.splitlines()[-1])
    assert f"{package}.view" in loaded, "the real start was made"
    assert {name for name in FORBIDDEN if name in loaded} == set()
