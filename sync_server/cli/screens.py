"""The two touch apps, as commands."""

import runpy
import sys

import click


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def kiosk(arguments: tuple[str, ...]) -> None:
    """Run the shoppers' kiosk. `welkom kiosk --help` shows its options."""
    _run_module("kiosk", arguments)


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def staff(arguments: tuple[str, ...]) -> None:
    """Run the employee's tablet app. `welkom staff --help` shows its options."""
    _run_module("staff_app", arguments)


def _run_module(name: str, arguments: tuple[str, ...]) -> None:
    # The apps are programs of their own; nothing here imports Kivy.
    sys.argv = [f"welkom {name}", *arguments]
    runpy.run_module(name, run_name="__main__", alter_sys=True)
