"""docs/shop/commands.md has every command and option, with the text of its --help."""

import re
from collections.abc import Iterator

import click
import pytest

from sync_server.cli import main

from .docs_pages import page, rows, sections

PAGE = sections(page("commands.md"), 2)


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if command.hidden:
        return
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, f"{path} {name}")


COMMANDS = dict(commands(main, "welkom"))


def written(path: str) -> dict[tuple[str, ...], str]:
    """The names and meanings in a section's rows; several names in one cell are the same option."""
    return {
        tuple(re.findall(r"`([^`]+)`", cells[0])): cells[1]
        for cells in rows(PAGE[path])
        if cells[0] != "option"
    }


def test_page_has_a_section_for_every_command_and_no_other():
    assert set(PAGE) == set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS)
def test_a_section_has_the_options_with_the_text_of_their_help(path):
    options, arguments = {}, []
    for parameter in COMMANDS[path].params:
        if isinstance(parameter, click.Argument):
            arguments.append((parameter.name.upper(),))
        elif isinstance(parameter, click.Option) and not parameter.hidden:
            options[tuple(parameter.opts)] = parameter.help
    shown = written(path)
    if path == "welkom":
        help_option = shown.pop(("-h", "--help"))
        assert help_option.startswith("Show this message and exit.")
    for argument in arguments:
        assert shown.pop(argument)
    assert shown == options


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_a_help_text(path):
    assert COMMANDS[path].help
