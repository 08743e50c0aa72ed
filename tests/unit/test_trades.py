"""The example of each trade: complete, in all languages, and every need can be met and ended well."""

from collections.abc import Iterable
from itertools import chain
from typing import Any

import pytest

from assets.i18n.translations import known_languages
from assets.theme.drawing import undrawable
from assets.ui.icons import icon_names
from sync_server.domain.catalogue.catalogue import TILES_PER_SCREEN, Text
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.service.config.load import load_settings
from sync_server.service.config.model import Settings
from sync_server.service.config.trades import TRADES, trade_file


@pytest.fixture(params=TRADES)
def settings(request: pytest.FixtureRequest) -> Settings:
    """As `welkom check` reads it, so that it has no problems."""
    return load_settings(trade_file(request.param))


def _texts(settings: Settings) -> list[Text]:
    s = settings
    things: Iterable[Any] = chain(s.needs, s.skills, s.places, s.tips, s.gifts)
    helps = [need.self_help for need in s.needs if need.self_help]
    return [one.text for one in things] + [text for one in helps for text in (one.title, one.text)]


def test_its_texts_are_in_all_languages_calm_and_can_be_drawn(settings):
    assert set(LANGUAGES) == set(known_languages())
    for text in _texts(settings):
        assert text.keys() == set(LANGUAGES)
        for words in text.values():
            assert words.strip() == words != ""
            assert "!" not in words
            assert "'" not in words
            assert undrawable(words) == ""


def test_every_need_can_be_met_by_two_people_and_ended(settings):
    catalogue = settings.catalogue()
    for need in (need for need in settings.needs if catalogue.need(need.code)):
        assert sum(frozenset(need.skills) <= employee.skills for employee in settings.employees) >= 2, (
            need.code
        )
        assert any(need.wanted_skills(0) <= employee.skills for employee in settings.employees), need.code
        assert len(need.endings) >= 3
        assert "not_solved" in need.endings
        assert catalogue.tips_for(need.code), need.code


def test_it_is_complete(settings):
    catalogue = settings.catalogue()
    assert len(catalogue.needs_under(None)) == TILES_PER_SCREEN
    assert len(settings.places) == TILES_PER_SCREEN
    assert settings.gifts
    helped = [need for need in settings.needs if need.self_help]
    assert len(helped) >= 6
    used = {need.icon for need in settings.needs} | {place.icon for place in settings.places}
    assert used | {need.self_help.icon for need in helped if need.self_help} <= set(icon_names())


def test_it_uses_every_skill_and_refers_to_needs_that_can_be_chosen(settings):
    catalogue = settings.catalogue()
    wanted = set(chain.from_iterable((*need.skills, *need.prefer) for need in settings.needs))
    assert wanted == {skill.code for skill in settings.skills}
    for given in (*settings.tips, *settings.gifts):
        assert all(catalogue.need(code) for code in given.needs), given.code
