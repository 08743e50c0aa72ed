"""Decides in which order the tests run, and which of them share a worker when there are several.

pytest-randomly shuffles all tests and prints its seed; `--randomly-seed=<seed>` repeats that order. Here the
tests of each folder are put together again, because they share things that take long to make: a browser, a
finished store.
"""

import pytest

# Folders whose tests share nothing: each test may run on any worker. Elsewhere a file stays together.
ONE_BY_ONE = ("tests/conformance/", "tests/e2e/", "tests/integration/", "tests/simulation/", "tests/ui/")
# These take long: begun last, one of them would keep one worker at work alone.
# Whole shops of processes come after the rest of them: by then the checks beside the tests have ended.
LONG = (
    "tests/ui/test_kiosk_layout.py",
    "tests/ui/test_staff_layout.py",
    "tests/unit/test_floor_machine.py",
    "tests/unit/test_optimistic_view_machine.py",
    "tests/e2e/",
)
SHORT = ("tests/unit/", "tests/contract/")  # files of less than a second: with them all workers end together
# These use all processors or measure a process: they run one after another, and they start first because
# they take longest.
HEAVY = ("tests/integration/test_torture.py", "tests/simulation/", "tests/ui/test_growth.py")


def sort_by_folder(items: list[pytest.Item]) -> None:
    """Puts those of each folder together, heavy and long tests first and short ones last.

    The order within stays as it is.
    """
    first: dict[str, int] = {}
    for number, item in enumerate(items):
        first.setdefault(_folder(item.nodeid), number)
    items.sort(key=lambda item: (_turn(item.nodeid), first[_folder(item.nodeid)]))


def _turn(test: str) -> int:
    first: tuple[str | tuple[str, ...], ...] = (HEAVY, *LONG)
    turns = [turn for turn, tests in enumerate(first) if test.startswith(tests)]
    return turns[0] if turns else len(first) + test.startswith(SHORT)


def _folder(test: str) -> str:
    return test.split("::")[0].rpartition("/")[0]


def group_of(test: str) -> str:
    """The name of the group of tests that run on one worker, one after another."""
    if test.startswith(HEAVY):
        return "heavy"
    return test if test.startswith(ONE_BY_ONE) else test.split("::")[0]
