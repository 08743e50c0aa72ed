"""Welkom as processes of its own: the server, and commands as a person types them."""

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


def welkom(*arguments: str | Path, answer: str = "") -> subprocess.CompletedProcess[str]:
    """A command, run to its end."""
    return subprocess.run(
        [*WELKOM, *map(str, arguments)],
        cwd=ROOT,
        env=ENVIRONMENT,
        input=answer,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


class ServerProcess:
    """`welkom server` on a folder. `sync` is where devices find it."""

    def __init__(self, folder: Path, sync: str = "127.0.0.1:0", enrol: str = "") -> None:
        self._folder = folder
        self.sync = sync
        self.enrol = enrol
        self.pid = 0
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> "ServerProcess":
        if said := await self._start():
            raise AssertionError(f"the server did not start: {said}")
        return self

    async def start_in_vain(self) -> tuple[int, str]:
        """Its exit code and what it said, where it is to end by itself before it is ready."""
        said = await self._start()
        assert said, "the server started"
        assert self._process is not None
        return await self._process.wait(), said

    async def _start(self) -> str:
        """Empty once it is ready; else all that it said until it ended."""
        self._process = await asyncio.create_subprocess_exec(
            *WELKOM, "server", "--data", str(self._folder), "--sync", self.sync, "--web", "127.0.0.1:0",
            "--enrol", self.enrol,
            cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.pid = self._process.pid
        said = []
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
        """As a power cut would: no handler runs, nothing is written any more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def stop(self) -> int:
        """As a person would; the exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self._process.wait(), READY_S)
