"""Runs the processes of a store and injects faults into them."""

import asyncio
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from msgspec.structs import replace

from sync_server.protocol.device_file import device_file_text
from sync_server.service.admin import client
from sync_server.service.storage.data_dir import DataDir
from sync_server.simulation.demo.processes import free_port
from tests.bench import store

from . import environment, verdict

KIOSKS, TABLETS = 3, 6
READY_S = 30.0
KILLS = 5  # of the server, one after another
# From the beginning of one series of kills to the next, in turn: the server has just started, or it has run
# until it makes offers again, some seconds after its start.
KILL_SERIES_S = (3.75, 8.25)
CONVERGE_S = 60.0
ROOT = Path(__file__).parents[2]


class RestartedProcess:
    """A process that is started again whenever it ends, as systemd does.

    `ended` has the exit code and the last line of each run that was not killed. `errors` is the file for its
    error output. `up` is set while it is ready, `begun` while there is a process.
    """

    def __init__(self, name: str, command: list[str], errors: Path) -> None:
        self.name = name
        self.up = asyncio.Event()
        self.begun = asyncio.Event()
        self.kills = 0
        self.ended: list[tuple[int | None, str]] = []
        self.pid = 0
        self._command = command
        self._errors = errors
        self._ending = False
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._running = asyncio.ensure_future(self._run())

    def kill(self) -> None:
        self.kills += 1
        self.up.clear()
        self.begun.clear()
        environment.kill(self.pid)

    async def stop(self) -> None:
        """Ends it in order, as a person would."""
        self._ending = True
        environment.kill(self.pid, signal.SIGCONT)
        environment.kill(self.pid, signal.SIGTERM)
        assert self._running is not None
        done, _ = await asyncio.wait({self._running}, timeout=READY_S)
        if not done:
            environment.kill(self.pid)
            await self._running

    async def _run(self) -> None:
        while not self._ending:
            kills = self.kills
            with self._errors.open("wb") as errors:
                command = environment.tied_to_this_process(self._command)
                process = await asyncio.create_subprocess_exec(
                    *command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors,
                    env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)},
                )  # fmt: skip
            self.pid = process.pid
            self.begun.set()
            assert process.stdout is not None
            async for line in process.stdout:
                if line.startswith(b"Ready"):
                    self.up.set()
            await process.wait()
            self.up.clear()
            if self.kills == kills and not self._ending:
                errors_text = self._errors.read_text("utf-8", "replace").strip()
                self.ended.append((process.returncode, errors_text.rpartition("\n")[2]))
                await asyncio.sleep(0.2)  # the pause of systemd


class Torture:
    """Three kiosks, six tablets and a server, under load and faults."""

    def __init__(self, work: Path, seconds: float, chance: random.Random) -> None:
        self.work = work
        self.seconds = seconds
        self.chance = chance
        self.last_to_agree = ""
        self.up_s: float | None = None  # after the last fault, until every killed program was up again
        self.cuts = self.stops = self.full = self.slow = self.slow_commits = 0
        self.links = environment.links()
        self.disk = environment.disk(work / "disk")
        self.notes = work / "notes"
        self.notes.mkdir()
        self._slow_file = work / "slow"
        self._port = free_port()
        self.folder = DataDir(work / "disk" / "store")
        self.devices: list[RestartedProcess] = []
        self._stopped: set[RestartedProcess] = set()

    async def set_up(self) -> None:
        store.create(self.folder.path, employees=TABLETS)
        kinds = ["kiosk"] * KIOSKS + ["staff"] * TABLETS
        self.names: dict[str, list[str]] = {"kiosk": [], "staff": []}
        for number, kind in enumerate(kinds):
            file = client.add_device(self.folder, kind, f"{kind} {number}", "tcp://later")
            self.names[kind].append(file.device_id)
            path = self.work / f"{file.device_id}.toml"
            address = await self.links.open(number, self._port)
            path.write_text(device_file_text(replace(file, server=address)), "utf-8")
            who = f"e{number - KIOSKS}" if kind == "staff" else ""
            device = [sys.executable, "-m", "tests.torture.device"]
            arguments = [str(path), str(self.work / file.device_id), str(self.notes), who]
            self.devices.append(
                RestartedProcess(
                    file.device_id,
                    [*self.links.command(number), *device, *arguments],
                    path.with_suffix(".err"),
                )
            )
        listen = ["--sync", f"0.0.0.0:{self._port}", "--web", "127.0.0.1:0", "--enrol", ""]
        server = [sys.executable, "-m", "tests.torture.slow_server", str(self._slow_file)]
        self.server = RestartedProcess(
            "server", [*server, "--data", str(self.folder.path), *listen], self.work / "server.err"
        )

    async def run(self) -> None:
        """Injects all faults at the same time, for the given time."""
        self.server.start()
        for device in self.devices:
            device.start()
        await asyncio.wait_for(self.server.up.wait(), READY_S)
        while not verdict.acknowledged(self.notes):
            await asyncio.sleep(0.05)  # polls, because the notes are files of other processes
        faults = (
            self._kill_server(),
            self._kill_devices(),
            self._cut_links(),
            self._stop_tablets(),
            self._disturb_disk(),
        )
        tasks = [asyncio.ensure_future(fault) for fault in faults]
        await asyncio.wait(tasks, timeout=self.seconds, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    async def converge(self) -> float:
        """Ends all faults and new ops, and waits until all agree. Returns the seconds that took."""
        for number in range(len(self.devices)):
            await self.links.repair(number)
        self.disk.free(self.server.pid)
        self._end_slow_disk()
        for device in self._stopped:
            environment.kill(device.pid, signal.SIGCONT)
        began = time.monotonic()
        asked: set[int] = set()
        why = "no device was checked"
        while time.monotonic() - began < CONVERGE_S:
            for device in self.devices:
                up = self.notes / f"{device.name}.up"
                if device.pid not in asked and up.exists() and up.read_text() == str(device.pid):
                    asked.add(device.pid)
                    environment.kill(device.pid, signal.SIGUSR1)
            if len(asked) == len(self.devices):
                if self.up_s is None and self.server.up.is_set():
                    self.up_s = round(time.monotonic() - began, 1)
                why = verdict.disagreement(self.folder, self.notes, self.names["kiosk"], self.names["staff"])
                if why:
                    self.last_to_agree = why
                else:
                    return time.monotonic() - began
            await asyncio.sleep(0.1)  # polls files again
        raise AssertionError(f"after {CONVERGE_S:.0f} s: {why}")

    def _end_slow_disk(self) -> None:
        if self._slow_file.exists():
            self.slow_commits += self._slow_file.stat().st_size
            self._slow_file.unlink()

    async def tear_down(self) -> None:
        await asyncio.gather(*(member.stop() for member in (*self.devices, self.server)))
        await self.links.close()

    # --- faults ---------------------------------------------------------------------------------

    async def _kill_server(self) -> None:
        """Kills it several times while it starts, then lets it run for a while."""
        loop = asyncio.get_running_loop()
        for series_s in itertools.cycle(KILL_SERIES_S):
            next_series = loop.time() + series_s
            for _ in range(KILLS):
                await asyncio.sleep(self.chance.uniform(0.1, 0.7))
                self.server.kill()
                await self.server.begun.wait()
            await asyncio.sleep(next_series - loop.time())

    async def _kill_devices(self) -> None:
        while True:
            for device in self.devices:
                await asyncio.sleep(self.chance.uniform(1.2, 2.4))
                self._stopped.discard(device)
                device.kill()

    async def _cut_links(self) -> None:
        async def cut(number: int) -> None:
            self.cuts += 1
            await self.links.cut(number)
            await asyncio.sleep(self.chance.choice((0.2, 1.0, 4.0)))
            await self.links.repair(number)

        async with asyncio.TaskGroup() as group:
            while True:
                for number in self.chance.sample(range(len(self.devices)), len(self.devices)):
                    await asyncio.sleep(self.chance.uniform(0.3, 0.9))
                    group.create_task(cut(number))

    async def _stop_tablets(self) -> None:
        while True:
            await asyncio.sleep(self.chance.uniform(1, 3))
            tablet = self.chance.choice(self.devices[KIOSKS:])
            pid = tablet.pid
            self.stops += 1
            self._stopped.add(tablet)
            environment.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(self.chance.uniform(2, 5))
            environment.kill(pid, signal.SIGCONT)
            self._stopped.discard(tablet)

    async def _disturb_disk(self) -> None:
        while True:
            await asyncio.sleep(self.seconds / 10)
            self.full += 1
            self.disk.fill(self.server.pid)
            await asyncio.sleep(min(3.0, self.seconds / 10))
            self.disk.free(self.server.pid)
            await asyncio.sleep(self.seconds / 10)
            self.slow += 1
            self._slow_file.touch()
            await asyncio.sleep(min(4.0, self.seconds / 10))
            self._end_slow_disk()
