"""How far a visit is, for the shopper's own page."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.i18n.texts import Texts
from sync_server.domain import ops
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.domain.events import Cancelled, Rated
from sync_server.domain.visit.progress import Stage, place_to_tell
from sync_server.domain.visit.transitions import TRANSITIONS
from sync_server.domain.visit.visit import ENDED, State
from sync_server.service.reports.visit_detail import VisitDetail
from sync_server.web.shopper.progress import VisitProgress, ending, has_live_link, headline, visit_progress
from tests.floor_harness import FloorHarness
from tests.sample_store import MONDAY_10

HOUR = 3_600_000


def on_disk(play: FloorHarness, visit_id: str) -> VisitDetail:
    visit = play.visit(visit_id)
    fields = {name: getattr(visit, name, None) for name in VisitDetail.__struct_fields__}
    employee = play.floor.catalogue.employee(visit.employee) if visit.employee else None
    fields["employee_name"] = employee.name if employee else None
    return VisitDetail(**{**fields, "state": visit.state.value})


def seen(play: FloorHarness, visit_id: str) -> VisitProgress:
    return visit_progress(on_disk(play, visit_id), play.floor)


def one(state: str = "waiting", **more: Any) -> VisitDetail:
    whole: dict[str, Any] = {
        "visit_id": "0" * 32,
        "ticket": "A-1",
        "day": "2026-03-02",
        "language": "en",
        "need": "ask",
        "state": state,
        "rev": 1,
        "employee": None,
        "employee_name": None,
        "handovers": 0,
        "created_at": MONDAY_10,
        "ended_at": None,
        "tip": None,
        "ces": None,
    }
    return VisitDetail(**{**whole, **more})


def test_the_stages_follow_the_visit() -> None:
    play = FloorHarness()
    play.sign_on("kim")
    visit_id = play.open("ask")
    first = seen(play, visit_id)
    assert (first.stage, first.ahead, first.name) == (Stage.FINDING, 0, None)
    assert first.low_s is not None
    play.on("kim", ops.Recall, visit_id)
    assert (seen(play, visit_id).stage, seen(play, visit_id).name) == (Stage.CALLED, "Kim")
    play.accept("kim", visit_id)
    assert (seen(play, visit_id).stage, seen(play, visit_id).name) == (Stage.COMING, "Kim")
    play.start("kim", visit_id)
    assert seen(play, visit_id).stage is Stage.WITH_YOU
    assert (seen(play, visit_id).ahead, seen(play, visit_id).low_s) == (None, None)
    play.on("kim", ops.Hold, visit_id)
    assert seen(play, visit_id).stage is Stage.HELD


def test_the_estimate_is_the_kiosks() -> None:
    play = FloorHarness()
    play.sign_on("kim")
    play.open("ask")
    play.clock.after(1)
    visit_id = play.open("ask")
    found = seen(play, visit_id)
    quote = play.floor.quote("ask", ahead=1)
    assert quote is not None
    assert (found.ahead, found.low_s, found.high_s) == (1, quote.low_s, quote.high_s)


@given(ahead=st.none() | st.integers(0, 60), high_s=st.none() | st.floats(0, 7200))
def test_place_and_wait_never_contradict_each_other(ahead: int | None, high_s: float | None) -> None:
    told = place_to_tell(ahead, high_s)
    if told is not None:
        assert told == ahead
        assert high_s is not None
        assert high_s >= 30 * told  # each person before takes some time
    if ahead == 0 and high_s is not None:
        assert told == 0


def test_people_who_wait_for_others_are_not_before_a_shopper() -> None:
    """A page once said: 18 people before you; someone is with you within a minute."""
    play = FloorHarness()
    play.sign_on("kim")  # gives advice, and repairs nothing
    for _ in range(18):
        play.open("repair")
        play.clock.after(1)
    visit_id = play.open("ask")
    found = seen(play, visit_id)
    assert (found.ahead, headline(found, Texts("en"))) == (0, "You’re next.")
    assert found.high_s


def test_without_an_estimate_nobody_is_said_to_be_next() -> None:
    play = FloorHarness()
    found = seen(play, play.open("repair"))
    assert found.ahead is None
    assert headline(found, Texts("en")) == "We have you in line."


@pytest.mark.parametrize("state", list(State))
def test_a_shopper_can_leave_in_the_states_of_the_transition_table(state: State) -> None:
    found = VisitProgress(one(state.value), Stage.FINDING, None, None, None, None)
    assert found.can_leave == ((state, Cancelled) in TRANSITIONS)


@pytest.mark.parametrize("state", list(State))
def test_a_shopper_may_rate_in_the_states_of_the_transition_table(state: State) -> None:
    found = VisitProgress(one(state.value), Stage.OVER, None, None, None, None)
    assert found.may_rate == ((state, Rated) in TRANSITIONS)
    answered = VisitProgress(one(state.value, ces=4), Stage.OVER, None, None, None, None)
    assert not answered.may_rate


def test_a_link_works_until_an_hour_after_the_end() -> None:
    assert has_live_link(one(), MONDAY_10 + 100 * HOUR)
    ended = one("completed", ended_at=MONDAY_10)
    assert has_live_link(ended, MONDAY_10 + HOUR - 1)
    assert not has_live_link(ended, MONDAY_10 + HOUR)


def test_a_visit_that_the_floor_has_dropped_is_read_from_the_database() -> None:
    gone = one("completed", employee="maya", employee_name="Maya", ended_at=MONDAY_10)
    found = visit_progress(gone, FloorHarness().floor)
    assert (found.stage, found.name) == (Stage.OVER, "Maya")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_shopper_never_reads_an_id(language: str) -> None:
    """An employee who left is named by the table of employees; without it by no name at all."""
    texts = Texts(language)
    for state in State:
        known = one(state.value, employee="old-joe", employee_name="Joe", ended_at=MONDAY_10)
        unknown = one(state.value, employee="old-joe", ended_at=MONDAY_10)
        for visit in (known, unknown):
            found = visit_progress(visit, FloorHarness().floor)
            said = headline(found, texts) + (ending(found, texts) if found.is_over else "")
            assert "old-joe" not in said
            assert ("Joe" in said) <= (visit is known)
    assert headline(visit_progress(one("serving", employee="x"), FloorHarness().floor), texts).startswith(
        texts.say("phone.somebody")
    )


def test_after_a_hand_over_the_page_says_that_somebody_takes_over() -> None:
    play = FloorHarness()
    play.sign_on("kim")
    visit_id = play.open("ask")
    play.accept("kim", visit_id)
    play.start("kim", visit_id)
    play.on("kim", ops.HandOver, visit_id)
    found = seen(play, visit_id)
    assert found.was_handed_over
    assert headline(found, Texts("en")) == "A colleague takes over."


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_stage_and_every_ending_has_a_text(language: str) -> None:
    texts = Texts(language)
    said = []
    for stage in set(Stage) - {Stage.OVER}:
        said.append(headline(VisitProgress(one(), stage, "Maya", None, None, None), texts))
        said.append(headline(VisitProgress(one(handovers=1), stage, "Maya", None, None, None), texts))
    endings = [VisitProgress(one(state.value), Stage.OVER, "Maya", None, None, None) for state in ENDED]
    titles = [headline(progress, texts) for progress in endings]
    assert len(set(titles)) == len(ENDED), "each ending has its own title"
    for text in (*said, *titles, *(ending(progress, texts) for progress in endings)):
        assert text
        assert "phone." not in text
        assert "…" not in text


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (0, "You’re next."),
        (1, "1 person before you."),
        (2, "2 people before you."),
        (None, "We have you in line."),
    ],
)
def test_the_headline_says_how_many_are_before(ahead: int | None, text: str) -> None:
    assert headline(VisitProgress(one(), Stage.FINDING, None, ahead, None, None), Texts("en")) == text
