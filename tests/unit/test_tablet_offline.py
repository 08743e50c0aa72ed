"""What the tablet says while its store takes no ops: what is old, uncertain, or has to wait."""

import sqlite3

import pytest

from assets.i18n.texts import Texts
from staff_app.presenters.banners import banners
from staff_app.presenters.present import present
from staff_app.presenters.store_problem import store_problem
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.service.storage.errors import explain
from tests.gallery.staff_scenes import SCENES

EN = Texts("en")


def texts_of(scene: str):
    controller = SCENES[scene]().controller
    controller.refresh()
    return present(controller.state, EN)


def test_an_old_list_shows_its_age() -> None:
    assert texts_of("floor").as_of == ""
    assert texts_of("offline").as_of == "As it was at 14:10"
    assert texts_of("offline_long").as_of == "As it was at 14:10", "the time it is of does not move on"


def test_a_visit_claimed_offline_is_not_confirmed() -> None:
    walking = texts_of("taken_offline")
    assert walking.line == "Not confirmed yet: a colleague may have been quicker"
    assert not walking.may_call


def test_a_recall_without_a_connection_is_announced_as_sent_later() -> None:
    walking = texts_of("walking_offline")
    assert (walking.line, walking.may_call) == ("Calling works again with the connection", False)
    assert walking.called, "who was called before may be not here now"


def test_offline_no_colleague_is_promised() -> None:
    assert texts_of("give_back").text.endswith("a colleague is asked at once.")
    assert texts_of("give_back_offline").text.endswith("as soon as the connection is back.")
    assert texts_of("hand_over_offline").text.endswith("as soon as the connection is back.")


def test_a_colleague_who_was_quicker_is_named_with_the_ticket() -> None:
    controller = SCENES["refused"]().controller
    assert banners(controller.state, EN).message == "Aino already took A-43. Nothing to do."


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
def test_a_problem_of_the_store_is_explained_in_every_language(language: str, why: str, kind: str) -> None:
    texts = Texts(language)
    reason = f"/srv/welkom/store.db: {explain(sqlite3.OperationalError(why))}"
    assert store_problem(texts, reason) == texts.say(f"staff.trouble.{kind}")


def test_kinds_of_problems_have_different_texts() -> None:
    texts = {
        store_problem(EN, reason)
        for reason in (
            "device speaks protocol 1, server 2; update the older one",
            "the server is reading its store anew; try again",
            "something new",
        )
    }
    assert texts == {EN.say(f"staff.trouble.{kind}") for kind in ("version", "starting", "busy")}
