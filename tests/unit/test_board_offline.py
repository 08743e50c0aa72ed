"""What the tablet says while its store takes nothing: what is old, unsure, or has to wait."""

import sqlite3

import pytest

from assets.words import Words
from staff_app.scenes import SCENES
from staff_app.told import floor, pages
from staff_app.told.trouble import trouble
from sync_server.domain.catalogue import LANGUAGES
from sync_server.service.store import explain

EN = Words("en")


def told(scene: str):
    board = SCENES[scene]().hands
    board.look()
    return pages.tell(board.board, EN)


def test_a_list_that_is_old_says_of_when_it_is() -> None:
    assert told("floor").as_of == ""
    assert told("offline").as_of == "As it was at 14:10"
    assert told("offline_long").as_of == "As it was at 14:10", "the time it is of does not move on"


def test_a_visit_taken_without_the_store_is_not_ours_for_certain() -> None:
    walking = told("taken_offline")
    assert walking.line == "Not confirmed yet: a colleague may have been quicker"
    assert not walking.may_call


def test_calling_a_shopper_waits_for_the_connection_and_says_so() -> None:
    walking = told("walking_offline")
    assert (walking.line, walking.may_call) == ("Calling works again with the connection", False)
    assert walking.called, "who was called before may be not here now"


def test_no_colleague_is_promised_at_once() -> None:
    assert told("give_back").text.endswith("a colleague is asked at once.")
    assert told("give_back_offline").text.endswith("as soon as the connection is back.")
    assert told("hand_over_offline").text.endswith("as soon as the connection is back.")


def test_who_was_quicker_is_named_with_the_ticket() -> None:
    hands = SCENES["refused"]().hands
    assert floor.lines(hands.board, EN).note == "Aino already took A-43. Nothing to do."


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("why", "kind"),
    [
        ("database or disk is full", "disk"),
        ("attempt to write a readonly database", "store"),
        ("file is not a database", "store"),
        ("unable to open database file", "store"),
        ("database is locked", "store"),
    ],
)
def test_what_keeps_the_store_from_writing_is_said_in_every_language(
    language: str, why: str, kind: str
) -> None:
    words = Words(language)
    reason = f"/srv/welkom/store.db: {explain(sqlite3.OperationalError(why))}"
    assert trouble(words, reason) == words.say(f"staff.trouble.{kind}")


def test_another_version_a_store_that_starts_and_what_nobody_knows_are_told_apart() -> None:
    told = {
        trouble(EN, said)
        for said in (
            "device speaks protocol 1, server 2; update the older one",
            "the server is reading its store anew; try again",
            "something new",
        )
    }
    assert told == {EN.say(f"staff.trouble.{kind}") for kind in ("version", "starting", "busy")}
