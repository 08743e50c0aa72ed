"""`welkom simulate`: runs whole shops on a virtual clock, with faults, and checks every step.

With `--write` it writes days of a busy shop to a store instead.
"""

import json
import secrets
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from .common import plainly

MOST_WRITTEN = 3660  # days


@click.command()
@click.option("--days", type=click.IntRange(1, 100_000), default=30, help="How many store-days. Default: 30.")
@click.option(
    "--seed", type=click.IntRange(0), default=None, help="Which story. Default: a fresh one, shown."
)
@click.option("--faults", is_flag=True, help="Kill processes, cut links, fill disks, turn clocks.")
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON.")
@click.option(
    "--processes", type=click.IntRange(1), default=None, help="How many at once. Default: all cores."
)
@click.option("--shop", type=click.IntRange(0), default=None, help="This one shop of the seed alone.")
@click.option("--keep", default=None, help="With --shop: only these items of its script, as a story says.")
@click.option(
    "--shrink", type=float, default=45.0, help="Seconds to look for the shortest story. Default: 45."
)
@click.option(
    "--write",
    "store",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Write the days before today to this new store.",
)
@click.option(
    "--visits",
    type=click.IntRange(1, 3000),
    default=None,
    help="With --write: on a day that the shop is open, on average. Default: 150.",
)
@plainly
def simulate(
    days: int,
    seed: int | None,
    faults: bool,
    as_json: bool,
    processes: int | None,
    shop: int | None,
    keep: str | None,
    shrink: float,
    store: Path | None,
    visits: int | None,
) -> None:
    """Live through simulated days of whole shops.

    Store-days of 150 visits, with the product's own parts and simulated clocks, network and people.
    What must always hold is checked at every step. Ends with code 1 and the shortest story found
    where it does not.

    With --write: the past of a busy shop, without faults, as a store whose pages can be looked at.
    """
    if store is not None:
        for option, given in (("faults", faults), ("shop", shop is not None), ("keep", keep is not None)):
            if given:
                raise click.ClickException(f"--{option}: not with --write")
        _write(store, days, visits or 150, seed, processes, as_json)
        return
    if visits is not None:
        raise click.ClickException("--visits: of which store? Say --write too")
    from sync_server.simulation.days import runner
    from sync_server.simulation.days.plan import Outcome, Plan
    from sync_server.simulation.days.shrink import items_of, shortest, story

    if seed is None:
        seed = secrets.randbelow(1_000_000)
    try:
        kept = items_of(keep) if keep is not None else None
    except ValueError:
        raise click.ClickException("--keep: numbers with commas between them, as a story ends with") from None
    if kept is not None and shop is None:
        raise click.ClickException("--keep: the items of which shop? Say --shop too, as the story does")
    click.echo(f"Seed {seed}.", err=True)

    def print_progress(outcome: Outcome) -> None:
        if sys.stderr.isatty():
            click.echo(f"Shop {outcome.plan.shop}: {outcome.days} days, {outcome.visits} visits", err=True)

    if shop is None:
        result = runner.simulate(days, seed, faults, processes, print_progress)
    else:
        result = runner.Result()
        result.add(runner.run_plan(Plan(seed, shop, days, faults, kept)))
    if result.found:
        found = result.found[0]
        for line in story(found if kept is not None else shortest(found, shrink)):
            click.echo(line)
    _show(result, as_json)
    if result.violations:
        raise SystemExit(1)


def _write(
    store: Path, days: int, visits: int, seed: int | None, processes: int | None, as_json: bool
) -> None:
    from sync_server.simulation.history.fill import fill_store
    from sync_server.simulation.history.write import NotEmpty

    if days > MOST_WRITTEN:
        raise click.ClickException(f"--days: with --write at most {MOST_WRITTEN}, ten years")
    try:
        written = fill_store(store, days, visits, 1 if seed is None else seed, processes=processes)
    except NotEmpty as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({"days": days, "visits": written}))
    else:
        click.echo(f"Wrote {written} visits of {days} days to {store}")
        click.echo(f"Next: `welkom server --data {store}`")


def _show(result: Any, as_json: bool) -> None:
    figures = asdict(result)
    del figures["found"]
    if as_json:
        click.echo(json.dumps(figures))
    else:
        click.echo(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items()))
