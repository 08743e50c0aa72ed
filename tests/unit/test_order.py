"""The order in which the tests run, and which of them share a worker."""

import random
from types import SimpleNamespace
from typing import Any

from tests.order import group_of, sort_by_folder

HEAVY = ["tests/simulation/test_days.py::test_a", "tests/ui/test_growth.py::test_a"]
LONG = [
    "tests/ui/test_kiosk_layout.py::test_a[1]",
    "tests/unit/test_floor_machine.py::TestFloor::runTest",
    "tests/e2e/test_demo.py::test_a",
]
OTHERS = [
    f"tests/{folder}/test_{file}.py::test_a" for folder in ("ui", "web", "integration") for file in "xyz"
]
SHORT = [f"tests/{folder}/test_{file}.py::test_a" for folder in ("unit", "contract") for file in "xyz"]


def test_the_heavy_ones_run_first_then_the_long_ones_and_the_short_ones_last() -> None:
    everything = HEAVY + LONG + OTHERS + SHORT
    for seed in range(20):
        items: list[Any] = [SimpleNamespace(nodeid=test) for test in everything]
        random.Random(seed).shuffle(items)
        shuffled = [item.nodeid for item in items]
        sort_by_folder(items)
        ran = [item.nodeid for item in items]
        assert set(ran[:2]) == set(HEAVY)
        assert ran[2:5] == LONG
        assert set(ran[5:14]) == set(OTHERS)
        assert set(ran[14:]) == set(SHORT)
        for folder in ("ui", "web", "integration", "unit", "contract"):
            there = [test for test in ran[5:] if test.startswith(f"tests/{folder}/")]
            first = ran.index(there[0])
            assert ran[first : first + 3] == there, "a folder stays together"
            assert there == [test for test in shuffled if test in there], "and in the shuffled order"


def test_heavy_ones_share_a_worker_and_so_does_a_file_that_shares_things() -> None:
    assert len({group_of(test) for test in HEAVY}) == 1
    assert group_of("tests/web/test_x.py::test_a") == group_of("tests/web/test_x.py::test_b")
    assert group_of("tests/ui/test_x.py::test_a") != group_of("tests/ui/test_x.py::test_b")
