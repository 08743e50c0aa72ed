"""Checks PINs and passwords outside the event loop, and slows down guessing."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sync_server.domain.refusal import Code, Refusal
from sync_server.network_addresses import is_loopback
from sync_server.service.limits import numbers
from sync_server.service.storage.connection import reading

from . import managers, password_hash, pins, throttle
from .managers import Account
from .throttle import Throttle, ThrottlePolicy, ThrottleState

# A wrong PIN counts for the employee and for the tablet. A right PIN clears only the employee's count.
EMPLOYEE_POLICY = ThrottlePolicy(
    numbers.PIN_FREE_PER_EMPLOYEE,
    numbers.GUESS_PAUSE_S,
    numbers.GUESS_MAX_PAUSE_S,
    numbers.EMPLOYEE_FORGIVE_S,
)
TABLET_POLICY = ThrottlePolicy(
    numbers.PIN_FREE_PER_TABLET, numbers.GUESS_PAUSE_S, numbers.GUESS_MAX_PAUSE_S, numbers.TABLET_FORGIVE_S
)
# A wrong password counts for its address, and for all addresses together that nobody signed in from before.
ADDRESS_POLICY = ThrottlePolicy(
    numbers.PASSWORD_FREE_PER_ADDRESS,
    numbers.GUESS_PAUSE_S,
    numbers.GUESS_MAX_PAUSE_S,
    numbers.ADDRESS_FORGIVE_S,
)
# A wrong code of a second factor counts for its account: whoever tries them knows the password already.
CODE_POLICY = ThrottlePolicy(
    numbers.CODE_FREE_PER_ACCOUNT, numbers.GUESS_PAUSE_S, numbers.GUESS_MAX_PAUSE_S, numbers.CODE_FORGIVE_S
)
STRANGERS_POLICY = ThrottlePolicy(
    numbers.PASSWORD_FREE_STRANGERS,
    numbers.STRANGERS_PAUSE_S,
    numbers.STRANGERS_MAX_PAUSE_S,
    numbers.STRANGERS_FORGIVE_S,
)
STRANGERS = "strangers"

Write = Callable[[Callable[[sqlite3.Connection], Any]], "asyncio.Future[Any]"]

log = logging.getLogger(__name__)


class CredentialChecker:
    """Checks one secret at a time, so that guesses sent all at once gain nothing over guesses in a row.

    Wrong PINs are written before they are answered, so a restart forgives nobody. `clock` gives ms UTC;
    `write` does work with the writing connection.
    """

    def __init__(self, store: Path, clock: Callable[[], int], write: Write) -> None:
        self._store = store
        self._clock = clock
        self._write = write
        self._lock = asyncio.Lock()
        self._addresses, self._strangers = Throttle(ADDRESS_POLICY), Throttle(STRANGERS_POLICY)
        self._codes = Throttle(CODE_POLICY)
        self._trusted_addresses: set[str] = set()  # somebody has signed in from there
        self._set_pin_states(_read_states(store))

    async def reload(self) -> None:
        """Reads the wrong PINs from disk again: setting a new PIN removes them there."""
        self._set_pin_states(await asyncio.to_thread(_read_states, self._store))

    async def forget_pauses(self) -> None:
        """Begins anew after a person has set the clock back: pauses would last until the time of before."""
        self._codes = Throttle(CODE_POLICY)
        self._addresses, self._strangers = Throttle(ADDRESS_POLICY), Throttle(STRANGERS_POLICY)
        await self.reload()

    async def check_pin(self, device_id: str, employee: str, pin: str) -> tuple[Refusal | None, int]:
        """None if the PIN is right, else why not; and the seconds to wait before another try."""
        async with self._lock:
            if (wait := self._pin_wait_s(device_id, employee)) > 0:
                return Refusal(Code.TOO_MANY_TRIES, str(wait)), wait
            stored = await asyncio.to_thread(self._read_pin_hash, employee)
            if stored is None:
                return Refusal(Code.NO_PIN, employee), 0
            if await asyncio.to_thread(password_hash.verify_password, stored, pin):
                if self._employees.succeeded(_employee(employee)):
                    await self._save(lambda db: throttle.clear_throttle(db, _employee(employee)))
                return None, 0
            now = self._clock()
            states = [
                self._employees.failed(_employee(employee), now),
                self._tablets.failed(_tablet(device_id), now),
            ]
            await self._save(lambda db: throttle.write_throttle(db, states))
            wait = self._pin_wait_s(device_id, employee)
            return Refusal(Code.TOO_MANY_TRIES if wait else Code.WRONG_PIN, str(wait or "")), wait

    async def check_password(self, address: str, password: str, name: str = "") -> tuple[Account | None, int]:
        """The account of this name and password, or None and the seconds to wait before another try.

        The name may be left out where there is only one account.
        """
        async with self._lock:
            # Somebody at the server itself does not wait because of those who guess from elsewhere.
            stranger = not (address in self._trusted_addresses or is_loopback(address))
            if (wait := self._password_wait_s(address, stranger)) > 0:
                return None, wait
            account = await asyncio.to_thread(self._read_account, name)
            # A name that does not exist takes as long as one that does, so that names cannot be guessed.
            hashed = account.password_hash if account else password_hash.dummy_hash()
            right = await asyncio.to_thread(password_hash.verify_password, hashed, password)
            if right and account is not None:
                self._addresses.succeeded(address)
                self._trusted_addresses.add(address)
                return account, 0
            now = self._clock()
            self._addresses.failed(address, now)
            if stranger:
                self._strangers.failed(STRANGERS, now)
            return None, self._password_wait_s(address, stranger)

    def code_wait_s(self, account: str) -> int:
        """The seconds to wait before another code of a second factor is looked at."""
        return self._codes.wait_s(account, self._clock())

    def code_failed(self, account: str) -> int:
        """Counts a wrong code. Returns the seconds to wait before another one."""
        self._codes.failed(account, self._clock())
        return self.code_wait_s(account)

    def code_succeeded(self, account: str) -> None:
        """Forgets the wrong codes."""
        self._codes.succeeded(account)

    def _pin_wait_s(self, device_id: str, employee: str) -> int:
        now = self._clock()
        return max(
            self._employees.wait_s(_employee(employee), now), self._tablets.wait_s(_tablet(device_id), now)
        )

    def _password_wait_s(self, address: str, stranger: bool) -> int:
        now = self._clock()
        others = self._strangers.wait_s(STRANGERS, now) if stranger else 0
        return max(self._addresses.wait_s(address, now), others)

    def _set_pin_states(self, states: Sequence[ThrottleState]) -> None:
        self._employees = Throttle(EMPLOYEE_POLICY, [s for s in states if s.who.startswith(_employee(""))])
        self._tablets = Throttle(TABLET_POLICY, [s for s in states if s.who.startswith(_tablet(""))])

    async def _save(self, work: Callable[[sqlite3.Connection], Any]) -> None:
        """Writes the wrong tries. Where that fails they still count until the server ends."""
        try:
            await self._write(work)
        except sqlite3.Error as error:
            log.warning("a wrong PIN could not be written down: %s", error)

    def _read_pin_hash(self, employee: str) -> str | None:
        with reading(self._store) as db:
            return pins.pin_hash(db, employee)

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


def _read_states(store: Path) -> list[ThrottleState]:
    with reading(store) as db:
        return throttle.read_throttle(db)
