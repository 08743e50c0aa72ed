"""Provides links that can be cut and a disk that can be filled, with what this system allows.

With network namespaces each device has its own virtual wire (veth) to the server. A cut wire loses packets
and closes no connection, like bad Wi-Fi. Without namespaces a proxy on loopback is used. The disk is a small
tmpfs in this process's own mount namespace, or, if none may be mounted, a limit on the server's files.
"""

import asyncio
import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Protocol

from tests.integration.cable import Cable

DISK_MB = 64
CHUNK = 65_536
INSIDE = "WELKOM_TORTURE_INSIDE"
# With mounts and network of their own, which disappear when the last process in them has ended.
NAMESPACES = [
    ["unshare", "--mount", "--net", "--propagation", "private"],
    ["unshare", "--user", "--map-root-user", "--mount", "--net", "--propagation", "private"],
]


def enter_namespaces() -> None:
    """Starts this program again inside its own namespaces, if that is allowed."""
    if INSIDE in os.environ or not all(map(shutil.which, ("unshare", "nsenter", "ip", "mount"))):
        return
    trial = "ip link set lo up && ip link add one type veth peer name other && mount -t tmpfs none /tmp"
    for wrapped in NAMESPACES:
        if subprocess.run([*wrapped, "sh", "-c", trial], capture_output=True, check=False).returncode == 0:
            os.environ[INSIDE] = "yes"
            os.execvp(wrapped[0], [*wrapped, sys.executable, "-m", "tests.torture", *sys.argv[1:]])


def tied_to_this_process(command: list[str]) -> list[str]:
    """The command, changed so that the kernel kills it when this process ends for any reason."""
    return [*(["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []), *command]


def is_inside() -> bool:
    return INSIDE in os.environ


class Links(Protocol):
    means: str

    async def open(self, number: int, port: int) -> str:
        """Creates a device's link; the address of the server for this device."""

    def command(self, number: int) -> list[str]:
        """What to put before the device's command."""

    async def cut(self, number: int) -> None: ...
    async def repair(self, number: int) -> None: ...
    async def close(self) -> None: ...


class Wires:
    """A network namespace for each device."""

    means = "network namespaces"

    def __init__(self) -> None:
        self._holders: dict[int, asyncio.subprocess.Process] = {}
        _run("ip link set lo up")

    async def open(self, number: int, port: int) -> str:
        # It prints its line when it is inside its namespace.
        hold = tied_to_this_process(["unshare", "--net", "sh", "-c", "echo; exec sleep 3600"])
        holder = await asyncio.create_subprocess_exec(*hold, stdout=subprocess.PIPE)
        self._holders[number] = holder
        assert holder.stdout is not None
        await holder.stdout.readline()
        inside = f"nsenter --net=/proc/{holder.pid}/ns/net"
        _run(f"ip link add d{number} type veth peer name wire netns {holder.pid}")
        _run(f"ip addr add 10.77.{number}.1/30 dev d{number}")
        _run(f"ip link set d{number} up")
        _run(f"{inside} ip addr add 10.77.{number}.2/30 dev wire")
        _run(f"{inside} ip link set wire up")
        _run(f"{inside} ip link set lo up")
        return f"tcp://10.77.{number}.1:{port}"

    def command(self, number: int) -> list[str]:
        return ["nsenter", f"--net=/proc/{self._holders[number].pid}/ns/net"]

    async def cut(self, number: int) -> None:
        _run(f"ip link set d{number} down")

    async def repair(self, number: int) -> None:
        _run(f"ip link set d{number} up")

    async def close(self) -> None:
        for holder in self._holders.values():
            holder.kill()
            await holder.wait()


class Proxies:
    """A proxy on loopback for each device."""

    means = "a loopback proxy"

    def __init__(self) -> None:
        self._cables: dict[int, Cable] = {}
        self._turn = 0

    async def open(self, number: int, port: int) -> str:
        self._cables[number] = await Cable(f"127.0.0.1:{port}").open()
        return self._cables[number].address

    def command(self, _number: int) -> list[str]:
        return []

    async def cut(self, number: int) -> None:
        """Closes the connections and stalls them, in turn."""
        self._turn += 1
        (self._cables[number].cut if self._turn % 2 else self._cables[number].stall)()

    async def repair(self, number: int) -> None:
        self._cables[number].repair()

    async def close(self) -> None:
        for cable in self._cables.values():
            await cable.close()


class SmallDisk:
    """A small tmpfs. `fill` leaves not one byte free."""

    means = f"a tmpfs of {DISK_MB} MB"

    def __init__(self, path: Path, megabytes: int = DISK_MB) -> None:
        path.mkdir()
        _run(f"mount -t tmpfs -o size={megabytes}m none {path}")
        self._path = path
        self._filler = path / "filler"

    def fill(self, _pid: int = 0) -> None:
        with contextlib.suppress(OSError), self._filler.open("ab", buffering=0) as filler:
            for size in (CHUNK, 512, 1):
                with contextlib.suppress(OSError):
                    while filler.write(b"x" * size) == size:
                        pass

    def free(self, _pid: int = 0) -> None:
        self._filler.unlink(missing_ok=True)

    def close(self) -> None:
        """Unmounts it, so that its folder can be removed."""
        _run(f"umount {self._path}")


class FileLimit:
    """Limits the size of the files that the server writes."""

    means = "a limit on the size of the server's files"

    def __init__(self, path: Path) -> None:
        path.mkdir()

    def fill(self, pid: int) -> None:
        self._limit(pid, 4096)

    def free(self, pid: int) -> None:
        self._limit(pid, resource.RLIM_INFINITY)

    def close(self) -> None:
        """Nothing to do: the limit ends with the server."""

    def _limit(self, pid: int, size: int) -> None:
        with contextlib.suppress(ProcessLookupError):  # a server that was started again has no limit
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def links() -> Links:
    return Wires() if is_inside() else Proxies()


def disk(path: Path) -> SmallDisk | FileLimit:
    return SmallDisk(path) if is_inside() else FileLimit(path)


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _run(command: str) -> None:
    subprocess.run(command.split(), check=True, capture_output=True)
