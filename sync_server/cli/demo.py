"""`welkom demo`, and the windows it opens: the one place where apps and simulated people meet."""

import asyncio
import contextlib
import json
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from .common import plainly

STEPS_BACK_S = 60.0  # how long a simulated person leaves a screen alone after somebody touched it


@click.command()
@click.option("--seconds", type=click.FloatRange(min=20), default=None, help="End by itself after this long.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Keep the store in this folder. Default: a temporary one.",
)
@click.option(
    "--pictures",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/demo"),
    show_default=True,
    help="Where a timed demo saves its pictures.",
)
@click.option("--speed", type=click.FloatRange(min=1, max=200), default=30, show_default=True, help="× life.")
@plainly
def demo(seconds: float | None, data: Path | None, pictures: Path, speed: float) -> None:
    """Watch a shop at work.

    A server, a kiosk, two tablets, and simulated people who use them.
    """
    from sync_server.simulation import demo as shop
    from sync_server.simulation.stage import DemoError

    try:
        result = shop.run(seconds, data, pictures, speed)
    except DemoError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(result))


@click.command("demo-window", hidden=True)
@click.argument("who")
@click.option("--device", required=True)
@click.option("--data", required=True)
@click.option("--size", required=True)
@click.option("--speed", type=float, required=True)
@click.option("--picture", type=click.Path(path_type=Path), required=True)
@click.option("--answered", type=click.Path(path_type=Path), required=True)
def demo_window(
    who: str, device: str, data: str, size: str, speed: float, picture: Path, answered: Path
) -> None:
    """One window of the demo, with its simulated person beside it."""
    from sync_server.simulation import people
    from sync_server.simulation.demo import KIOSK, PIN

    arguments = ["--device", device, "--data", data, "--size", size]
    pace, chance = people.Pace(speed=speed), random.Random(who)
    told: set[str] = set()

    async def beside(device: Any, hands: Any) -> None:
        device.on_answered = told.add
        _on_signals(picture)
        busy = _steps_back(hands)
        if who == KIOSK:
            await people.shoppers_at(hands, device, pace, chance, busy)
        else:
            await people.employee(device, who, PIN, pace, chance, busy)

    try:
        if who == KIOSK:
            from kiosk import app, config

            app.run(config.parse(arguments), lambda hands, device: beside(device, hands))
        else:
            from staff_app import app as staff
            from staff_app import config as staff_config

            staff.run(staff_config.parse(arguments), beside)
    finally:
        answered.write_text("\n".join(sorted(told)), "utf-8")


def _steps_back(hands: Any) -> Callable[[], bool]:
    """Whether a person has touched the window lately."""
    return lambda: time.monotonic() - hands.touched_at < STEPS_BACK_S


def _on_signals(picture: Path) -> None:
    """SIGUSR1 saves what the window shows; SIGTERM ends it in order."""
    from assets.window import close, save_picture

    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # no signals on Windows: no pictures of the windows
        loop.add_signal_handler(signal.SIGUSR1, save_picture, picture)
        loop.add_signal_handler(signal.SIGTERM, close)
