"""docs/commands.md has each command and option, with the words of its own --help."""

import re
from collections.abc import Iterator

import click
import pytest

import kiosk.config
import staff_app.config
from sync_server.cli import main
from tests.contract.pages import page, rows, sections

PAGE = sections(page("commands.md"), 2)
APPS = {"welkom kiosk": kiosk.config, "welkom staff": staff_app.config}


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if command.hidden:
        return
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, f"{path} {name}")


EVERY = dict(commands(main, "welkom"))


def written(path: str) -> dict[str, str]:
    """Names and meanings of a section's rows; more than one name in a cell means the same."""
    return {
        tuple(re.findall(r"`([^`]+)`", cells[0])): cells[1]
        for cells in rows(PAGE[path])
        if cells[0] != "option"
    }


def test_every_command_has_its_section_and_there_is_none_for_what_is_gone():
    assert set(PAGE) == set(EVERY)


@pytest.mark.parametrize("path", [path for path in EVERY if path not in APPS])
def test_a_command_has_its_options_with_the_words_of_its_help(path):
    options, arguments = {}, []
    for parameter in EVERY[path].params:
        if isinstance(parameter, click.Argument):
            arguments.append((parameter.name.upper(),))
        else:
            options[tuple(parameter.opts)] = parameter.help
    told = written(path)
    if path == "welkom":
        help_option = told.pop(("-h", "--help"))
        assert help_option.startswith("Show this message and exit.")
    for argument in arguments:
        assert told.pop(argument)
    assert told == options


@pytest.mark.parametrize("path", APPS)
def test_an_app_has_its_options_with_the_words_of_its_help(path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "500")
    with pytest.raises(SystemExit) as end:
        APPS[path].parse(["--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: {path} ")
    options = dict(re.findall(r"(?m)^  (--\w+)(?: \S+)?\s+(\S.*)$", shown))
    assert options == {names[0]: meaning for names, meaning in written(path).items()}
    assert len(options) >= 5


@pytest.mark.parametrize("path", EVERY)
def test_every_command_explains_itself(path):
    assert EVERY[path].help
