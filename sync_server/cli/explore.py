"""`welkom explore`: the store in Datasette, in the browser of this computer."""

from importlib.util import find_spec
from pathlib import Path

import click

from sync_server.cli.common import DATA, plainly, store_of

INSTALL = "pip install 'welkom[explore]'"


@click.command()
@DATA
@click.option("--port", type=click.IntRange(1, 65535), default=8777, help="Where to listen. Default: 8777.")
@plainly
def explore(data: Path | None, port: int) -> None:
    """Open the store in Datasette, read-only.

    It answers on this computer alone, and never changes anything. A server may run meanwhile.
    """
    if find_spec("datasette") is None:
        raise click.ClickException(f"exploring needs one more part: {INSTALL}")
    import asyncio
    import socket

    import uvicorn

    from sync_server.explore.application import make_application
    from sync_server.service.config.load import load_settings

    data_dir = store_of(data)
    name = load_settings(data_dir.settings).catalogue().store.name
    try:
        listening = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise click.ClickException(
            f"port {port} cannot be used ({error.strerror}); --port names another one"
        ) from error
    click.echo(f"{name}: http://127.0.0.1:{port} (Ctrl+C ends it)")
    config = uvicorn.Config(make_application(data_dir.store, name), log_level="warning")
    asyncio.run(uvicorn.Server(config).serve([listening]))
