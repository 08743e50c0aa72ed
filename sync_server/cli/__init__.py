"""The `welkom` command. An error that a person can solve is one sentence, never a traceback."""

import io
import sys
from typing import Any

import click

from sync_server.cli import (
    access,
    clock,
    demo,
    devices,
    explore,
    pairing,
    privacy,
    screens,
    settings,
    simulate,
    store,
    upkeep,
)


class _Welkom(click.Group):
    """The command itself. What the terminal's encoding cannot write is written as `?`.

    Otherwise a name from another script ends a command after it has done half of its work.
    """

    def main(self, *args: Any, **kwargs: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        return super().main(*args, **kwargs)


@click.group(cls=_Welkom, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="welkom")
def main() -> None:
    """Welkom: shoppers are greeted, the right colleague comes, and the store sees how it went."""


for command in (
    store.init,
    store.check,
    settings.settings,
    store.server,
    store.report,
    explore.explore,
    upkeep.backup,
    upkeep.restore_store,
    upkeep.verify_store,
    upkeep.doctor,
    clock.clock,
    devices.device,
    access.employee,
    access.manager,
    access.token,
    privacy.erase,
    pairing.join,
    screens.kiosk,
    screens.staff,
    demo.demo,
    demo.demo_window,
    simulate.simulate,
):
    main.add_command(command)
