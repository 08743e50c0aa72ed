"""Starts the processes of a demo: a display, the server and the windows. Each ends with its block."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

WELKOM = (sys.executable, "-m", "sync_server.cli")


class DemoError(Exception):
    """The demo cannot start. The text says what is missing."""


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def display(size: str = "1920x1080") -> Iterator[None]:
    """Uses the display of this computer, or starts a virtual one until the block ends. Raises DemoError."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        yield
        return
    if shutil.which("Xvfb") is None:
        raise DemoError(
            "there is no display, and no Xvfb to make one: sudo apt-get install -y xvfb libgl1-mesa-dri"
        )
    reading_end, writing_end = os.pipe()
    # Without -noreset it would start afresh whenever its last program goes, and refuse others meanwhile.
    screen = ("-screen", "0", f"{size}x24", "-ac", "-noreset", "+extension", "GLX")
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing_end), *screen],
        pass_fds=[writing_end],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(writing_end)
    try:
        with os.fdopen(reading_end) as reply:
            number = reply.readline().strip()
        if not number:
            raise DemoError("Xvfb did not start; try by hand: Xvfb -displayfd 1")
        os.environ["DISPLAY"] = f":{number}"
        yield
    finally:
        os.environ.pop("DISPLAY", None)
        _end(process)


@contextlib.contextmanager
def server(data: Path, sync: str, web: str) -> Iterator["subprocess.Popen[str]"]:
    """Runs a server until the block ends; it is ready when the block begins. Raises DemoError."""
    process = subprocess.Popen(
        [*WELKOM, "server", "--data", str(data), "--sync", sync, "--web", web, "--enrol", ""],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,  # Ctrl+C reaches the demo alone, which ends its parts in order
    )
    try:
        assert process.stdout is not None
        if not any(line.startswith("Ready") for line in process.stdout):
            raise DemoError("the server did not start; see its reason above")
        yield process
    finally:
        _end(process)


@contextlib.contextmanager
def windows(commands: dict[str, list[str]]) -> Iterator[dict[str, "subprocess.Popen[bytes]"]]:
    """Opens one window for each command, in a process of its own, until the block ends. By name.

    A window saves a picture on SIGUSR1. Until it is ready for that, it ignores the signal.
    """
    opened: dict[str, subprocess.Popen[bytes]] = {}
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # inherited by the windows
    try:
        for name, command in commands.items():
            opened[name] = subprocess.Popen([*WELKOM, *command], start_new_session=True)
        yield opened
    finally:
        for process in opened.values():
            process.send_signal(signal.SIGTERM)
        for process in opened.values():
            _end(process)


def _end(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
