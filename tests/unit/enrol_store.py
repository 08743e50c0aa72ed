"""A store that answers the requests of a device that is being let in, as a test wants."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from msgspec import Struct

from sync_server.device.network import enrol_client
from sync_server.device.network.enrol_client import (
    EnrolClient,
    PairingError,
    PairingFailure,
)
from sync_server.protocol import enrol

from .virtual_time import loop

ADDRESS = "192.168.1.10"
BASE = "http://192.168.1.10:8351"
SERVER_KEY = "s" * 40
REQUEST = "a" * 32
NONCE = "b" * 64
ACCEPTED = enrol.AskAccepted(enrol.WIRE, REQUEST, SERVER_KEY, NONCE, "Lumen & Co", "http://shop/manager")
ENROLLED = enrol.Enrolled("front-door", "kiosk", "Front door", "A", 8350)
CODE = "7K3M9QXW2T8HV"

Answer = tuple[int, bytes] | Exception


class Store:
    """Answers requests, one after the other. `requests` are those that arrived."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: list[Answer | Callable[[bytes], Answer]] = []
        self.requests: list[tuple[str, str, bytes | None]] = []
        monkeypatch.setattr(enrol_client, "_request", self._request)
        monkeypatch.setattr(enrol_client, "time", SimpleNamespace(monotonic=lambda: self.now()))
        self.now: Callable[[], float] = lambda: 0

    def _request(self, method: str, url: str, body: bytes | None) -> tuple[int, bytes]:
        self.requests.append((method, url, body))
        answer = self.answers.pop(0)
        if callable(answer):
            answer = answer(body or b"")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def will_answer(self, *answers: Struct | Answer | Callable[[bytes], Answer]) -> None:
        self.answers += [(200, enrol.encode(a)) if isinstance(a, Struct) else a for a in answers]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    return Store(monkeypatch)


@contextmanager
def failing(reason: PairingFailure, about: str = ADDRESS) -> Iterator[None]:
    with pytest.raises(PairingError) as raised:
        yield
    assert (raised.value.reason, raised.value.about) == (reason, about)


def denied(why: str, status: int = 400) -> tuple[int, bytes]:
    return status, enrol.encode(enrol.Denied(why))


async def begun(store: Store) -> EnrolClient:
    client = EnrolClient("kiosk")
    store.will_answer(ACCEPTED, enrol.EnrolmentState())
    await client.begin(ADDRESS)
    store.requests.clear()
    store.now = loop().time
    return client
