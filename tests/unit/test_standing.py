"""What a shopper's phone says at each point of the visit."""

from typing import Any

import pytest

from assets.words import Words
from sync_server.domain import ops
from sync_server.domain.catalogue import LANGUAGES
from sync_server.domain.events import Cancelled, Rated
from sync_server.domain.visit import ENDED, TRANSITIONS, State
from sync_server.service.figures import OneVisit
from sync_server.web.standing import Stage, Standing, alive, ending, headline, standing
from tests.shop import MONDAY_10, Play

HOUR = 3_600_000


def on_disk(play: Play, visit_id: str) -> OneVisit:
    visit = play.visit(visit_id)
    fields = {name: getattr(visit, name) for name in OneVisit.__struct_fields__}
    return OneVisit(**{**fields, "state": visit.state.value})


def seen(play: Play, visit_id: str) -> Standing:
    return standing(on_disk(play, visit_id), play.floor)


def one(state: str = "waiting", **more: Any) -> OneVisit:
    whole: dict[str, Any] = {
        "visit_id": "0" * 32,
        "ticket": "A-1",
        "language": "en",
        "need": "ask",
        "state": state,
        "rev": 1,
        "employee": None,
        "created_at": MONDAY_10,
        "ended_at": None,
        "tip": None,
        "ces": None,
    }
    return OneVisit(**{**whole, **more})


def test_the_stages_follow_the_visit() -> None:
    play = Play()
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


def test_the_bracket_is_the_one_the_kiosk_tells() -> None:
    play = Play()
    play.sign_on("kim")
    play.open("ask")
    play.clock.after(1)
    visit_id = play.open("ask")
    found = seen(play, visit_id)
    quote = play.floor.quote("ask", ahead=1)
    assert quote is not None
    assert (found.ahead, found.low_s, found.high_s) == (1, quote.low_s, quote.high_s)


@pytest.mark.parametrize("state", list(State))
def test_only_whom_the_table_lets_go_can_leave(state: State) -> None:
    found = Standing(one(state.value), Stage.FINDING, None, None, None, None)
    assert found.can_leave == ((state, Cancelled) in TRANSITIONS)


@pytest.mark.parametrize("state", list(State))
def test_only_whom_the_table_lets_answer_is_asked(state: State) -> None:
    found = Standing(one(state.value), Stage.OVER, None, None, None, None)
    assert found.to_ask == ((state, Rated) in TRANSITIONS)
    answered = Standing(one(state.value, ces=4), Stage.OVER, None, None, None, None)
    assert not answered.to_ask


def test_a_link_lives_until_an_hour_after_the_end() -> None:
    assert alive(one(), MONDAY_10 + 100 * HOUR)
    ended = one("completed", ended_at=MONDAY_10)
    assert alive(ended, MONDAY_10 + HOUR - 1)
    assert not alive(ended, MONDAY_10 + HOUR)


def test_a_visit_the_floor_no_longer_knows_is_told_from_the_disk() -> None:
    found = standing(one("completed", employee="maya", ended_at=MONDAY_10), Play().floor)
    assert (found.stage, found.name) == (Stage.OVER, "Maya")


def test_a_colleague_who_left_the_shop_keeps_a_name() -> None:
    found = standing(one("completed", employee="old-joe", ended_at=MONDAY_10), Play().floor)
    assert found.name == "old-joe"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_stage_and_every_ending_has_its_words(language: str) -> None:
    words = Words(language)
    for stage in Stage:
        said = headline(Standing(one(), stage, "Maya", None, None, None), words)
        assert said
        assert "phone." not in said
        assert "…" not in said
    for state in ENDED:
        said = ending(Standing(one(state.value), Stage.OVER, "Maya", None, None, None), words)
        assert said
        assert "phone." not in said
        assert "…" not in said


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (0, "You’re next."),
        (1, "1 person before you."),
        (2, "2 people before you."),
        (None, "We have you in line."),
    ],
)
def test_the_title_counts_those_before(ahead: int | None, said: str) -> None:
    assert headline(Standing(one(), Stage.FINDING, None, ahead, None, None), Words("en")) == said
