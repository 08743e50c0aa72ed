"""Checks PINs and passwords, away from the event loop, and slows down guessing."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sync_server.domain.refusal import Code, Refusal

from . import accounts, managers
from .loopback import is_loopback
from .managers import Account
from .store import reading
from .tries import Pauses, Tried, Tries

# Both count for each PIN: another tablet does not help who guesses one employee's, and another
# employee does not help who guesses at one tablet. Only an employee's own PIN makes theirs forgotten.
OF_EMPLOYEE = Pauses(free=5, first_s=15, longest_s=600, forgive_s=3600)
OF_TABLET = Pauses(free=10, first_s=15, longest_s=600, forgive_s=600)
# The same for passwords: one address, and all addresses together that nobody signed in from before.
OF_ADDRESS = Pauses(free=5, first_s=15, longest_s=600, forgive_s=3600)
OF_STRANGERS = Pauses(free=20, first_s=5, longest_s=60, forgive_s=60)
STRANGERS = "strangers"

Write = Callable[[Callable[[sqlite3.Connection], Any]], "asyncio.Future[Any]"]

log = logging.getLogger(__name__)


class Doorman:
    """Looks at one secret at a time: guesses sent all at once gain nothing over guesses in a row.

    Wrong PINs are written down before they are answered, so a restart forgives nobody.
    """

    def __init__(self, store: Path, clock: Callable[[], int], write: Write) -> None:
        self._store = store
        self._clock = clock
        self._write = write
        self._one_at_a_time = asyncio.Lock()
        self._addresses, self._strangers = Tries(OF_ADDRESS), Tries(OF_STRANGERS)
        self._known_addresses: set[str] = set()
        self._take(_tried(store))

    async def reload(self) -> None:
        """Reads again who must wait: a new PIN makes the wrong tries at the old one forgotten."""
        self._take(await asyncio.to_thread(_tried, self._store))

    async def check_pin(self, device_id: str, employee: str, pin: str) -> tuple[Refusal | None, int]:
        """None if the PIN is right, else why not, and the seconds to wait before another try."""
        async with self._one_at_a_time:
            if (wait := self._wait_s(device_id, employee)) > 0:
                return Refusal(Code.TOO_MANY_TRIES, str(wait)), wait
            stored = await asyncio.to_thread(self._read_pin, employee)
            if stored is None:
                return Refusal(Code.NO_PIN, employee), 0
            if await asyncio.to_thread(accounts.verify, stored, pin):
                if self._employees.right(_employee(employee)):
                    await self._keep(lambda db: accounts.forget_tries(db, _employee(employee)))
                return None, 0
            now = self._clock()
            rows = [
                self._employees.wrong(_employee(employee), now),
                self._tablets.wrong(_tablet(device_id), now),
            ]
            await self._keep(lambda db: accounts.keep_tries(db, rows))
            wait = self._wait_s(device_id, employee)
            return Refusal(Code.TOO_MANY_TRIES if wait else Code.WRONG_PIN, str(wait or "")), wait

    async def check_password(self, address: str, password: str, name: str = "") -> tuple[Account | None, int]:
        """The account of this name and password, or the seconds to wait before another try.

        The name may be left out where there is one account.
        """
        async with self._one_at_a_time:
            # Whoever is at the server itself need not wait for those who guess from elsewhere.
            now, stranger = self._clock(), not (address in self._known_addresses or is_loopback(address))
            wait = self._addresses.wait_s(address, now)
            if stranger:
                wait = max(wait, self._strangers.wait_s(STRANGERS, now))
            if wait > 0:
                return None, wait
            account = await asyncio.to_thread(self._read_account, name)
            # A name that is not there takes as long as one that is, so that names cannot be guessed.
            hashed = account.password_hash if account else accounts.hash_of_nothing()
            if await asyncio.to_thread(accounts.verify, hashed, password) and account is not None:
                self._addresses.right(address)
                self._known_addresses.add(address)
                return account, 0
            now = self._clock()
            self._addresses.wrong(address, now)
            if stranger:
                self._strangers.wrong(STRANGERS, now)
                return None, max(self._addresses.wait_s(address, now), self._strangers.wait_s(STRANGERS, now))
            return None, self._addresses.wait_s(address, now)

    def _wait_s(self, device_id: str, employee: str) -> int:
        now = self._clock()
        return max(
            self._employees.wait_s(_employee(employee), now), self._tablets.wait_s(_tablet(device_id), now)
        )

    def _take(self, tried: Sequence[Tried]) -> None:
        self._employees = Tries(OF_EMPLOYEE, [t for t in tried if t.who.startswith(_employee(""))])
        self._tablets = Tries(OF_TABLET, [t for t in tried if t.who.startswith(_tablet(""))])

    async def _keep(self, work: Callable[[sqlite3.Connection], Any]) -> None:
        """Writes down what counts; where that fails it counts until the server ends."""
        try:
            await self._write(work)
        except sqlite3.Error as error:
            log.warning("a wrong PIN could not be written down: %s", error)

    def _read_pin(self, employee: str) -> str | None:
        with reading(self._store) as db:
            return accounts.pin_hash(db, employee)

    def _read_account(self, name: str) -> Account | None:
        with reading(self._store) as db:
            if name:
                return managers.find(db, name)
            found = managers.every(db)
            return found[0] if len(found) == 1 else None


def _employee(employee: str) -> str:
    return f"employee:{employee}"


def _tablet(device_id: str) -> str:
    return f"device:{device_id}"


def _tried(store: Path) -> list[Tried]:
    with reading(store) as db:
        return accounts.tries(db)
