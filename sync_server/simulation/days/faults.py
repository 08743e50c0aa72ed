"""Injects the faults of a script into machines and network paths."""

import asyncio
import sqlite3
from collections.abc import Callable
from random import Random

from sync_server.service.auth import devices
from sync_server.simulation.checks.invariant_checker import InvariantChecker
from sync_server.simulation.machines.device_machine import DeviceMachine
from sync_server.simulation.machines.machine import Machine
from sync_server.simulation.machines.server_machine import MAX_CLOCK_STEP_S, ServerMachine
from sync_server.simulation.virtual.network import Network, NetworkPath

from . import actions
from .script import BURST_OPS, BURST_S, BURST_SENT_S, FAR_AHEAD_S, FAULTS, RESTART_S, Item

KILL_POINTS = (None, None, "before commit", "after commit", "after commit", "sending")
MAX_RESTART_ERROR_MS = 40 * 86_400_000  # a computer without a battery starts with some earlier time
FAR_AHEAD_MS = 400 * 86_400_000
KILL_POINT_S = 1.5  # a process that has not reached its kill point by then is killed all the same


class FaultInjector:
    """Injects faults into one store."""

    def __init__(
        self,
        server: ServerMachine,
        net: Network,
        checker: InvariantChecker,
        machine_of: Callable[[str], DeviceMachine],
        hand_out_spare: Callable[[str], None],
    ) -> None:
        self._server = server
        self._net = net
        self._checker = checker
        self._machine_of = machine_of
        self._hand_out_spare = hand_out_spare

    def do(self, item: Item, chance: Random) -> None:
        """Injects one fault. A fault that lasts for a while ends by itself."""
        seconds = FAULTS[item.kind][1] * (0.1 + 0.9 * chance.random()) if item.kind in FAULTS else 0.0
        machine = self._machine_of(item.who)
        match item.kind:
            case "kill_server":
                self._kill(self._server, chance.choice(KILL_POINTS), seconds)
            case "kill_device":
                self._kill(machine, chance.choice(KILL_POINTS), seconds)
            case "cut":
                self._checker.cuts += 1
                machine.path.block(True, True, seconds)
            case "half_open":
                self._checker.cuts += 1
                to_server = chance.random() < 0.5
                machine.path.block(to_server, not to_server, seconds)
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
                machine.clock_error_ms = int(7_200_000 * (2 * chance.random() - 1))
            case "restart":
                self._restart(machine, chance)
            case "server_clock":
                self._server.set_clock_error(int(1000 * MAX_CLOCK_STEP_S * (2 * chance.random() - 1)))
            case "far_ahead":
                self._start_far_ahead(chance)
            case "burst":
                self._burst(machine)
            case "revoke":
                self._revoke(item.who, machine)

    def _set(
        self, of: Machine | NetworkPath, name: str, value: object, usual: object, seconds: float
    ) -> None:
        setattr(of, name, value)
        self._net.later(seconds, lambda: setattr(of, name, usual))

    def _kill(self, machine: Machine, point: str | None, seconds: float) -> None:
        """Kills a machine now, or at the next such point, and starts it again after a while."""
        if machine.process is None:
            return
        self._checker.kills += 1
        if point is None:
            machine.kill()
        else:
            machine.kill_point = point
            self._net.later(
                min(KILL_POINT_S, 0.9 * seconds), lambda: machine.kill() if machine.kill_point else None
            )
        self._net.later(seconds, machine.start)

    def _restart(self, machine: DeviceMachine, chance: Random) -> None:
        """The computer is switched off and on. It has no battery, and is there before its network."""
        self._checker.kills += 1
        machine.lose_power()
        machine.clock_error_ms = -int(MAX_RESTART_ERROR_MS * chance.choice((1, 0.2, 0.01)) * chance.random())
        machine.path.block(True, True, RESTART_S * chance.random())
        machine.start()

    def _burst(self, machine: DeviceMachine) -> None:
        """A kiosk is cut off, is used a lot, and sends all of it when it is back."""
        device, connection = machine.device, machine.path.connection
        if device is None or connection is None:
            return
        self._checker.cuts += 1
        machine.path.block(True, True, BURST_S)
        machine.do(actions.rate_many, device, BURST_OPS)

        def check() -> None:
            if waiting := len(device._engine.pending):
                self._checker.violated(
                    10, f"{machine.name} has {waiting} ops without an answer {BURST_SENT_S:.0f} s after a cut"
                )
            elif machine.path.connection is not connection:
                self._checker.violated(10, f"{machine.name} needed a new connection to send its outbox")

        self._net.later(BURST_S + BURST_SENT_S, check)

    def _start_far_ahead(self, chance: Random) -> None:
        """The server's computer is switched off and on, with a clock of another year for a while."""
        self._checker.kills += 1
        self._server.kill()
        self._server.clock_error_ms = FAR_AHEAD_MS
        self._server.start()
        self._net.later(FAR_AHEAD_S * chance.random(), lambda: self._server.set_clock_error(0))

    def _revoke(self, who: str, machine: DeviceMachine) -> None:
        """Revokes a tablet and gives its employee the spare one."""
        device_registry, process = self._server.devices, self._server.process
        if device_registry is None or process is None:
            return

        async def revoke() -> None:
            def work(db: sqlite3.Connection) -> None:
                devices.revoke_device(db, machine.name, self._server.wall_clock())

            def committed(done: "asyncio.Future[None]") -> None:
                if not done.cancelled() and done.exception() is None:
                    machine.revoked = True
                    self._checker.revoked.add(machine.name)
                    self._hand_out_spare(who)

            changing = asyncio.ensure_future(device_registry.change(work, machine.name))
            changing.add_done_callback(committed)

        process.run(self._server.loop.create_task, revoke())
