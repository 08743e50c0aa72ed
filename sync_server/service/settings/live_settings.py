"""The settings of a running server: every change is taken over at once, and kept in the history."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.catalogue.retiring import InUse, with_earlier
from sync_server.service.config.load import SettingsError
from sync_server.service.config.model import Settings
from sync_server.service.storage.connection import reading
from sync_server.service.storage.errors import explain

from . import settings_history
from .settings_file import VERSIONS_KNOWN, Edit, SettingsFile, SettingsVersion
from .settings_history import SavedSettings

LOOK_EVERY_S = 1.0

log = logging.getLogger(__name__)

T = TypeVar("T")
Write = Callable[[Callable[[sqlite3.Connection], None]], Awaitable[None]]


class Saved(Struct, frozen=True):
    """What a save led to. `at_next_start` are the keys that differ from what the server started with."""

    version: SettingsVersion
    at_next_start: tuple[str, ...]


class LiveSettings:
    """The settings file, its history, and everybody who follows it.

    `on_change` is called with the new settings in one step of the loop. `write` runs work in the writer's
    transactions.
    """

    def __init__(
        self,
        file: SettingsFile,
        store: Path,
        clock: Callable[[], int],
        write: Write,
    ) -> None:
        self.file = file
        self.on_change: list[Callable[[Settings], None]] = []
        self._store = store
        self._clock = clock
        self._write = write
        self._started_with = file.current.settings.server
        self._turn = asyncio.Lock()

    @property
    def current(self) -> SettingsVersion:
        """The settings that the server goes by."""
        return self.file.current

    @property
    def problem(self) -> SettingsError | None:
        """Why the file cannot be used as it is now; None while all is well."""
        return self.file.problem

    def problems(self) -> list[str]:
        """What is wrong with the file as it is now, each in a sentence."""
        return [str(problem) for problem in self.problem.problems] if self.problem else []

    @property
    def at_next_start(self) -> tuple[str, ...]:
        """The keys that were changed since the start and take effect at the next one."""
        now, then = (
            msgspec.structs.asdict(one) for one in (self.current.settings.server, self._started_with)
        )
        return tuple(f"server.{key}" for key in now if now[key] != then[key])

    async def change(self, edit: Edit, base: str, by: str) -> Saved:
        """Edits the file, and has everybody follow. Raises what `SettingsFile.change` raises."""
        return await self._save(by, lambda now: self.file.change(edit, base, by, now))

    async def replace(self, text: str, base: str, by: str) -> Saved:
        """Replaces the whole text. Raises what `SettingsFile.replace` raises."""
        return await self._save(by, lambda now: self.file.replace(text, base, by, now))

    async def undo(self, n: int, by: str) -> Saved:
        """Takes change `n` of the history back, and leaves what was changed later.

        Raises BuiltUpon, KeyError where the change is not kept any more, and what `replace` raises: so what
        a later change needs cannot be taken away either.
        """
        found = await asyncio.to_thread(self._read, lambda db: settings_history.change(db, n))
        if found is None:
            raise KeyError(n)
        before, after = found
        text = settings_history.taken_back(before.text, after.text, self.current.text)
        return await self.replace(text, self.current.version, by)

    async def history(self) -> list[SavedSettings]:
        """The versions, the newest first."""
        return await asyncio.to_thread(self._read, settings_history.versions)

    async def last_change(self, path: str) -> SavedSettings | None:
        """Who last changed what is at a path, and when; None where that is not kept any more."""
        return await asyncio.to_thread(self._read, lambda db: settings_history.last_change(db, path))

    async def start(self) -> None:
        """Keeps the version of the start: the file may have been changed while no server ran."""
        for saved in reversed(self._read(partial(settings_history.versions, limit=VERSIONS_KNOWN))):
            self.file.remember(saved.version, saved.text)
        await self._keep(self.current)

    async def with_retired(self, catalogue: Catalogue, used: InUse) -> Catalogue:
        """The catalogue with what is `used` and was in an earlier version, as retired.

        Without it an employee who was taken out while no server ran would lose the visit in hand.
        """
        return await asyncio.to_thread(self._with_retired, catalogue, used)

    async def look(self) -> None:
        """Follows a change that a hand made in the file. An unreadable file is logged once."""
        async with self._turn:
            before = self.problem
            if await asyncio.to_thread(self.file.look, self._clock()):
                log.info("%s was changed by hand; the server goes by it now", self.file.path)
                self._follow()
                await self._keep(self.current)
            elif self.problem is not None and self.problem is not before:
                log.error("the settings of before go on, because of this:\n%s", self.problem)
            elif before is not None and self.problem is None:
                log.info("%s can be used again, and says what it did before", self.file.path)

    # --- inside ------------------------------------------------------------------------------------

    async def _save(self, by: str, save: Callable[[int], SettingsVersion]) -> Saved:
        async with self._turn:
            before = self.current
            try:
                await asyncio.to_thread(save, self._clock())
            finally:  # saving looks at the file first, and may find what a hand has changed
                if self.current.version != before.version:
                    self._follow()
                    await self._keep(self.current)
            if self.current.version != before.version:
                log.info("%s has changed the settings", by)
            return Saved(self.current, self.at_next_start)

    def _follow(self) -> None:
        for follow in self.on_change:
            try:
                follow(self.current.settings)
            except Exception:  # the file says so already; the others follow all the same
                log.exception("a part of the server did not take over the new settings; start it again")

    def _with_retired(self, catalogue: Catalogue, used: InUse) -> Catalogue:
        def earlier() -> Iterator[Catalogue]:
            for saved in self._read(settings_history.versions):
                with contextlib.suppress(SettingsError):  # a release may allow what a later one does not
                    yield self.file.check(saved.text).catalogue()

        return with_earlier(catalogue, used, earlier())

    async def _keep(self, version: SettingsVersion) -> None:
        try:
            await self._write(partial(settings_history.add, version=version, at=self._clock()))
        except sqlite3.Error as error:  # a full disk, as a rule; the change itself stands
            log.warning("the settings could not be kept in the history: %s", explain(error))

    def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with reading(self._store) as db:
            return work(db)
