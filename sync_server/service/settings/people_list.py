"""A list of people as a spreadsheet writes it: who is new, whose skills change, which lines are wrong."""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import StrEnum

from msgspec import Struct

from sync_server.names import NameProblem, check_text
from sync_server.service.config.checks import CODE, COLOUR, MAX_NAME
from sync_server.service.config.model import Settings

from .settings_document import SettingsDocument

MAX_LINES = 500
COLUMNS = ("name", "skills", "id", "colour")
COLOURS = ("#F2C9A8", "#C5D8DD", "#CFE0C8", "#E2D8DC", "#D0CABD", "#E8D6A6")  # given in turn
_BETWEEN_SKILLS = re.compile(r"\s*[|/+]\s*|\s*,\s*")


MakeId = Callable[[str, Collection[str]], str]


class ListedPerson(Struct, frozen=True):
    """A line of the list that is right. `is_new`: nobody has this id yet."""

    id: str
    name: str
    skills: tuple[str, ...]
    colour: str
    is_new: bool


class WrongBecause(StrEnum):
    """What is wrong with a line."""

    NO_NAME = "no_name"
    BAD_NAME = "bad_name"
    UNKNOWN_SKILL = "unknown_skill"
    BAD_ID = "bad_id"
    TWICE = "twice"
    BAD_COLOUR = "bad_colour"
    TOO_MANY_COLUMNS = "too_many_columns"


class WrongLine(Struct, frozen=True):
    """A line that cannot be used: its number from 1 on, why, and the words that are wrong."""

    line: int
    because: WrongBecause
    words: str


class PeopleList(Struct, frozen=True):
    """What a list says. With `wrong` lines nothing of it is done."""

    people: tuple[ListedPerson, ...]
    wrong: tuple[WrongLine, ...]


class _Wrong(Exception):
    def __init__(self, because: WrongBecause, words: str) -> None:
        super().__init__(because)
        self.because, self.words = because, words


def read_people(text: str, settings: Settings, make_id: MakeId) -> PeopleList:
    """Reads a list: a person a line, with name, skills, id and colour in this order or as its heading says.

    The columns are divided by tabs, semicolons or commas, skills by |, / or +, and by commas where these
    divide no columns. Somebody who is there already, by id or by name, gets the skills of the list.
    `make_id` makes an id of a name that is none of those that are taken.
    """
    divider = _divider(text)
    people: dict[str, ListedPerson] = {}
    wrong: list[WrongLine] = []
    for number, row in _rows(text, divider):
        try:
            person = _person(row, settings, people, make_id)
        except _Wrong as error:
            wrong.append(WrongLine(number, error.because, error.words))
        else:
            people[person.id] = person
    return PeopleList(tuple(people.values()), tuple(wrong))


def write_people(document: SettingsDocument, listed: PeopleList) -> None:
    """Adds who is new and gives the others their skills."""
    for person in listed.people:
        if person.is_new:
            document.add(
                "employees",
                {"id": person.id, "name": person.name, "skills": person.skills, "colour": person.colour},
            )
        else:
            document.set(f"employees.{person.id}.skills", list(person.skills))
            document.set(f"employees.{person.id}.name", person.name)


def _divider(text: str) -> str:
    first = text.partition("\n")[0]
    return max("\t;,", key=first.count)


def _rows(text: str, divider: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each line that is not blank, with its number, by the names of the columns."""
    columns: tuple[str, ...] = COLUMNS
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=divider)
    for cells in reader:
        number = reader.line_num
        cells = [cell.strip() for cell in cells]
        if number > MAX_LINES:
            return
        if not any(cells):
            continue
        heading = [cell.casefold() for cell in cells]
        if "name" in heading and set(heading) <= {*COLUMNS, ""}:
            columns = tuple(heading)
            continue
        row = dict(zip(columns, cells, strict=False))
        if any(cells[len(columns) :]):
            row["more"] = divider.join(cells[len(columns) :])
        yield number, row


def _person(
    row: Mapping[str, str], settings: Settings, people: Mapping[str, ListedPerson], make_id: MakeId
) -> ListedPerson:
    if more := row.get("more"):
        raise _Wrong(WrongBecause.TOO_MANY_COLUMNS, more)
    name = row.get("name", "")
    if not name:
        raise _Wrong(WrongBecause.NO_NAME, "")
    try:
        name = check_text(name, MAX_NAME)
    except NameProblem:
        raise _Wrong(WrongBecause.BAD_NAME, name) from None
    skills = tuple(_skill(words, settings) for words in _BETWEEN_SKILLS.split(row.get("skills", "")) if words)
    named = {person.name.casefold(): person for person in settings.employees}
    there = {person.id: person for person in settings.employees}
    person_id = row.get("id", "")
    known = there.get(person_id) if person_id else named.get(name.casefold())
    if known is not None:
        person_id = known.id
    elif not person_id:
        person_id = make_id(name, {*there, *people})
        if any(other.name.casefold() == name.casefold() for other in people.values()):
            raise _Wrong(WrongBecause.TWICE, name)
    if not CODE.match(person_id):
        raise _Wrong(WrongBecause.BAD_ID, person_id)
    if person_id in people:
        raise _Wrong(WrongBecause.TWICE, name)
    colour = row.get("colour", "")
    if colour and not COLOUR.match(colour):
        raise _Wrong(WrongBecause.BAD_COLOUR, colour)
    colour = colour or (known.colour if known else COLOURS[(len(there) + len(people)) % len(COLOURS)])
    return ListedPerson(person_id, name, tuple(dict.fromkeys(skills)), colour, known is None)


def _skill(words: str, settings: Settings) -> str:
    """The code of a skill by its code or its name in any language."""
    for skill in settings.skills:
        if words.casefold() in {skill.code, *(text.casefold() for text in skill.text.values())}:
            return skill.code
    raise _Wrong(WrongBecause.UNKNOWN_SKILL, words)
