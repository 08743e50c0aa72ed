"""A short torture. `make torture` is the long one."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys

import pytest

from .house import GIVE_UP_S
from .process import ENVIRONMENT, ROOT

# Says its own number once it is bound.
MEMBER = ["sh", "-c", "echo $$; exec sleep 3600"]
TORTURE = f"import subprocess; from tests.torture.world import bound; subprocess.run(bound({MEMBER}))"


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


def test_what_a_torture_started_ends_with_it_however_it_ends():
    torture = subprocess.Popen([sys.executable, "-c", TORTURE], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert torture.stdout is not None
    member = os.pidfd_open(int(torture.stdout.readline()))
    torture.kill()
    torture.wait()
    try:
        assert select.select([member], [], [], GIVE_UP_S)[0]
    finally:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(member, signal.SIGKILL)
        os.close(member)
