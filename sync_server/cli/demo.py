"""`welkom demo`, and the command of each window that it opens: an app with a simulated person."""

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
@click.option("--speed", type=click.IntRange(1, 200), default=30, show_default=True, help="× life.")
@plainly
def demo(seconds: float | None, data: Path | None, pictures: Path, speed: int) -> None:
    """Watch a shop at work.

    A server, a kiosk, two tablets, and simulated people who use them. The shop has eight weeks behind it,
    and its clock goes at the chosen speed.
    """
    from sync_server.simulation.demo import demo as shop
    from sync_server.simulation.demo.processes import DemoError

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
@click.option("--place", required=True)
@click.option("--speed", type=float, required=True)
@click.option("--picture", type=click.Path(path_type=Path), required=True)
@click.option("--answered", type=click.Path(path_type=Path), required=True)
def demo_window(
    who: str, device: str, data: str, size: str, place: str, speed: float, picture: Path, answered: Path
) -> None:
    """One window of the demo, with its simulated person beside it."""
    from assets.ui import window
    from sync_server.simulation.behaviour import Behaviour
    from sync_server.simulation.demo import people
    from sync_server.simulation.demo.demo import BUSY_DAY, KIOSK, KIOSKS, PIN, windows_are_open

    window.place(*map(int, place.split(",")))
    arguments = ["--device", device, "--data", data, "--size", size]
    behaviour, chance = Behaviour(speed=speed, arrivals=BUSY_DAY), random.Random(who)
    answered_ops: set[str] = set()

    async def simulate_person(controller: Any, device: Any) -> None:
        device.on_answered = answered_ops.add
        _on_signals(picture)
        busy = _steps_back(controller)
        while not device.live:
            await asyncio.sleep(people.LOOK_EVERY_S)
        answered.touch()
        if who == KIOSK:
            await windows_are_open(answered.parent)
            await people.shoppers_at(controller, device, behaviour, chance, 1 / len(KIOSKS), busy)
        else:
            await people.employee(device, who, PIN, behaviour, chance, busy)

    try:
        if who == KIOSK:
            from kiosk import app, cli

            app.run(cli.parse(arguments), simulate_person)
        else:
            from staff_app import app as staff
            from staff_app import cli as staff_cli

            staff.run(staff_cli.parse(arguments), simulate_person)
    except window.NoDisplay as error:
        raise click.ClickException(f"the window of {who}: {error}") from error
    finally:
        answered.write_text("\n".join(sorted(answered_ops)), "utf-8")


def _steps_back(controller: Any) -> Callable[[], bool]:
    """A function that says whether a person has touched the window lately."""
    return lambda: time.monotonic() - controller.touched_at < STEPS_BACK_S


def _on_signals(picture: Path) -> None:
    """SIGUSR1 saves what the window shows; SIGTERM ends it in order."""
    from assets.ui.window import close, save_picture

    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # no signals on Windows: no pictures of the windows
        loop.add_signal_handler(signal.SIGUSR1, save_picture, picture)
        loop.add_signal_handler(signal.SIGTERM, close)
