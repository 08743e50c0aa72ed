"""`welkom simulate`: whole shops on a virtual clock, among faults, watched at every step."""

import json
import secrets
import sys
from dataclasses import asdict
from typing import Any

import click


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
def simulate(
    days: int,
    seed: int | None,
    faults: bool,
    as_json: bool,
    processes: int | None,
    shop: int | None,
    keep: str | None,
    shrink: float,
) -> None:
    """Live through simulated days of whole shops.

    Store-days of 150 visits, with the product's own parts and simulated clocks, network and people.
    What must always hold is checked at every step. Ends with code 1 and the shortest story found
    where it does not.
    """
    from sync_server.simulation.days import run
    from sync_server.simulation.days.shop_life import Lived, Plan
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

    def tell(lived: Lived) -> None:
        if sys.stderr.isatty():
            click.echo(f"Shop {lived.plan.shop}: {lived.days} days, {lived.visits} visits", err=True)

    if shop is None:
        result = run.simulate(days, seed, faults, processes, tell)
    else:
        result = run.Result()
        result.add(run.live(Plan(seed, shop, days, faults, kept)))
    if result.found:
        found = result.found[0]
        for line in story(found if kept is not None else shortest(found, shrink)):
            click.echo(line)
    _show(result, as_json)
    if result.violations:
        raise SystemExit(1)


def _show(result: Any, as_json: bool) -> None:
    figures = asdict(result)
    del figures["found"]
    if as_json:
        click.echo(json.dumps(figures))
    else:
        click.echo(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items()))
