"""What the tablet's screens are told, in words: nothing is missing, nothing is a code."""

import logging
from collections.abc import Callable

import pytest

from assets import words as texts
from assets.words import Words
from staff_app import sample
from staff_app.scenes import SCENES
from staff_app.screen import Screen
from staff_app.told import floor, names, pages, visit
from sync_server.domain import ops
from sync_server.domain.catalogue import LANGUAGES
from sync_server.domain.events import Presence, Resolution
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol.messages import Submit

EN = Words("en")


def submit(op: ops.DeviceOp) -> Submit:
    return Submit("0" * 32, 0, op)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_has_its_words(language: str, caplog: pytest.LogCaptureFixture) -> None:
    texts._logged.clear()  # each missing text is logged once
    words = Words(language)
    up = set()
    with caplog.at_level(logging.WARNING, "assets.words"):
        for make in SCENES.values():
            board = make().hands.board
            up.add(board.screen)
            pages.tell(board, words)
            floor.lines(board, words)
    assert [r.message for r in caplog.records if r.name == "assets.words"] == []
    assert up | {Screen.STORY} == set(Screen), "every screen is among the scenes"


@pytest.mark.parametrize(
    ("known", "line"),
    [
        ({"alias": "Robin", "colour": "red"}, "Robin, in red"),
        ({"alias": "Robin", "colour": None}, "Robin"),
        ({"alias": None, "colour": "red"}, "In red"),
        ({"alias": None, "colour": None}, "Call out A-42 Blue Heron"),
    ],
)
def test_how_to_spot_somebody(known: dict[str, str | None], line: str) -> None:
    row = sample.offered(**known)
    assert names.shopper(EN, row) == line


def test_an_offer_says_where_who_and_in_which_language() -> None:
    board = SCENES["offer_story"]().hands.board
    told = visit.offer(board.seen, EN, board.visit)
    assert told.where == "by the phones · A-42 Blue Heron"
    assert told.details == "party of 3 · Nederlands"
    assert (told.seconds, told.story, len(told.notes)) == ("4", True, 2)


def test_a_row_tells_a_shoppers_language_only_where_it_is_another() -> None:
    told = floor.floor(SCENES["floor"]().hands.board, EN)
    assert [row.shopper for row in told.rows] == [
        "In green · by the seats",
        "Aino, in blue · by the laptops · FI",
        "In black · by the counter",
        "In yellow · by the headphones · NL",
    ]
    assert [(row.clock, row.late, row.asked) for row in told.rows][:2] == [
        ("4:10", True, ""),
        ("0:52", False, "Aino asked"),
    ]


def test_what_the_people_on_the_floor_do() -> None:
    told = floor.floor(SCENES["floor"]().hands.board, EN)
    assert [(person.name, person.doing) for person in told.people] == [
        ("Maya", "you · free"),
        ("Sam", "with A-41 · 3:20"),
        ("Lotte", "walking to B-16"),
        ("Jussi", "break · since 14:03"),
        ("Aino", "asked for A-43"),
    ]


def test_a_need_below_another_bears_both_names() -> None:
    seen = SCENES["floor"]().hands.board.seen
    assert names.need_name(seen, EN, "choose_laptop") == "Help me choose · A laptop"
    assert names.need_name(seen, EN, "gone") == "gone"


def test_gifts_are_those_within_the_limit_and_another_amount() -> None:
    board = SCENES["in_hand_red"]().hands.board
    told = visit.in_hand(board, EN, board.visit)
    assert told.gifts[-1] == visit.Choice("other", "On us · €12.50", "gift", chosen=True)
    assert told.endings[0].code == Resolution.SOLD


@pytest.mark.parametrize(
    ("op", "refusal", "line"),
    [
        (
            ops.Claim("a" * 32, 1),
            Refusal(Code.ALREADY_TAKEN, "sam"),
            "Not done: Take. Sam was just quicker. Nothing to do.",
        ),
        (
            ops.SetPresence(Presence.OFF_FLOOR),
            Refusal(Code.FINISH_FIRST, "A-9"),
            "Not done: Available, break or sign off. Please finish with A-9 first.",
        ),
        (
            ops.QuickResolution("a" * 32, "M-4", "repair", "en", Resolution.SOLVED, goodwill_cents=9900),
            Refusal(Code.OVER_GOODWILL_LIMIT, "2500"),
            "Not done: Quick resolution · M-4. That is above €25. Please choose less, or ask the manager.",
        ),
    ],
)
def test_a_refusal_says_what_was_not_done_why_and_what_to_do(
    op: ops.DeviceOp, refusal: Refusal, line: str
) -> None:
    seen = SCENES["floor"]().hands.board.seen
    assert floor.refused_line(seen, EN, submit(op), refusal) == line


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_of_every_op_can_be_told(language: str, caplog: pytest.LogCaptureFixture) -> None:
    texts._logged.clear()
    seen, words = SCENES["floor"]().hands.board.seen, Words(language)
    asked: list[Callable[..., ops.DeviceOp]] = [
        ops.Accept, ops.Decline, ops.Claim, ops.Recall, ops.Start, ops.Hold, ops.Resume, ops.HandOver,
        ops.MarkNoShow, ops.Remove,
        lambda *a: ops.AddNote(*a, "note"), lambda *a: ops.Complete(*a, Resolution.SOLVED),
    ]  # fmt: skip
    with caplog.at_level(logging.WARNING, "assets.words"):
        for make in asked:
            for code in Code:
                floor.refused_line(seen, words, submit(make("a" * 32, 1)), Refusal(code, "about"))
    assert [r.message for r in caplog.records if r.name == "assets.words"] == []


def test_a_tablet_that_has_never_known_its_store_promises_to_keep_no_taps() -> None:
    shot = SCENES["starting"]()
    shot.device.now += 120_000
    shot.hands.look()
    assert shot.hands.board.banner is not None
    assert floor.lines(shot.hands.board, EN).banner == ""
