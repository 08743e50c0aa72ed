"""A simulated kiosk or tablet: the product's Device with a disk in memory and a simulated link."""

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from sync_server.device.device import Device
from sync_server.device.environment import Environment
from sync_server.device.storage.outbox import Outbox
from sync_server.device.storage.outbox_errors import OutboxError
from sync_server.protocol.device_file import DeviceFile
from sync_server.protocol.messages import Submit
from sync_server.simulation.checks.invariant_checker import InvariantChecker
from sync_server.simulation.virtual.network import NetworkPath, SimulatedConnection
from sync_server.simulation.virtual.process import Killed
from sync_server.simulation.virtual.virtual_loop import VirtualLoop

from .machine import DISK_FULL, Machine


class MemoryOutbox(Outbox):
    """The product's outbox on a database in memory, which outlives the process like a disk.

    An SQLite trigger reports every op that is deleted from it.
    """

    def __init__(self, machine: "DeviceMachine", path: Path) -> None:
        self._machine = machine
        super().__init__(path)
        self._db.create_function("op_deleted", 1, machine.on_op_deleted)
        self._db.execute(
            "CREATE TEMP TRIGGER IF NOT EXISTS op_deletion AFTER DELETE ON main.pending"
            " BEGIN SELECT op_deleted(OLD.op_id); END"
        )

    def _connect(self) -> sqlite3.Connection:
        disk = self._machine.disk
        if disk.in_transaction:
            disk.execute("ROLLBACK")  # the process before was killed in it
        return disk

    def close(self) -> None:
        """Keeps the database: it is the disk."""

    def put(self, submit: Submit, **also: Any) -> None:
        if self._machine.disk_full:
            raise OutboxError(f"{self.path}: {DISK_FULL}; free some space on this device")
        self._machine.reach("before commit")
        super().put(submit, **also)
        self._machine.on_op_saved(submit)
        self._machine.reach("after commit")


class SimulatedLink:
    """The link of a Device: connections over the simulated network."""

    def __init__(self, machine: "DeviceMachine", on_frame: Callable[[bytes], None]) -> None:
        self._machine = machine
        self._on_frame = on_frame

    def open(self) -> None:
        self.close()
        assert self._machine.process is not None
        path = self._machine.path
        path.connection = SimulatedConnection(path, self._machine.process, self._receive)

    def send(self, frame: bytes) -> None:
        self._machine.reach("sending")
        if (connection := self._machine.path.connection) is not None:
            connection.send(frame)

    def close(self) -> None:
        path = self._machine.path
        if path.connection is not None:
            path.connection.close()
            path.connection = None

    def _receive(self, frame: bytes) -> None:
        device = self._machine.device
        if device is None:
            return
        replica = device._engine.replica
        before = replica.n if replica.ready else None
        self._on_frame(frame)
        if self._machine.file.kind == "kiosk":
            self._machine.checker.on_kiosk_frame(self._machine.name, frame, device.view.visits)
        self._machine.checker.on_frame_received(self._machine.name, frame, before, replica.n)


class DeviceMachine(Machine):
    """A kiosk or a tablet. `device` is the product's Device while it runs."""

    def __init__(
        self,
        loop: VirtualLoop,
        file: DeviceFile,
        folder: Path,
        path: NetworkPath,
        true_time_ms: Callable[[], int],
        checker: InvariantChecker,
        chance: Random,
    ) -> None:
        super().__init__(loop, file.device_id, true_time_ms)
        self.file = file
        self.path = path
        self.checker = checker
        self.device: Device | None = None
        self.revoked = False
        self.frozen = False
        self.starts = 0  # how often its computer was switched on
        self._switched_on_at = true_time_ms()
        self.disk = sqlite3.connect(":memory:", isolation_level=None)
        self._folder = folder
        self._environment = Environment(
            wall_clock=self.wall_clock,
            steady_clock=self._steady_clock,
            boot_id=lambda: f"start {self.starts}",
            random_bytes=chance.randbytes,
            jitter=chance.random,
            link=lambda _file, on_frame: SimulatedLink(self, on_frame),
            outbox=partial(MemoryOutbox, self),
        )

    def _steady_clock(self) -> int:
        """Counts from the last time the computer was switched on, also while it sleeps."""
        return self._true_time_ms() - self._switched_on_at

    def lose_power(self) -> None:
        """Ends the process, if it runs; the next one is in a new start of the computer."""
        self.kill()
        self.starts += 1
        self._switched_on_at = self._true_time_ms()

    def do(self, action: Callable[..., Any], *args: Any) -> Any:
        """Calls `action` as the device's process, like a tap. Returns None if the device does not run."""
        if self.process is None or self.device is None or self.frozen:
            return None
        try:
            return self.process.run(action, *args)
        except (Killed, OutboxError):
            return None

    def stop(self) -> None:
        if self.process is not None and self.device is not None:
            self.process.run(self.device.stop)
            self.device = None
        self.lose_power()

    def freeze(self, frozen: bool) -> None:
        """Like SIGSTOP and SIGCONT: no timer and no frame reaches a frozen device; its clocks go on."""
        if self.device is None or self.process is None or self.frozen is frozen:
            return
        self.frozen = frozen
        if self.path.connection is not None:
            self.path.connection.frozen = frozen
        if frozen:
            if self.device._timer is not None:
                self.device._timer.cancel()
            return
        self.do(self.device._tick)
        if self.path.connection is not None:
            self.path.connection.deliver_held()

    def sleep(self) -> None:
        self.freeze(True)

    def disk_content(self) -> bytes:
        """Every byte of its database."""
        (pages,) = self.disk.execute("PRAGMA page_count").fetchone()
        return self.disk.serialize() if pages else b""

    def on_op_saved(self, submit: Submit) -> None:
        heard_at = self.device.last_contact_at if self.device is not None else None
        self.checker.on_op_saved(self.name, submit, self.starts, heard_at)

    def on_op_deleted(self, op_id: str) -> None:
        self.checker.on_op_deleted(self.name, op_id)

    def _on_start(self) -> None:
        self.checker.starts[self.name] = self.starts
        self.device = Device(self.file, self._folder, self._environment)
        self.device.on_refused = lambda _submit, refusal: self.checker.on_refusal(self.name, refusal)
        self.device.start()

    def _on_end(self) -> None:
        if self.device is not None:
            self.device.outbox.close()
        self.device = None
        self.frozen = False
        if self.path.connection is not None:
            self.path.connection.close()
            self.path.connection = None
