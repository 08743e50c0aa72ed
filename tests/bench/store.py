"""Creates the store of a benchmark, adds devices to it, and runs its server as a process."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from sync_server.protocol.device_file import DeviceFile
from sync_server.service.admin import client
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.upkeep.create_store import make_store

PIN = "271828"
WORD = '{ en = "Word", nl = "Woord", fi = "Sana" }'


def settings(employees: int) -> str:
    """The store.toml with one need and this many employees."""
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
text = {WORD}
[[needs]]
code = "help"
icon = "bulb"
text = {WORD}
skills = ["help"]
{people}
"""


def create(path: Path, employees: int) -> DataDir:
    template = path.parent / f"{path.name}.toml"
    template.write_text(settings(employees), "utf-8")
    folder = make_store(path, "Bench", "bench-password", template)
    for i in range(employees):
        client.run(folder, "set_pin", employee=f"e{i}", pin=PIN)
    return folder


def add_device(folder: DataDir, kind: str, name: str, address: str) -> DeviceFile:
    return client.add_device(folder, kind, name, address)


@contextlib.contextmanager
def server(folder: DataDir, port: int, web: int = 0) -> Iterator[subprocess.Popen[str]]:
    """Runs the server until the block ends. It is ready when the block begins. `web` is the pages' port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sync_server.cli", "server", "--data", str(folder.path),
         "--sync", f"127.0.0.1:{port}", "--web", f"127.0.0.1:{web}", "--enrol", ""],
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
