"""Runs Welkom in other processes: the server, and commands as a person types them."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
WELKOM = [sys.executable, "-m", "sync_server.cli"]
READY_S = 30.0


def welkom(
    *arguments: str | Path, answer: str = "", encoding: str = "utf-8"
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end, in a terminal of this encoding."""
    return subprocess.run(
        [*WELKOM, *map(str, arguments)],
        cwd=ROOT,
        env={**ENVIRONMENT, "PYTHONIOENCODING": encoding},
        input=answer,
        capture_output=True,
        encoding=encoding,
        errors="replace",
        check=False,
        timeout=60,
    )


class ServerProcess:
    """`welkom server` on a data directory. `sync` is the address for devices."""

    def __init__(self, folder: Path, sync: str = "127.0.0.1:0", enrol: str = "") -> None:
        self._folder = folder
        self.sync = sync
        self.enrol = enrol
        self.pid = 0
        self._said: list[str] = []
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> "ServerProcess":
        if said := await self._start():
            raise AssertionError(f"the server did not start: {said}")
        return self

    async def start_and_fail(self) -> tuple[int, str]:
        """Starts a server that is expected to end before it is ready. Returns its exit code and output."""
        said = await self._start()
        assert said, "the server started"
        assert self._process is not None
        return await self._process.wait(), said

    async def _start(self) -> str:
        """Returns an empty text when the server is ready; its output if it ended before."""
        self._process = await asyncio.create_subprocess_exec(
            *WELKOM, "server", "--data", str(self._folder), "--sync", self.sync, "--web", "127.0.0.1:0",
            "--enrol", self.enrol,
            cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.pid = self._process.pid
        said = self._said = []
        async with asyncio.timeout(READY_S):
            assert self._process.stdout is not None
            while line := (await self._process.stdout.readline()).decode():
                said.append(line)
                if line.startswith("Devices:"):
                    self.sync = line.split()[1]
                if line.startswith("Ready"):
                    return ""
        return "".join(said)

    async def kill(self) -> None:
        """Kills it, like a power cut: no handler runs, nothing more is written."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def stop(self) -> int:
        """Stops it as a person does. Returns the exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self._process.wait(), READY_S)

    async def output(self) -> str:
        """All that it wrote. To be called once it has ended."""
        assert self._process is not None
        assert self._process.stdout is not None
        return "".join(self._said) + (await self._process.stdout.read()).decode()
