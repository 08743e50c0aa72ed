"""`make test` runs the checks beside the tests: packaging/beside."""

import subprocess
from pathlib import Path

import pytest

BESIDE = Path(__file__).parents[2] / "packaging" / "beside"


def run(first: str, *program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BESIDE, first, *program], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (0, 5), (1, 5)])
def test_it_fails_if_either_of_them_does(first: int, second: int) -> None:
    done = run(f"exit {first}", "sh", "-c", f"exit {second}")
    assert done.returncode == (1 if first else second)
    assert ("This failed" in done.stderr) == bool(first)


def test_what_the_first_one_says_comes_in_one_piece() -> None:
    done = run("echo one; echo two >&2; echo three", "echo", "the program")
    assert "one\ntwo\nthree\n" in done.stdout
    assert "the program\n" in done.stdout
    assert done.stderr == ""
