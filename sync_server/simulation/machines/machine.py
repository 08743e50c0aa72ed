"""What all simulated machines share: a process that can be killed at an exact point, and a clock."""

import contextlib
from collections.abc import Callable

from sync_server.simulation.virtual.process import Killed, SimulatedProcess
from sync_server.simulation.virtual.virtual_loop import VirtualLoop

DISK_FULL = "database or disk is full"


class Machine:
    """A computer of the store. It starts from what its disk holds, runs, and can be killed.

    `kill_point` names the point at which the process is killed next: "before commit", "after commit" or
    "sending". `clock_error_ms` is how far its clock is ahead of the true time.
    """

    def __init__(self, loop: VirtualLoop, name: str, true_time_ms: Callable[[], int]) -> None:
        self.loop = loop
        self.name = name
        self.process: SimulatedProcess | None = None
        self.clock_error_ms = 0
        self.disk_full = False
        self.kill_point: str | None = None
        self._true_time_ms = true_time_ms

    def wall_clock(self) -> int:
        """The time by this machine's clock, ms UTC."""
        return self._true_time_ms() + self.clock_error_ms

    def reach(self, point: str) -> None:
        """Marks a point in the product's code. Raises Killed if the process is to be killed here."""
        if self.kill_point == point:
            self.kill()
            raise Killed(self.name)

    def kill(self) -> None:
        """Like kill -9."""
        self.kill_point = None
        if self.process is not None:
            self.process.end()
            self.process = None
            self._on_end()

    def start(self) -> None:
        """Starts the process, if it does not run, with what the disk holds."""
        if self.process is None:
            self.process = SimulatedProcess(self.loop)
            with contextlib.suppress(Killed):
                self.process.run(self._on_start)

    def stop(self) -> None:
        """Shuts the process down in order."""
        raise NotImplementedError

    def sleep(self) -> None:
        """Suspends the machine for the night. Its timers wait; its clocks go on."""

    def _on_start(self) -> None:
        raise NotImplementedError

    def _on_end(self) -> None:
        raise NotImplementedError
