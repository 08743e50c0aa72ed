"""The shop's processes, and what is done to them."""

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
from sync_server.service import control
from sync_server.service.folder import Folder
from sync_server.simulation.stage import free_port
from tests.bench import shop

from . import judge, world

KIOSKS, TABLETS = 3, 6
READY_S = 30.0
KILLS = 5  # of the server in a row
# From one row's begin to the next, by turns: the server just gets back to work, or lives on until people
# are asked again, some seconds after its start.
SPELLS_S = (3.75, 8.25)
CONVERGE_S = 60.0
ROOT = Path(__file__).parents[2]


class Member:
    """A process that is killed again and again. One that ends by itself is started anew, as by systemd.

    `ended` has the exit code of each such end, and the last line it said; `errors` is the file for that.
    """

    def __init__(self, name: str, command: list[str], errors: Path) -> None:
        self.name = name
        self.up = asyncio.Event()
        self.begun = asyncio.Event()  # a process is there, ready or not
        self.kills = 0
        self.ended: list[tuple[int | None, str]] = []
        self.pid = 0
        self._command = command
        self._errors = errors
        self._over = False
        self._living: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._living = asyncio.ensure_future(self._live())

    def kill(self) -> None:
        self.kills += 1
        self.up.clear()
        self.begun.clear()
        world.kill(self.pid)

    async def end(self) -> None:
        """As a person would end it."""
        self._over = True
        world.kill(self.pid, signal.SIGCONT)
        world.kill(self.pid, signal.SIGTERM)
        assert self._living is not None
        done, _ = await asyncio.wait({self._living}, timeout=READY_S)
        if not done:
            world.kill(self.pid)
            await self._living

    async def _live(self) -> None:
        while not self._over:
            kills = self.kills
            with self._errors.open("wb") as errors:
                process = await asyncio.create_subprocess_exec(
                    *world.bound(self._command), cwd=ROOT, stdout=subprocess.PIPE, stderr=errors,
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
            if self.kills == kills and not self._over:
                said = self._errors.read_text("utf-8", "replace").strip()
                self.ended.append((process.returncode, said.rpartition("\n")[2]))
                await asyncio.sleep(0.2)  # as systemd would, before it starts it again


class Torment:
    """Three kiosks, six tablets and a server, under load."""

    def __init__(self, work: Path, seconds: float, chance: random.Random) -> None:
        self.work = work
        self.seconds = seconds
        self.chance = chance
        self.last_to_agree = ""
        self.up_s: float | None = None  # until every program that had been killed was there again
        self.cuts = self.stops = self.full = self.slow = 0
        self.links = world.links()
        self.disk = world.disk(work / "disk")
        self.notes = work / "notes"
        self.notes.mkdir()
        self._slow_file = work / "slow"
        self._port = free_port()
        self.folder = Folder(work / "disk" / "store")
        self.devices: list[Member] = []
        self._stopped: set[Member] = set()

    async def set_up(self) -> None:
        shop.make(self.folder.path, employees=TABLETS)
        kinds = ["kiosk"] * KIOSKS + ["staff"] * TABLETS
        self.names: dict[str, list[str]] = {"kiosk": [], "staff": []}
        for number, kind in enumerate(kinds):
            file = control.add_device(self.folder, kind, f"{kind} {number}", "tcp://later")
            self.names[kind].append(file.device_id)
            path = self.work / f"{file.device_id}.toml"
            address = await self.links.lay(number, self._port)
            path.write_text(device_file_text(replace(file, server=address)), "utf-8")
            who = f"e{number - KIOSKS}" if kind == "staff" else ""
            part = [sys.executable, "-m", "tests.torture.part"]
            where = [str(path), str(self.work / file.device_id), str(self.notes), who]
            self.devices.append(
                Member(file.device_id, [*self.links.command(number), *part, *where], path.with_suffix(".err"))
            )
        listen = ["--sync", f"0.0.0.0:{self._port}", "--web", "127.0.0.1:0", "--enrol", ""]
        server = [sys.executable, "-m", "tests.torture.server", str(self._slow_file)]
        self.server = Member(
            "server", [*server, "--data", str(self.folder.path), *listen], self.work / "server.err"
        )

    async def run(self) -> None:
        """All of it at once, for as long as was asked."""
        self.server.begin()
        for device in self.devices:
            device.begin()
        await asyncio.wait_for(self.server.up.wait(), READY_S)
        while not judge.acknowledged(self.notes):
            await asyncio.sleep(0.05)  # the notes are files of other processes: they tell nobody of a change
        torments = (
            self._kill_server(),
            self._kill_devices(),
            self._cut_links(),
            self._stop_tablets(),
            self._hurt_disk(),
        )
        tasks = [asyncio.ensure_future(torment) for torment in torments]
        await asyncio.wait(tasks, timeout=self.seconds, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    async def converge(self) -> float:
        """Mends everything, lets nobody begin anything new, and waits until all agree: how long that took."""
        for number in range(len(self.devices)):
            await self.links.mend(number)
        self.disk.free(self.server.pid)
        self._slow_file.unlink(missing_ok=True)
        for device in self._stopped:
            world.kill(device.pid, signal.SIGCONT)
        began = time.monotonic()
        asked: set[int] = set()
        why = "nobody was looked at"
        while time.monotonic() - began < CONVERGE_S:
            for device in self.devices:
                up = self.notes / f"{device.name}.up"
                if device.pid not in asked and up.exists() and up.read_text() == str(device.pid):
                    asked.add(device.pid)
                    world.kill(device.pid, signal.SIGUSR1)
            if len(asked) == len(self.devices):
                if self.up_s is None and self.server.up.is_set():
                    self.up_s = round(time.monotonic() - began, 1)
                why = judge.disagreement(self.folder, self.notes, self.names["kiosk"], self.names["staff"])
                if why:
                    self.last_to_agree = why
                else:
                    return time.monotonic() - began
            await asyncio.sleep(0.1)  # files again
        raise AssertionError(f"after {CONVERGE_S:.0f} s: {why}")

    async def tear_down(self) -> None:
        await asyncio.gather(*(member.end() for member in (*self.devices, self.server)))
        await self.links.close()

    # --- what is done ----------------------------------------------------------------------------

    async def _kill_server(self) -> None:
        """Several times in a row, all but the first in its start; then it is left at work for a while."""
        loop = asyncio.get_running_loop()
        for spell_s in itertools.cycle(SPELLS_S):
            begins_anew = loop.time() + spell_s
            for _ in range(KILLS):
                await asyncio.sleep(self.chance.uniform(0.1, 0.7))
                self.server.kill()
                await self.server.begun.wait()
            await asyncio.sleep(begins_anew - loop.time())

    async def _kill_devices(self) -> None:
        """Each in turn."""
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
            await self.links.mend(number)

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
            world.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(self.chance.uniform(2, 5))
            world.kill(pid, signal.SIGCONT)
            self._stopped.discard(tablet)

    async def _hurt_disk(self) -> None:
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
            self._slow_file.unlink(missing_ok=True)
