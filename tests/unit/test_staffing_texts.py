"""The sentences of the page Staffing, in every language, and the bars of its picture."""

from datetime import date

import pytest

from assets.i18n.texts import Texts
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.domain.staffing.advice import WHOLE_SHOP, Change, Service, Slot
from sync_server.domain.staffing.forecast import ForecastError
from sync_server.domain.staffing.shift_plan import LineProblem, PlanProblem
from sync_server.service.staffing.plan_file import FileProblem
from sync_server.web.manager.staffing.picture import HEIGHT, picture_weeks
from sync_server.web.manager.staffing.staffing_texts import StaffingTexts
from tests.sample_store import catalogue

SATURDAY = date(2026, 3, 7)
REPAIR = catalogue().skills[0].code


def texts(language: str = "en") -> StaffingTexts:
    return StaffingTexts(Texts(language), catalogue())


def change(skill: str, people: int, gain: float = 2.34, could: tuple[str, ...] = ()) -> Change:
    return Change(skill, SATURDAY, 28, 30, people, gain, could)


def slot(at: int, needed: int, planned: int | None, skill: str = WHOLE_SHOP) -> Slot:
    return Slot(skill, SATURDAY, at, 2.0, needed, planned)


def test_the_answer_names_when_how_many_and_of_what():
    name = texts().skill(REPAIR)
    expected = f"Saturday 7 March, 14:00–15:00: 2 people short of “{name}”."
    assert texts().answer([], [change(REPAIR, 2)]) == expected
    assert texts().answer([], [change(WHOLE_SHOP, 1)]).endswith(": one person too few in the shop.")
    assert texts().answer([slot(20, 1, 1)], []) == "Wherever there is a plan, it has enough people."
    busiest = texts().answer([slot(20, 2, None), slot(47, 3, None)], [])
    assert busiest == "No plan yet. Saturday 7 March, 23:30–00:00 needs most: 3 people."
    assert texts().answer([], []) == "The store is closed for the coming two weeks."


def test_a_change_says_what_it_brings_and_who_could():
    employee = catalogue().employees[0]
    assert "About 2.3 more shoppers" in texts().change(change(REPAIR, 1))
    assert "About 12 more shoppers" in texts().change(change(WHOLE_SHOP, 1, 12.4))
    assert "whatever they can" in texts().change(change(WHOLE_SHOP, 1))
    assert texts().who_could(change(REPAIR, 1, could=(employee.id,))) == f"Not planned then: {employee.name}"
    assert texts().who_could(change(REPAIR, 1)) == "Everybody who can do it is planned then already."


def test_the_error_says_also_in_which_direction_it_was():
    assert "too" not in texts().error(ForecastError(3, 1.3, 1.2, 0.04))
    assert texts().error(ForecastError(3, 1.3, 1.2, 0.12)).endswith("It was 12\u00a0% too high in all.")
    assert texts().error(ForecastError(3, 1.3, 1.2, -0.3)).endswith("It was 30\u00a0% too low in all.")
    assert "after a few weeks" in texts().error(None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_has_its_sentence(language):
    said = [texts(language).file_problem(problem) for problem in FileProblem]
    said += [texts(language).line_problem(LineProblem(7, "Bo", problem, 3)) for problem in PlanProblem]
    said.append(texts(language).basis(Service({WHOLE_SHOP: 240.0}, 0, 50, 0.85), 60))
    assert len(set(said)) == len(FileProblem) + len(PlanProblem) + 1
    assert not any("manager." in sentence or "…" in sentence for sentence in said)
    assert all("7" in sentence and "Bo" in sentence for sentence in said[len(FileProblem) : -1])


def test_a_bar_is_made_of_who_is_there_who_is_missing_and_who_is_spare():
    slots = [slot(20, 4, 1), slot(21, 1, 2), slot(23, 2, 2)]
    first, second = picture_weeks(slots, SATURDAY, 14, texts())
    strip = first.days[0]
    assert [(part.kind, part.height) for part in strip.parts] == [
        ("met", HEIGHT / 4), ("short", 3 * HEIGHT / 4), ("met", HEIGHT / 4), ("spare", HEIGHT / 4),
        ("met", HEIGHT / 2),
    ]  # fmt: skip
    assert [part.y + part.height for part in strip.parts] == [60, 45, 60, 45, 60]
    assert strip.said == "Too few: 10:00–10:30. More than needed: 10:30–11:00."
    assert (first.hours, first.most, len(strip.rows)) == ([10, 11], 4, 3)
    assert [day.said for day in second.days] == ["Nobody is expected."] * 7
    assert picture_weeks([], SATURDAY, 14, texts()) == []
