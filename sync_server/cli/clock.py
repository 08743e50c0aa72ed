"""`welkom clock`: compares the computer's clock with the store's, and says that the computer's is right."""

from datetime import datetime
from pathlib import Path

import click

from .common import DATA, change, plainly, store_of


@click.command()
@click.option(
    "--trust", is_flag=True, help="The computer's clock is right: the store goes by it from now on."
)
@DATA
@plainly
def clock(trust: bool, data: Path | None) -> None:
    """Compare this computer's clock with the times in the store.

    With --trust, what the store has written in the future is dated now.
    """
    from sync_server.store_clock import wall_clock

    if trust:
        moved = change(data, "trust_clock")
        click.echo(f"The store goes by this computer's clock: {_moment(wall_clock())}")
        if moved:
            click.echo(f"{moved} events were dated later than that; they are dated now")
        return
    _show(data, wall_clock())


def _show(data: Path | None, now: int) -> None:
    from sync_server.service.admin.client import describe_server
    from sync_server.service.storage import event_log
    from sync_server.service.storage.connection import reading
    from sync_server.service.storage.data_dir import running_server

    data_dir = store_of(data)
    with reading(data_dir.store) as db:
        last = event_log.last_written_at(db)
    click.echo(f"This computer:         {_moment(now)}")
    click.echo(f"Last event in the log: {_moment(last) if last else 'none yet'}")
    if running_server(data_dir) is not None and (doubt := describe_server(data_dir).clock_doubt):
        click.echo(f"The server: {doubt}")
    elif last > now:
        click.echo(f"If the computer's clock is right: `{data_dir.command('clock', '--trust')}`")


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
