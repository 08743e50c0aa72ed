"""The collector of cycles in a server: what the start made is left out, full rounds come rarely."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from sync_server.service import garbage


@pytest.fixture
def thresholds() -> Iterator[tuple[int, int, int]]:
    usual = gc.get_threshold()
    yield usual
    gc.set_threshold(*usual)
    gc.unfreeze()


class Node:
    """Is part of a cycle."""

    def __init__(self) -> None:
        self.itself = self


def test_python_begins_no_full_round_by_itself_and_one_comes_from_time_to_time(
    thresholds, monkeypatch
) -> None:
    async def go() -> None:
        garbage.collect_rarely()
        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold() == (*thresholds[:2], garbage.NEVER)
        for _ in range(2):
            node = Node()
            gone = weakref.ref(node)
            gc.collect()  # it is old now, so only a full round finds it
            del node
            while gone() is not None:
                await asyncio.sleep(0)

    monkeypatch.setattr(garbage, "EVERY_S", 0.0)
    asyncio.run(asyncio.wait_for(go(), 20))
