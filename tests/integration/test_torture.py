"""A short torture; `make torture` runs a longer one."""

import asyncio
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time

import pytest

from sync_server.service.storage import writer
from sync_server.service.storage.batch import Batch
from sync_server.service.storage.executor import ThreadExecutor
from sync_server.service.storage.schema.migrate import create_store_file
from tests.torture import slow_server

from .harness import GIVE_UP_S
from .process import ENVIRONMENT, ROOT

# Prints its process id when it is tied to its parent.
MEMBER = ["sh", "-c", "echo $$; exec sleep 3600"]
TORTURE = f"""
import subprocess
from tests.torture.environment import tied_to_this_process
subprocess.run(tied_to_this_process({MEMBER}))
"""


@pytest.mark.fault(
    "A whole shop under stress: kill -9 of server, kiosks and tablets, links cut, tablets stopped, the"
    " disk full and slow, all at the same time",
    "every acknowledged op is in the store exactly once, and all agree within seconds",
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


def test_a_torture_run_ends_every_process_it_started():
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


async def test_a_commit_waits_on_a_slow_disk_and_not_on_a_fast_one(tmp_path, monkeypatch):
    slow_file = tmp_path / "slow"
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    monkeypatch.setattr(writer, "ThreadExecutor", ThreadExecutor)  # put back after the test
    slow_server.install(slow_file)
    create_store_file(tmp_path / "store.db")
    store = writer.StoreWriter(tmp_path / "store.db", asyncio.get_running_loop(), lambda *_: None)
    for number, slow in enumerate((False, True, False)):
        if slow:
            slow_file.touch()
        store.put(Batch(0, ops=[(str(number), b"digest", None, None, 1)]))
        await store.call(lambda _db: None)
        if slow:
            assert slow_file.read_bytes() == b"."
            slow_file.unlink()
    store.close()
    assert waits == [slow_server.SLOW_S]
