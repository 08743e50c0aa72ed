"""Whoever pairs this device acts through Joining: which screen is up, what was typed, what is awaited.

No screen and no socket: how stores are found and joined is given from outside, as a `Way`.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

LONGEST_ADDRESS = 60
CODE_LENGTH = 13  # letters and figures, shown in three groups
CODE_GROUPS = (4, 8)  # where a group ends


log = logging.getLogger(__name__)


class Screen(StrEnum):
    FIND = "find"
    ADDRESS = "address"
    CODE = "code"
    ASKING = "asking"
    DIGITS = "digits"
    TROUBLE = "trouble"


class Store(Protocol):
    """A store that was found: its name, and the address to ask it at."""

    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str: ...


class Finder(Protocol):
    """Looks for stores from `start` to `stop`."""

    @property
    def stores(self) -> Sequence[Store]: ...
    def start(self) -> None: ...
    async def stop(self) -> None: ...


class Shown(Protocol):
    """What the manager compares, and where: `manager_url` is empty where no phone can open the page."""

    @property
    def digits(self) -> str: ...
    @property
    def manager_url(self) -> str: ...
    @property
    def store(self) -> str: ...


class Attempt(Protocol):
    """One try to join a store."""

    async def begin(self, address: str) -> Shown: ...
    async def wait(self) -> Any: ...
    async def with_code(self, address: str, code: str) -> Any: ...


@dataclass(frozen=True)
class Way:
    """How a store is found and joined. `save(file)` keeps what joining gave; it may raise OSError.

    `failed` is the error of an attempt; its `text_key` names the text for people.
    """

    find: Callable[[Callable[[], None]], Finder]
    attempt: Callable[[], Attempt]
    save: Callable[[Any], object]
    failed: type[Exception]


class Joining:
    """`on_change()` is called after anything a screen may show changed, `on_joined(file)` at the end."""

    def __init__(self, way: Way, language: str) -> None:
        self.language = language
        self.screen = Screen.FIND
        self.address = ""
        self.code = ""
        self.shown: Shown | None = None
        self.trouble = ""
        self.on_change: Callable[[], None] = lambda: None
        self.on_joined: Callable[[Any], None] = lambda _file: None
        self._way = way
        self._finder = way.find(lambda: self.on_change())
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to look for stores, on the running loop."""
        self._finder.start()

    async def stop(self) -> None:
        """Nothing is awaited any more."""
        self._give_up()
        await self._finder.stop()

    @property
    def stores(self) -> Sequence[Store]:
        return self._finder.stores

    # --- what can be done ------------------------------------------------------------------------

    def speak(self, language: str) -> None:
        self.language = language
        self.on_change()

    def choose(self, address: str) -> None:
        """A store was touched."""
        self.address = address
        self._ask()

    def open_address(self) -> None:
        self._go(Screen.ADDRESS)

    def open_code(self) -> None:
        self._go(Screen.CODE)

    def type(self, letter: str) -> None:
        """A key of the keyboard."""
        if self.screen is Screen.ADDRESS:
            self.address = (self.address + letter)[:LONGEST_ADDRESS]
        elif self.screen is Screen.CODE:
            self.code = (self.code + letter)[:CODE_LENGTH]
        self.on_change()

    def erase(self) -> None:
        """The last letter goes."""
        if self.screen is Screen.ADDRESS:
            self.address = self.address[:-1]
        elif self.screen is Screen.CODE:
            self.code = self.code[:-1]
        self.on_change()

    @property
    def ready(self) -> bool:
        """Whether what was typed can be gone on with."""
        return bool(self.address) if self.screen is Screen.ADDRESS else len(self.code) == CODE_LENGTH

    def go_on(self) -> None:
        """What had to be typed is typed. A code is for the one store there is, or for one to be chosen."""
        if not self.ready:
            return
        if self.screen is Screen.ADDRESS:
            self._ask()
        elif self.address or len(self.stores) == 1:
            self.choose(self.address or self.stores[0].address)
        else:
            self._go(Screen.FIND)

    def again(self) -> None:
        """Once more; where something was mistyped, from there."""
        if self.trouble.endswith("wrong_code"):
            self._go(Screen.CODE)
        elif self.trouble.endswith("no_address"):
            self._go(Screen.ADDRESS)
        else:
            self._ask()

    def back(self) -> None:
        """To the beginning: nobody is asked any more, and nothing typed is kept."""
        self._give_up()
        self.address = self.code = ""
        self._go(Screen.FIND)

    # --- inside ----------------------------------------------------------------------------------

    def _go(self, screen: Screen) -> None:
        self.screen = screen
        self.on_change()

    def _give_up(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _ask(self) -> None:
        self._give_up()
        self._task = asyncio.ensure_future(self._join())
        self._go(Screen.ASKING)

    async def _join(self) -> None:
        attempt = self._way.attempt()
        try:
            if self.code:
                file = await attempt.with_code(self.address, self.code)
            else:
                self.shown = await attempt.begin(self.address)
                self._go(Screen.DIGITS)
                file = await attempt.wait()
            self._way.save(file)
        except self._way.failed as error:
            self._fail(str(getattr(error, "text_key", "")))
        except OSError:
            self._fail("pairing.error.not_saved")
        except Exception:
            log.exception("a fault while pairing; it can be tried again")
            self._fail("pairing.error.broken")
        else:
            self.on_joined(file)

    def _fail(self, text_key: str) -> None:
        self.trouble = text_key
        self._go(Screen.TROUBLE)
