"""Work that is repeated whatever goes wrong with it, without waiting in real time."""

import asyncio
import logging

import pytest

from sync_server.service.retry import back_off, log_once, retry_forever


class Ended(Exception):
    """Ends the test from inside the pause."""


def repeat(outcomes, log_failure=lambda _error, _failures: None) -> list[float]:
    """Repeats work with these outcomes, an exception or None; the pauses."""
    pauses: list[float] = []
    left = list(outcomes)

    async def work() -> None:
        if (outcome := left.pop(0)) is not None:
            raise outcome

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if not left:
            raise Ended

    with pytest.raises(Ended):
        asyncio.run(retry_forever(work, lambda failures: failures, log_failure, sleep))
    return pauses


def test_the_pause_depends_on_the_failures_in_a_row():
    fault = OSError("no such luck")
    assert repeat([None, fault, fault, None, fault]) == [0, 1, 2, 0, 1]


def test_every_failure_is_reported_with_its_number():
    reported = []
    faults = [OSError("1"), ValueError("2"), None, RuntimeError("3")]
    repeat(faults, log_failure=lambda error, failures: reported.append((str(error), failures)))
    assert reported == [("1", 1), ("2", 2), ("3", 1)]


def test_back_off_doubles_up_to_its_maximum():
    pause = back_off(0.5, 8)
    assert [pause(failures) for failures in (0, 1, 2, 3, 4, 5, 6, 1000)] == [0.5, 0.5, 1, 2, 4, 8, 8, 8]


def test_only_the_first_failure_of_a_row_is_logged(caplog):
    fault = OSError("no network")
    report = log_once(logging.getLogger("test"), "not found yet (%s)")
    repeat([fault, fault, None, fault], log_failure=report)
    assert [record.getMessage() for record in caplog.records] == ["not found yet (no network)"] * 2


def test_it_ends_when_it_is_cancelled():
    async def whole() -> bool:
        started = asyncio.Event()

        async def work() -> None:
            started.set()
            await asyncio.Event().wait()

        task = asyncio.ensure_future(retry_forever(work, lambda _: 0, lambda *_: None))
        await started.wait()
        task.cancel()
        await asyncio.wait({task})
        return task.cancelled()

    assert asyncio.run(whole())
