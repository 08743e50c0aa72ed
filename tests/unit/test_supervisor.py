"""The end of a vital task ends the server; whatever happens to housekeeping does not."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from sync_server.service.supervisor import MAX_RESTART_S, RESTART_S, Supervisor, VitalTaskEnded


async def forever() -> None:
    await asyncio.Event().wait()


def supervise(test: Callable[[Supervisor], Awaitable[None]], sleep=None) -> None:
    async def whole() -> None:
        async with asyncio.timeout(30):
            await test(Supervisor(sleep))

    asyncio.run(whole())


def test_housekeeping_that_fails_is_logged_with_its_traceback_and_done_again_after_a_growing_pause(caplog):
    pauses: list[float] = []
    stop = asyncio.Event()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 9:
            stop.set()
            await forever()

    async def broken() -> None:
        raise OSError(5, "Input/output error")

    async def test(supervisor: Supervisor) -> None:
        supervisor.add_vital("the devices' port", forever())
        supervisor.add_housekeeping("the nightly backup", broken, 600)
        await supervisor.run(stop.wait())

    supervise(test, sleep)
    assert pauses == [min(MAX_RESTART_S, RESTART_S * 2**n) for n in range(9)]
    assert all("the nightly backup failed and is tried again" in record.message for record in caplog.records)
    assert all(record.exc_info is not None for record in caplog.records)
    assert len(caplog.records) == 9


def test_housekeeping_that_succeeds_is_done_again_when_it_is_time():
    pauses: list[float] = []
    stop = asyncio.Event()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            stop.set()
            await forever()

    async def test(supervisor: Supervisor) -> None:
        supervisor.add_housekeeping("retention", lambda: asyncio.sleep(0), 600)
        await supervisor.run(stop.wait())

    supervise(test, sleep)
    assert pauses == [600, 600, 600]


def test_the_end_of_a_vital_task_ends_all_and_is_the_last_word_in_the_log(caplog):
    cancelled = asyncio.Event()

    async def deaf() -> None:
        raise RuntimeError("a fault in reading")

    async def housekeeping() -> None:
        try:
            await forever()
        finally:
            cancelled.set()

    async def test(supervisor: Supervisor) -> None:
        supervisor.add_housekeeping("the nightly backup", housekeeping)
        await asyncio.sleep(0)
        supervisor.add_vital("the devices' port", deaf())
        supervisor.add_vital("the pages", forever())
        with pytest.raises(RuntimeError, match="a fault in reading"):
            await supervisor.run(forever())

    supervise(test)
    assert cancelled.is_set()
    (last,) = caplog.records
    assert last.levelno == logging.CRITICAL
    assert last.getMessage() == "the server ends, because the devices' port failed: a fault in reading"
    assert last.exc_info is not None


def test_a_vital_task_that_simply_ends_is_an_error_too(caplog):
    async def test(supervisor: Supervisor) -> None:
        supervisor.add_vital("the pages", asyncio.sleep(0))
        with pytest.raises(VitalTaskEnded, match="the pages ended by itself"):
            await supervisor.run(forever())

    supervise(test)
    assert "the server ends, because the pages failed" in caplog.text


def test_a_stop_is_announced_before_anything_is_cancelled():
    order: list[str] = []

    async def vital() -> None:
        try:
            await forever()
        finally:
            order.append("cancelled")

    async def test(supervisor: Supervisor) -> None:
        supervisor.add_vital("the pages", vital())
        await asyncio.sleep(0)
        await supervisor.run(asyncio.sleep(0), lambda: order.append("stopping"))

    supervise(test)
    assert order == ["stopping", "cancelled"]
