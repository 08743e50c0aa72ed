"""A list of people from a spreadsheet: all of it or nothing, with the wrong lines named."""

import pytest

from sync_server.service.config.load import parse_settings
from sync_server.service.config.trades import trade_file
from sync_server.service.settings.people_list import WrongBecause, WrongLine, read_people, write_people
from sync_server.service.settings.settings_document import SettingsDocument
from sync_server.service.settings.trade_change import trade_settings

SETTINGS = trade_settings("electronics")
FILE = trade_file("electronics")


def _id(name, taken):
    base = name.split()[0].lower()
    return base if base not in taken else f"{base}_2"


def _read(text):
    return read_people(text, SETTINGS, _id)


def test_of_forty_lines_three_are_wrong_and_each_is_named():
    lines = [f"Person{n};repair|sales" for n in range(1, 41)]
    lines[4], lines[20], lines[39] = "Ann;welding", ";repair", "Person1;repair"
    found = _read("\n".join(lines))
    assert found.wrong == (
        WrongLine(5, WrongBecause.UNKNOWN_SKILL, "welding"),
        WrongLine(21, WrongBecause.NO_NAME, ""),
        WrongLine(40, WrongBecause.TWICE, "Person1"),
    )


@pytest.mark.parametrize("divider", [";", "\t", ","])
def test_spreadsheets_of_all_kinds_are_read(divider):
    text = f"\ufeffname{divider}id{divider}skills\nOla Nordmann{divider}ola{divider}Repairs | Koopadvies\n\n"
    (person,) = _read(text).people
    assert (person.id, person.name, person.skills, person.is_new) == (
        "ola", "Ola Nordmann", ("repair", "sales"), True,
    )  # fmt: skip


def test_who_is_there_gets_the_skills_of_the_list_and_keeps_the_colour():
    (person,) = _read("maya;counter").people
    assert (person.id, person.is_new, person.skills) == ("maya", False, ("counter",))
    assert person.colour == SETTINGS.employees[0].colour


@pytest.mark.parametrize(
    ("line", "because"),
    [
        ("Ann;repair;An n", WrongBecause.BAD_ID),
        ("Ann;repair;ann;red", WrongBecause.BAD_COLOUR),
        ("Ann;repair;ann;#F2C9A8;more", WrongBecause.TOO_MANY_COLUMNS),
        ("A\u200bnn\u0000;repair", WrongBecause.BAD_NAME),
    ],
)
def test_a_wrong_line_says_what_is_wrong(line, because):
    assert [wrong.because for wrong in _read(line).wrong] == [because]


def test_the_list_is_written_and_the_file_is_right():
    document = SettingsDocument(FILE.read_text("utf-8"))
    write_people(document, _read("Ola;repair\nMaya;repair, phones, coaching, sales"))
    settings = parse_settings(document.text, FILE)
    assert settings.employees[-1].name == "Ola"
    assert settings.employees[0].skills == {"repair", "phones", "coaching", "sales"}
