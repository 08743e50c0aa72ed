"""`make torture`: a whole shop of real processes, killed, cut off, stopped and starved of its disk.

Ends by itself with one line of JSON, and with 1 if anything acknowledged is missing, was done twice, if
the devices do not come to agree with the server, or if any program ended by itself for another reason
than a disk with no room to start on.
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

from . import judge, world
from .torment import Torment


async def torture(work: Path, seconds: float, seed: int) -> tuple[dict[str, object], bool]:
    """The figures, and whether all is well."""
    me = asyncio.current_task()
    assert me is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    torment = Torment(work, seconds, random.Random(seed))
    try:
        return await _torture(torment, seed)
    finally:
        torment.disk.close()


async def _torture(torment: Torment, seed: int) -> tuple[dict[str, object], bool]:
    figures: dict[str, object] = {}
    await torment.set_up()
    try:
        await torment.run()
        try:
            converged: float | None = round(await torment.converge(), 1)
        except AssertionError as error:
            converged, figures["disagree"] = None, str(error)
    finally:
        await torment.tear_down()
    verdict = judge.verdict(torment.folder, torment.notes)
    wrongly = [
        f"{member.name}: {code} {said}"
        for member in (torment.server, *torment.devices)
        for code, said in member.ended
        if (member, code) != (torment.server, TRY_LATER)  # on a full disk, which is as it should be
    ]
    figures = {
        "acknowledged": verdict.acknowledged,
        "missing": verdict.missing,
        "duplicates": verdict.duplicates,
        "helped": verdict.helped,
        "kills": torment.server.kills,
        "cuts": torment.cuts,
        "converged_s": converged,
        "device_kills": sum(device.kills for device in torment.devices),
        "stops": torment.stops,
        "full_disks": torment.full,
        "slow_disks": torment.slow,
        "started_later": sum(code == TRY_LATER for code, _ in torment.server.ended),
        "ended_by_itself": wrongly,
        "up_s": torment.up_s,
        "last_to_agree": torment.last_to_agree,
        "verify": verdict.found,
        "links": torment.links.means,
        "disk": torment.disk.means,
        "seed": seed,
        **figures,
    }
    ill = verdict.missing or verdict.duplicates or verdict.found or wrongly
    well = converged is not None and not ill
    return figures, well


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.torture", description=__doc__)
    parser.add_argument("--seconds", type=float, default=45.0)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument(
        "--plain", action="store_true", help="a loopback proxy even where namespaces are allowed"
    )
    chosen = parser.parse_args()
    if not chosen.plain:
        world.enter_namespaces()
    seed = random.randrange(10**6) if chosen.seed is None else chosen.seed
    try:
        with tempfile.TemporaryDirectory(prefix="welkom-torture-") as work:
            figures, well = asyncio.run(torture(Path(work), chosen.seconds, seed))
    except (asyncio.CancelledError, KeyboardInterrupt):
        print("stopped before its end: nothing can be said", file=sys.stderr)
        return 2
    print(json.dumps(figures))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
