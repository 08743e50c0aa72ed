"""Prints at the end of a run how long the tests of each folder kept a processor busy, so that growth is seen.

Other than a duration, this hardly depends on what else the computer does. It counts the processes of the
tests, and those that they started and that have ended. `conftest.py` registers this as a plugin of pytest.
"""

import resource
from collections import Counter
from collections.abc import Generator
from typing import Any

import pytest

_before = 0.0


def _used() -> float:
    """CPU time of this process and of its children that have ended, seconds."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish() -> None:
    global _before
    _before = _used()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    global _before
    report = yield
    now = _used()
    report.cpu_s, _before = now - _before, now
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    spent: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if hasattr(report, "cpu_s"):
                spent["/".join(report.nodeid.split("/")[:2])] += report.cpu_s
    if len(spent) > 1:
        terminalreporter.section("CPU time of each folder, seconds")
        for folder, seconds in spent.most_common():
            terminalreporter.write_line(f"{seconds:8.1f}  {folder}")
