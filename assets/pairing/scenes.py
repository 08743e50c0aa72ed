"""Every state pairing can be in, brought about without a store: for pictures and for tests."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .joining import Joining, Way


@dataclass(frozen=True)
class Shop:
    """A store as it would be found."""

    name: str
    address: str


@dataclass(frozen=True)
class Number:
    """What a store would have to be compared."""

    digits: str = "482 913"
    manager_url: str = "https://192.168.1.10:8350/manager/devices#r0123456789abcdef"
    store: str = "Lumen & Co"


class Failed(Exception):
    """An attempt that failed, with its text's key."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.text_key = f"pairing.error.{reason}"


@dataclass
class StandIn:
    """A network and its stores, standing still: nothing is answered before `answer` says so.

    `asked` is every address and code that was asked, in order.
    """

    stores: list[Shop] = field(default_factory=list)
    shown: Number = field(default_factory=Number)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    saved: list[Any] = field(default_factory=list)
    full: bool = False

    def __post_init__(self) -> None:
        self.answer: asyncio.Future[Any] | None = None
        self.reached: Failed | None = None
        self.on_change: Callable[[], None] = lambda: None

    def way(self) -> Way:
        return Way(self._find, lambda: self, self._save, Failed)

    def _find(self, on_change: Callable[[], None]) -> "StandIn":
        self.on_change = on_change
        return self

    def _save(self, file: Any) -> None:
        if self.full:
            raise OSError("no room")
        self.saved.append(file)

    def start(self) -> None:
        """Stores are found as they are put into `stores`."""

    async def stop(self) -> None:
        """Nothing to end."""

    async def begin(self, address: str) -> Number:
        self.asked.append((address,))
        if self.reached is not None:
            raise self.reached
        return self.shown

    async def wait(self) -> Any:
        self.answer = asyncio.get_running_loop().create_future()
        return await self.answer

    async def with_code(self, address: str, code: str) -> Any:
        self.asked.append((address, code))
        return await self.wait()


LUMEN = Shop("Lumen & Co", "192.168.1.10:8351")
OTHERS = (Shop("Lumen & Co, the workshop", "192.168.1.24:8351"), Shop("The book corner", "10.0.0.7:8351"))


async def _settled() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def _choose(joining: Joining, _there: StandIn) -> None:
    joining.choose(LUMEN.address)
    await _settled()


async def _address(joining: Joining, _there: StandIn) -> None:
    joining.open_address()
    for letter in "192.168.1.10":
        joining.type(letter)


async def _address_empty(joining: Joining, _there: StandIn) -> None:
    joining.open_address()


async def _code(joining: Joining, _there: StandIn) -> None:
    joining.open_code()
    for letter in "7K3M9QXW2":
        joining.type(letter)


async def _code_of(joining: Joining, there: StandIn) -> None:
    await _code(joining, there)
    for letter in "T8HV":
        joining.type(letter)
    joining.go_on()


async def _nothing(_joining: Joining, _there: StandIn) -> None:
    pass


def _failing(reason: str) -> Callable[[Joining, StandIn], Any]:
    async def fail(joining: Joining, there: StandIn) -> None:
        there.reached = Failed(reason)
        await _choose(joining, there)

    return fail


async def _asking(joining: Joining, _there: StandIn) -> None:
    joining.open_code()
    for letter in "7K3M9QXW2T8HV":
        joining.type(letter)
    joining.choose(LUMEN.address)
    await _settled()


# Each scene: the stores there are, the number to compare, and how to get there.
SCENES: dict[str, tuple[tuple[Shop, ...], Number, Callable[[Joining, StandIn], Any]]] = {
    "find": ((LUMEN,), Number(), _nothing),
    "find-many": ((LUMEN, *OTHERS), Number(), _nothing),
    "find-none": ((), Number(), _nothing),
    "find-for-code": ((LUMEN, *OTHERS), Number(), _code_of),
    "address": ((), Number(), _address),
    "address-empty": ((), Number(), _address_empty),
    "code": ((LUMEN,), Number(), _code),
    "asking": ((LUMEN,), Number(), _asking),
    "digits": ((LUMEN,), Number(), _choose),
    "digits-no-page": ((LUMEN,), Number(manager_url=""), _choose),
    **{
        f"trouble-{reason}": ((LUMEN,), Number(), _failing(reason))
        for reason in (
            "unreachable", "not_a_store", "no_address", "other_version", "too_many", "expired", "refused",
            "wrong_code", "not_now", "not_saved",
        )
    },
}  # fmt: skip
