"""The two clocks of a device give whole milliseconds."""

import time

import pytest

from sync_server import store_clock
from sync_server.device import clocks
from sync_server.device.environment import Environment


def test_the_wall_clock_is_the_computers_time_of_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_772_442_000_123_999_999)
    assert store_clock.wall_clock() == 1_772_442_000_123


def test_the_steady_clock_also_counts_the_time_that_a_tablet_was_suspended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(time, "clock_gettime_ns", lambda clock: asked.append(clock) or 86_400_000_999_999)
    assert clocks.steady_clock() == 86_400_000
    assert asked == [getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)]


def test_a_device_uses_the_real_clocks_and_real_randomness_by_default() -> None:
    environment = Environment()
    assert environment.wall_clock is store_clock.wall_clock
    assert environment.steady_clock is clocks.steady_clock
    assert len(environment.random_bytes(10)) == 10
    assert 0 <= environment.jitter() < 1
    assert environment.find is None
