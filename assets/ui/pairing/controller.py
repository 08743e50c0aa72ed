"""The controller of pairing: which screen is shown, what was typed, and the attempt that runs.

It knows no widgets and no sockets: how stores are found and joined is given to it as PairingPorts.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

MAX_ADDRESS_LENGTH = 60
CODE_LENGTH = 13  # letters and digits, shown in three groups
CODE_GROUPS = (4, 8)  # the positions between the groups


log = logging.getLogger(__name__)


class PairingScreen(StrEnum):
    FIND = "find"
    ADDRESS = "address"
    CODE = "code"
    ASKING = "asking"
    DIGITS = "digits"
    ERROR = "error"


class DiscoveredStore(Protocol):
    """A store that was found on the network: its name, and its address for pairing."""

    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str: ...


class Browser(Protocol):
    """Searches for stores from `start` to `stop`."""

    @property
    def stores(self) -> Sequence[DiscoveredStore]: ...
    def start(self) -> None: ...
    async def stop(self) -> None: ...


class Prompt(Protocol):
    """The digits that the manager compares, and the page on which they are compared.

    `manager_url` is empty if no phone can open that page.
    """

    @property
    def digits(self) -> str: ...
    @property
    def manager_url(self) -> str: ...
    @property
    def store(self) -> str: ...


class EnrolAttempt(Protocol):
    """One attempt to pair with a store."""

    async def begin(self, address: str) -> Prompt: ...
    async def wait(self) -> Any: ...
    async def with_code(self, address: str, code: str) -> Any: ...


@dataclass(frozen=True)
class PairingPorts:
    """How stores are found and joined.

    `find(on_change)` makes a browser. `save(file)` saves the identity that a store gave; it may raise
    OSError. `failed` is the exception of an attempt; its `text_key` names the text for people.
    """

    find: Callable[[Callable[[], None]], Browser]
    attempt: Callable[[], EnrolAttempt]
    save: Callable[[Any], object]
    failed: type[Exception]


class PairingController:
    """`on_change()` is called when a screen may have changed, `on_paired(file)` at the end.

    `damaged`: this device was paired before, and its identity file is damaged. `bad_address`
    is the address in that file, if that is what is wrong with it.
    """

    def __init__(
        self, ports: PairingPorts, language: str, damaged: bool = False, bad_address: str | None = None
    ) -> None:
        self.language = language
        self.damaged = damaged
        self.bad_address = bad_address
        self.screen = PairingScreen.FIND
        self.address = ""
        self.code = ""
        self.prompt: Prompt | None = None
        self.error_key = ""
        self.on_change: Callable[[], None] = lambda: None
        self.on_paired: Callable[[Any], None] = lambda _file: None
        self._ports = ports
        self._browser = ports.find(lambda: self.on_change())
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts the search for stores, on the running loop."""
        self._browser.start()

    async def stop(self) -> None:
        """Cancels the attempt and ends the search."""
        self._cancel()
        await self._browser.stop()

    @property
    def stores(self) -> Sequence[DiscoveredStore]:
        return self._browser.stores

    # --- taps ------------------------------------------------------------------------------------

    def set_language(self, language: str) -> None:
        self.language = language
        self.on_change()

    def choose_store(self, address: str) -> None:
        """Starts an attempt with the store at this address."""
        self.address = address
        self._start_attempt()

    def open_address(self) -> None:
        self._go(PairingScreen.ADDRESS)

    def open_code(self) -> None:
        self._go(PairingScreen.CODE)

    def type(self, letter: str) -> None:
        """Adds a letter to the address or the code."""
        if self.screen is PairingScreen.ADDRESS:
            self.address = (self.address + letter)[:MAX_ADDRESS_LENGTH]
        elif self.screen is PairingScreen.CODE:
            self.code = (self.code + letter)[:CODE_LENGTH]
        self.on_change()

    def erase(self) -> None:
        """Removes the last letter."""
        if self.screen is PairingScreen.ADDRESS:
            self.address = self.address[:-1]
        elif self.screen is PairingScreen.CODE:
            self.code = self.code[:-1]
        self.on_change()

    @property
    def ready(self) -> bool:
        """Whether the address or the code is complete."""
        return bool(self.address) if self.screen is PairingScreen.ADDRESS else len(self.code) == CODE_LENGTH

    def submit(self) -> None:
        """The address or the code is complete. With several stores the code's store has to be chosen."""
        if not self.ready:
            return
        if self.screen is PairingScreen.ADDRESS:
            self._start_attempt()
        elif self.address or len(self.stores) == 1:
            self.choose_store(self.address or self.stores[0].address)
        else:
            self._go(PairingScreen.FIND)

    def try_again(self) -> None:
        """Tries again. A mistyped code or address can be corrected first."""
        if self.error_key.endswith("wrong_code"):
            self._go(PairingScreen.CODE)
        elif self.error_key.endswith("no_address"):
            self._go(PairingScreen.ADDRESS)
        else:
            self._start_attempt()

    def back(self) -> None:
        """Cancels the attempt, and goes back to the first screen with empty fields."""
        self._cancel()
        self.address = self.code = ""
        self._go(PairingScreen.FIND)

    # --- inside ----------------------------------------------------------------------------------

    def _go(self, screen: PairingScreen) -> None:
        self.screen = screen
        self.on_change()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _start_attempt(self) -> None:
        self._cancel()
        self._task = asyncio.ensure_future(self._attempt())
        self._go(PairingScreen.ASKING)

    async def _attempt(self) -> None:
        attempt = self._ports.attempt()
        try:
            if self.code:
                file = await attempt.with_code(self.address, self.code)
            else:
                self.prompt = await attempt.begin(self.address)
                self._go(PairingScreen.DIGITS)
                file = await attempt.wait()
            self._ports.save(file)
        except self._ports.failed as error:
            self._fail(str(getattr(error, "text_key", "")))
        except OSError:
            self._fail("pairing.error.not_saved")
        except Exception:
            log.exception("a fault while pairing; it can be tried again")
            self._fail("pairing.error.broken")
        else:
            self.on_paired(file)

    def _fail(self, text_key: str) -> None:
        self.error_key = text_key
        self._go(PairingScreen.ERROR)
