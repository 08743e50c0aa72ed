"""A store for measuring: its folder, its devices, and the server as a process of its own."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from sync_server.protocol.device_file import DeviceFile
from sync_server.service import control
from sync_server.service.folder import Folder
from sync_server.service.setup import make_store

PIN = "123456"
_TEXT = '{ en = "Word", nl = "Woord", fi = "Sana" }'


def settings(employees: int) -> str:
    """store.toml with one need and as many employees as are asked for."""
    people = "\n".join(
        f'[[employees]]\nid = "e{i}"\nname = "E{i}"\nskills = ["help"]' for i in range(employees)
    )
    return f"""
[store]
name = "Bench"
[times]
wrap_up_s = 0
[[skills]]
code = "help"
text = {_TEXT}
[[needs]]
code = "help"
icon = "bulb"
text = {_TEXT}
skills = ["help"]
{people}
"""


def make(path: Path, employees: int) -> Folder:
    template = path.parent / f"{path.name}.toml"
    template.write_text(settings(employees), "utf-8")
    folder = make_store(path, "Bench", "bench-password", template)
    for i in range(employees):
        control.run(folder, "set_pin", employee=f"e{i}", pin=PIN)
    return folder


def add(folder: Folder, kind: str, name: str, address: str) -> DeviceFile:
    return control.add_device(folder, kind, name, address)


@contextlib.contextmanager
def server(folder: Folder, port: int) -> Iterator[subprocess.Popen[str]]:
    """A running server process; it is ready when the block begins."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sync_server.cli", "server", "--data", str(folder.path),
         "--sync", f"127.0.0.1:{port}", "--web", "127.0.0.1:0", "--enrol", ""],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Ready"):
                break
        else:
            raise RuntimeError("the server did not start")
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
