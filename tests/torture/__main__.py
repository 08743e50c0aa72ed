"""`make torture`: a whole store of real processes, under load and faults of all kinds at the same time.

Processes are killed and stopped, links are cut, the disk is full or slow. Prints one line of JSON. The exit
code is 1 if an acknowledged op is missing or was done twice, if the devices do not agree with the server in
the end, or if a program ended by itself, unless the server could not start on a full disk.
"""

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
from pathlib import Path

from sync_server.cli.common import TRY_LATER

from . import environment, verdict
from .torture import Torture


async def run(work: Path, seconds: float, seed: int) -> tuple[dict[str, object], bool]:
    """The figures, and whether everything is right."""
    me = asyncio.current_task()
    assert me is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    torture = Torture(work, seconds, random.Random(seed))
    try:
        return await _run(torture, seed)
    finally:
        torture.disk.close()


async def _run(torture: Torture, seed: int) -> tuple[dict[str, object], bool]:
    figures: dict[str, object] = {}
    await torture.set_up()
    try:
        await torture.run()
        try:
            converged: float | None = round(await torture.converge(), 1)
        except AssertionError as error:
            converged, figures["disagree"] = None, str(error)
    finally:
        await torture.tear_down()
    found = verdict.judge(torture.folder, torture.notes)
    wrongly = [
        f"{member.name}: {code} {last_line}"
        for member in (torture.server, *torture.devices)
        for code, last_line in member.ended
        if (member, code) != (torture.server, TRY_LATER)  # which is right on a full disk
    ]
    figures = {
        "acknowledged": found.acknowledged,
        "missing": found.missing,
        "duplicates": found.duplicates,
        "helped": found.helped,
        "kills": torture.server.kills,
        "cuts": torture.cuts,
        "converged_s": converged,
        "device_kills": sum(device.kills for device in torture.devices),
        "stops": torture.stops,
        "full_disks": torture.full,
        "slow_disks": torture.slow,
        "slow_commits": torture.slow_commits,
        "started_later": sum(code == TRY_LATER for code, _ in torture.server.ended),
        "ended_by_itself": wrongly,
        "up_s": torture.up_s,
        "last_to_agree": torture.last_to_agree,
        "verify": found.problems,
        "links": torture.links.means,
        "disk": torture.disk.means,
        "seed": seed,
        **figures,
    }
    wrong = found.missing or found.duplicates or found.problems or wrongly
    return figures, converged is not None and not wrong


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.torture", description=__doc__)
    parser.add_argument("--seconds", type=float, default=45.0)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument(
        "--plain", action="store_true", help="a loopback proxy even where namespaces are allowed"
    )
    chosen = parser.parse_args()
    if not chosen.plain:
        environment.enter_namespaces()
    seed = random.randrange(10**6) if chosen.seed is None else chosen.seed
    try:
        with tempfile.TemporaryDirectory(prefix="welkom-torture-") as work:
            figures, right = asyncio.run(run(Path(work), chosen.seconds, seed))
    except (asyncio.CancelledError, KeyboardInterrupt):
        print("stopped before its end: there is no result", file=sys.stderr)
        return 2
    print(json.dumps(figures))
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
