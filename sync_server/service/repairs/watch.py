"""Keeps the list of repairs of a running server up to date.

What is in memory is looked at each time somebody asks. What is on the disk is looked at every few minutes,
and the whole file of the store a few times a day, because reading it takes seconds.
"""

import asyncio
from collections.abc import Callable

from sync_server.service.admin.commands import ServerState
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.upkeep.doctor import examine_running, settings_finding, space, state_findings
from sync_server.service.upkeep.finding import Finding, FindingKind

from .repair import Repair, Severity, most_urgent_first, repair_of

EVERY_S = 300.0
THOROUGHLY_EVERY_MS = 6 * 3_600_000

# What `now` looks at itself, so that a page never says what is mended already.
_LIVE = frozenset(
    {
        FindingKind.SETTINGS,
        FindingKind.SPACE,
        FindingKind.BACKUP_FAILED,
        FindingKind.CLOCK_DOUBT,
        FindingKind.WORDS_LEFT,
        FindingKind.TWO_OWNERS,
    }
)


class RepairWatch:
    """`examined_at` is when the disk was last looked at, ms UTC; None before the first time.

    `describe()` gives the server's state, `clock()` the store's time, ms UTC, and `settings_problems()` what
    is wrong with the settings' file at present.
    """

    def __init__(
        self,
        data_dir: DataDir,
        describe: Callable[[], ServerState],
        clock: Callable[[], int],
        settings_problems: Callable[[], list[str]] = list,
    ) -> None:
        self.examined_at: int | None = None
        self._data_dir = data_dir
        self._describe = describe
        self._clock = clock
        self._settings_problems = settings_problems
        self._stored: list[Finding] = []
        self._unsound: list[Finding] = []
        self._thoroughly_at: int | None = None
        self._lock = asyncio.Lock()

    async def look(self, thoroughly: bool | None = None) -> None:
        """Looks at the disk, in a thread. `thoroughly` reads the store's whole file; None: when it is due."""
        async with self._lock:
            now = self._clock()
            if thoroughly is None:
                last = self._thoroughly_at
                thoroughly = last is None or not 0 <= now - last < THOROUGHLY_EVERY_MS
            state = self._describe()
            found = await asyncio.to_thread(examine_running, self._data_dir, state, now, thoroughly)
            if thoroughly:
                self._thoroughly_at = now
                self._unsound = [one for one in found if one.kind is FindingKind.UNSOUND]
            self._stored = [one for one in found if one.kind not in _LIVE | {FindingKind.UNSOUND}]
            self.examined_at = now

    async def run(self) -> None:
        """Looks every few minutes, until cancelled. The first time is not while the server starts."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.look()

    async def look_if_old(self) -> None:
        """Looks again after some minutes, and not at the whole file: somebody waits for it."""
        last = self.examined_at
        if last is None or not 0 <= self._clock() - last < EVERY_S * 1000:
            await self.look(thoroughly=False)

    def now(self) -> list[Repair]:
        """All repairs, the most urgent first."""
        live = [
            *map(settings_finding, self._settings_problems()),
            *state_findings(self._data_dir, self._describe()),
            *space(self._data_dir.path),
        ]
        return most_urgent_first([repair_of(one) for one in (*live, *self._unsound, *self._stored)])

    def urgent(self) -> list[Repair]:
        """Those that stand on every page."""
        return [repair for repair in self.now() if repair.severity is Severity.URGENT]
