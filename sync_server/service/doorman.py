"""Checks PINs and the manager's password, away from the event loop, and slows down guessing."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from sync_server.domain.refusal import Code, Refusal

from . import accounts
from .accounts import Tries
from .store import reading


class Doorman:
    """Looks at one secret at a time: guesses sent all at once gain nothing over guesses in a row."""

    def __init__(self, store: Path, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._tries = Tries()
        self._one_at_a_time = asyncio.Lock()

    async def check_pin(self, device_id: str, employee: str, pin: str) -> tuple[Refusal | None, int]:
        """None if the PIN is right, else why not, and the seconds to wait before another try."""
        who = f"{device_id}/{employee}"
        async with self._one_at_a_time:
            if (wait := self._tries.wait_s(who, self._clock())) > 0:
                return Refusal(Code.TOO_MANY_TRIES, str(wait)), wait
            stored = await asyncio.to_thread(self._read_pin, employee)
            if stored is None:
                return Refusal(Code.NO_PIN, employee), 0
            if await asyncio.to_thread(accounts.verify, stored, pin):
                self._tries.right(who)
                return None, 0
            self._tries.wrong(who, self._clock())
            wait = self._tries.wait_s(who, self._clock())
            return Refusal(Code.TOO_MANY_TRIES if wait else Code.WRONG_PIN, str(wait or "")), wait

    async def check_password(self, address: str, password: str) -> tuple[bool, int]:
        """Whether this is the manager's password, and the seconds to wait before another try."""
        async with self._one_at_a_time:
            if (wait := self._tries.wait_s(address, self._clock())) > 0:
                return False, wait
            stored = await asyncio.to_thread(self._read_password)
            if stored is not None and await asyncio.to_thread(accounts.verify, stored, password):
                self._tries.right(address)
                return True, 0
            self._tries.wrong(address, self._clock())
            return False, self._tries.wait_s(address, self._clock())

    def _read_pin(self, employee: str) -> str | None:
        with reading(self._store) as db:
            return accounts.pin_hash(db, employee)

    def _read_password(self) -> str | None:
        with reading(self._store) as db:
            return accounts.password_hash(db)
