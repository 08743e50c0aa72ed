"""The demo store: it fits the catalogue, refers only to what exists, and every need can be met."""

import tomllib
from collections.abc import Iterable
from itertools import chain
from typing import Any

import msgspec
import pytest

from assets import paths
from assets.ui.icons import icon_names
from sync_server.domain.catalogue.catalogue import TILES_PER_SCREEN, Catalogue, Need, Text
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.domain.resolution import Resolution

CATALOGUE = msgspec.convert(tomllib.loads(paths.DEMO_STORE.read_text("utf-8")), Catalogue)
SELECTABLE = [need for need in CATALOGUE.needs if CATALOGUE.need(need.code)]


def texts() -> list[Text]:
    c = CATALOGUE
    everything: Iterable[Any] = chain(c.needs, c.skills, c.places, c.tips, c.gifts)
    shown = [thing.text for thing in everything]
    helps = [need.self_help for need in c.needs if need.self_help]
    return shown + [text for self_help in helps for text in (self_help.title, self_help.text)]


def test_it_is_the_shop_of_the_pictures() -> None:
    assert CATALOGUE.store.name == "Lumen & Co"
    assert [need.text["en"] for need in CATALOGUE.needs_under(None)] == [
        "Something doesn’t work",
        "Pick up my order",
        "Help me choose",
        "Return or exchange",
        "Show me how it works",
        "Something else",
    ]
    assert {employee.name for employee in CATALOGUE.employees} == {
        "Maya", "Sam", "Lotte", "Jussi", "Aino", "Noor",
    }  # fmt: skip


def test_all_texts_exist_in_all_languages_and_are_calm() -> None:
    for text in texts():
        assert text.keys() == set(LANGUAGES)
        for words in text.values():
            assert words.strip() == words != ""
            assert "!" not in words
            assert "'" not in words


def test_codes_refer_to_existing_entries() -> None:
    skills = {skill.code for skill in CATALOGUE.skills}
    needs = {need.code for need in CATALOGUE.needs}
    for need in CATALOGUE.needs:
        assert {*need.skills, *need.prefer} <= skills, need.code
        assert need.under is None or need.under in needs, need.code
        assert set(need.endings) <= set(Resolution), need.code
    for given in (CATALOGUE.tips, CATALOGUE.gifts):
        for one in given:
            assert set(one.needs) <= {need.code for need in SELECTABLE}, one.code
    for employee in CATALOGUE.employees:
        assert employee.skills <= skills, employee.id


def test_no_code_occurs_twice() -> None:
    c = CATALOGUE
    for things in (c.needs, c.skills, c.places, c.tips, c.gifts):
        codes = [thing.code for thing in things]
        assert len(codes) == len(set(codes))


def test_every_icon_can_be_drawn() -> None:
    used = {need.icon for need in CATALOGUE.needs} | {place.icon for place in CATALOGUE.places}
    used |= {need.self_help.icon for need in CATALOGUE.needs if need.self_help}
    assert used <= set(icon_names())


def test_no_screen_has_more_than_six_choices() -> None:
    assert len(CATALOGUE.places) <= TILES_PER_SCREEN
    for above in (None, *(need.code for need in CATALOGUE.needs)):
        assert len(CATALOGUE.needs_under(above)) <= TILES_PER_SCREEN


@pytest.mark.parametrize("need", SELECTABLE, ids=lambda need: need.code)
def test_every_need_can_be_met_by_two_people_and_ended_well(need: Need) -> None:
    assert sum(frozenset(need.skills) <= employee.skills for employee in CATALOGUE.employees) >= 2
    assert any(need.wanted_skills(0) <= employee.skills for employee in CATALOGUE.employees)
    assert len(need.endings) >= 3
    assert "not_solved" in need.endings
    assert CATALOGUE.tips_for(need.code)


def test_gifts_are_within_what_an_employee_may_give() -> None:
    assert all(0 < gift.cents <= CATALOGUE.store.goodwill_limit_cents for gift in CATALOGUE.gifts)
