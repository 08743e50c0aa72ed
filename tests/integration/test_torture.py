"""A short torture. `make torture` is the long one."""

import json
import subprocess
import sys

import pytest

from .process import ENVIRONMENT, ROOT


@pytest.mark.fault(
    "A whole shop is tortured: kill -9 of server, kiosks and tablets, links cut, tablets stopped,"
    " the disk full and slow, all at once",
    "every acknowledged op is in the store exactly once, and within seconds all agree",
)
def test_a_tortured_shop_loses_nothing_and_does_nothing_twice():
    command = [sys.executable, "-m", "tests.torture", "--seconds", "3"]
    ended = subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=150
    )
    assert ended.stdout, ended.stderr
    figures = json.loads(ended.stdout)
    assert ended.returncode == 0, figures
    assert figures["acknowledged"] > 0
    assert (figures["missing"], figures["duplicates"], figures["verify"]) == (0, 0, [])
    assert figures["kills"] >= 3
    assert figures["cuts"] >= 3
    assert figures["converged_s"] is not None
