"""What goes wrong, done to the machines and their paths."""

import asyncio
import sqlite3
from collections.abc import Callable
from random import Random

from sync_server.service import accounts

from .ledger import Ledger
from .machines import TURNED_S, DeviceMachine, Machine, ServerMachine
from .network import Network, Path
from .script import FAULTS, Item

POINTS = (None, None, "before commit", "after commit", "after commit", "sending")
FUSE_S = 1.5  # a fuse that nothing burnt is a plain kill


class Trouble:
    """Does the faults of a script."""

    def __init__(
        self,
        server: ServerMachine,
        net: Network,
        ledger: Ledger,
        machine_of: Callable[[str], DeviceMachine],
        hand_out_spare: Callable[[str], None],
    ) -> None:
        self._server = server
        self._net = net
        self._ledger = ledger
        self._machine_of = machine_of
        self._hand_out_spare = hand_out_spare

    def do(self, item: Item, chance: Random) -> None:
        """Makes this one thing go wrong. What lasts for a while ends by itself."""
        seconds = FAULTS[item.kind][1] * (0.1 + 0.9 * chance.random()) if item.kind in FAULTS else 0.0
        machine = self._machine_of(item.who)
        match item.kind:
            case "kill_server":
                self._kill(self._server, chance.choice(POINTS), seconds)
            case "kill_device":
                self._kill(machine, chance.choice(POINTS), seconds)
            case "cut":
                self._ledger.cuts += 1
                machine.path.break_off(True, True, seconds)
            case "half_open":
                self._ledger.cuts += 1
                out = chance.random() < 0.5
                machine.path.break_off(out, not out, seconds)
            case "slow":
                self._set(machine.path, "slow_s", 0.05 + 1.2 * chance.random(), 0.0, seconds)
            case "repeat":
                self._set(machine.path, "repeats", 0.3, 0.0, seconds)
            case "disk_full":
                self._set(self._server, "disk_full", True, False, seconds)
            case "slow_disk":
                self._set(self._server, "slow_disk_s", 0.4 * chance.random(), 0.0, seconds)
            case "device_disk_full":
                self._set(machine, "disk_full", True, False, seconds)
            case "freeze":
                machine.freeze(True)
                self._net.later(seconds, lambda: machine.freeze(False))
            case "device_clock":
                machine.wrong_by_ms = int(7_200_000 * (2 * chance.random() - 1))
            case "server_clock":
                self._server.turn_clock(int(1000 * TURNED_S * (2 * chance.random() - 1)))
            case "revoke":
                self._revoke(item.who, machine)

    def _set(self, of: Machine | Path, name: str, value: object, usual: object, seconds: float) -> None:
        setattr(of, name, value)
        self._net.later(seconds, lambda: setattr(of, name, usual))

    def _kill(self, machine: Machine, point: str | None, seconds: float) -> None:
        """Dies now, or at the next such point; starts again from its disk a while later."""
        if machine.life is None:
            return
        self._ledger.kills += 1
        if point is None:
            machine.kill()
        else:
            machine.fuse = point
            self._net.later(min(FUSE_S, 0.9 * seconds), lambda: machine.kill() if machine.fuse else None)
        self._net.later(seconds, machine.start)

    def _revoke(self, who: str, machine: DeviceMachine) -> None:
        """The manager shuts a tablet out; its employee is handed another one."""
        server, life = self._server.server, self._server.life
        if server is None or life is None:
            return

        async def revoke() -> None:
            def work(db: sqlite3.Connection) -> None:
                accounts.revoke_device(db, machine.name, self._server.wall_clock())

            def committed(done: "asyncio.Future[None]") -> None:
                if not done.cancelled() and done.exception() is None:
                    machine.revoked = True
                    self._ledger.revoked.add(machine.name)
                    self._hand_out_spare(who)

            changing = asyncio.ensure_future(server.change_devices(work, machine.name))
            changing.add_done_callback(committed)

        life.run(self._server.loop.create_task, revoke())
