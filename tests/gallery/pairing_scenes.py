"""Every state of pairing by name, without a store: for pictures and for tests."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from assets.ui.pairing.controller import PairingController, PairingPorts


@dataclass(frozen=True)
class FakeStore:
    """A store that was found on the network."""

    name: str
    address: str


@dataclass(frozen=True)
class FakePrompt:
    """The digits of a store, and the page on which they are compared."""

    digits: str = "482 913"
    manager_url: str = "https://192.168.1.10:8350/manager/devices#r0123456789abcdef"
    store: str = "Lumen & Co"


class FakeFailure(Exception):
    """A failed attempt, with the key of its text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.text_key = f"pairing.error.{reason}"


@dataclass
class FakePairing:
    """A network with stores: browser and attempt in one. An attempt ends when a test sets `answer`.

    `asked` has every address and code that was used, in order. `failure` makes `begin` fail; `full`
    makes saving fail.
    """

    stores: list[FakeStore] = field(default_factory=list)
    shown: FakePrompt = field(default_factory=FakePrompt)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    saved: list[Any] = field(default_factory=list)
    full: bool = False

    def __post_init__(self) -> None:
        self.answer: asyncio.Future[Any] | None = None
        self.failure: FakeFailure | None = None
        self.on_change: Callable[[], None] = lambda: None

    def ports(self) -> PairingPorts:
        return PairingPorts(self._find, lambda: self, self._save, FakeFailure)

    def _find(self, on_change: Callable[[], None]) -> "FakePairing":
        self.on_change = on_change
        return self

    def _save(self, file: Any) -> None:
        if self.full:
            raise OSError("no room")
        self.saved.append(file)

    def start(self) -> None:
        """Stores are found when a test adds them to `stores`."""

    async def stop(self) -> None:
        """There is nothing to stop."""

    async def begin(self, address: str) -> FakePrompt:
        self.asked.append((address,))
        if self.failure is not None:
            raise self.failure
        return self.shown

    async def wait(self) -> Any:
        self.answer = asyncio.get_running_loop().create_future()
        return await self.answer

    async def with_code(self, address: str, code: str) -> Any:
        self.asked.append((address, code))
        return await self.wait()


LUMEN = FakeStore("Lumen & Co", "192.168.1.10:8351")
OTHERS = (
    FakeStore("Lumen & Co, the workshop", "192.168.1.24:8351"),
    FakeStore("The book corner", "10.0.0.7:8351"),
)


async def _settled() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def _choose(controller: PairingController, _network: FakePairing) -> None:
    controller.choose_store(LUMEN.address)
    await _settled()


async def _address(controller: PairingController, _network: FakePairing) -> None:
    controller.open_address()
    for letter in "192.168.1.10":
        controller.type(letter)


async def _address_empty(controller: PairingController, _network: FakePairing) -> None:
    controller.open_address()


async def _code(controller: PairingController, _network: FakePairing) -> None:
    controller.open_code()
    for letter in "7K3M9QXW2":
        controller.type(letter)


async def _code_of(controller: PairingController, network: FakePairing) -> None:
    await _code(controller, network)
    for letter in "T8HV":
        controller.type(letter)
    controller.submit()


async def _damaged(controller: PairingController, _network: FakePairing) -> None:
    controller.damaged = True


async def _bad_address(controller: PairingController, _network: FakePairing) -> None:
    controller.bad_address = "tcp://192.168.1.10"


async def _nothing(_controller: PairingController, _network: FakePairing) -> None:
    pass


def _failing(reason: str) -> Callable[[PairingController, FakePairing], Any]:
    async def fail(controller: PairingController, network: FakePairing) -> None:
        network.failure = FakeFailure(reason)
        await _choose(controller, network)

    return fail


async def _asking(controller: PairingController, _network: FakePairing) -> None:
    controller.open_code()
    for letter in "7K3M9QXW2T8HV":
        controller.type(letter)
    controller.choose_store(LUMEN.address)
    await _settled()


# Each scene: the stores on the network, the digits to compare, and the steps to its screen.
Steps = Callable[[PairingController, FakePairing], Any]
SCENES: dict[str, tuple[tuple[FakeStore, ...], FakePrompt, Steps]] = {
    "find": ((LUMEN,), FakePrompt(), _nothing),
    "find-many": ((LUMEN, *OTHERS), FakePrompt(), _nothing),
    "find-none": ((), FakePrompt(), _nothing),
    "find-damaged": ((LUMEN,), FakePrompt(), _damaged),
    "find-bad-address": ((LUMEN,), FakePrompt(), _bad_address),
    "find-for-code": ((LUMEN, *OTHERS), FakePrompt(), _code_of),
    "address": ((), FakePrompt(), _address),
    "address-empty": ((), FakePrompt(), _address_empty),
    "code": ((LUMEN,), FakePrompt(), _code),
    "asking": ((LUMEN,), FakePrompt(), _asking),
    "digits": ((LUMEN,), FakePrompt(), _choose),
    "digits-no-page": ((LUMEN,), FakePrompt(manager_url=""), _choose),
    **{
        f"trouble-{reason}": ((LUMEN,), FakePrompt(), _failing(reason))
        for reason in (
            "unreachable", "not_a_store", "no_address", "other_version", "too_many", "expired", "refused",
            "wrong_code", "not_now", "not_saved",
        )
    },
}  # fmt: skip
