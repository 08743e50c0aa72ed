"""A trade taken over by a running shop: never half, and its own people, comments and pins stay."""

import pytest

from sync_server.service.config.load import parse_settings
from sync_server.service.config.trades import TRADES, trade_file
from sync_server.service.settings.settings_document import SettingsDocument
from sync_server.service.settings.trade_change import apply_trade, trade_difference, trade_settings


def _taken_over(ours, theirs, only_add, edit=None):
    document = SettingsDocument(trade_file(ours).read_text("utf-8"))
    if edit:
        edit(document)
    settings = parse_settings(document.text, trade_file(ours))
    apply_trade(document, settings, theirs, only_add)
    return document


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("electronics", theirs) for theirs in TRADES] + [(ours, "electronics") for ours in TRADES[1:]],
)
def test_any_shop_becomes_any_trade(ours, theirs):
    document = _taken_over(ours, theirs, only_add=False)
    settings, example = parse_settings(document.text, trade_file(ours)), trade_settings(theirs)
    assert (settings.needs, settings.skills, settings.tips) == (example.needs, example.skills, example.tips)
    assert [person.id for person in settings.employees] == [one.id for one in trade_settings(ours).employees]
    assert settings.store.name == trade_settings(ours).store.name
    assert not any(
        difference.comes or difference.changes or difference.goes
        for difference in trade_difference(settings, theirs, only_add=False)
    )


def test_adding_keeps_everything_of_ours():
    def make_room(document):
        for need in ("show_me", "return", "pick_up", "repair"):
            document.remove("needs", need)
        for table in ("tips", "gifts"):
            for name in document.names(table):
                document.unset(f"{table}.{name}.needs")
        for place in ("phones", "tvs", "laptops", "headphones", "counter"):
            document.remove("places", place)

    document = _taken_over("electronics", "library", only_add=True, edit=make_room)
    needs = document.names("needs")
    assert {"cables", "find_book", "choose_laptop", "other"} <= set(needs)
    assert "Help me choose" in document.text
    assert set(document.get("employees.maya.skills")) >= {"repair", "find", "desk"}


def test_comments_and_pins_stay():
    def pin(document):
        document.set("places.seats.x", 40)
        document.set("places.seats.y", 60)

    document = _taken_over("electronics", "pharmacy", only_add=False, edit=pin)
    assert "# local time; visits in line expire then" in document.text
    assert (document.get("places.seats.x"), document.get("places.seats.y")) == (40, 60)
