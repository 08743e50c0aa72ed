"""Every key of `store.toml` can be changed on a page of the settings, and each has its words."""

import pytest

from assets.i18n.texts import Texts
from sync_server.service.config.trades import TRADES
from sync_server.service.settings.first_steps import STEPS
from sync_server.web.manager.settings.field_table import (
    ENTRY_LISTS,
    HOURS_FIELDS,
    SECTIONS,
    paths_on_pages,
)
from sync_server.web.manager.settings.setting_field import FieldKind
from sync_server.web.manager.settings.settings_index import GROUPS
from sync_server.web.manager.settings.trade_page import ICONS

from .test_store_fields import every_key

FIELDS = [
    *(field for section in SECTIONS for field in section.fields),
    *HOURS_FIELDS,
    *(field for listed in ENTRY_LISTS for field in listed.fields),
]


def test_every_key_is_on_a_page():
    missing = set(every_key()) - paths_on_pages()
    assert missing == set(), (
        "a line in field_table.py gives a key its field; ELSEWHERE names another room's page"
    )
    assert paths_on_pages() - set(every_key()) == set()


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.label)
def test_a_field_has_its_words(field):
    texts = Texts("en")
    wanted = [f"manager.setting.{field.label}", f"manager.setting_help.{field.label}"]
    wanted += [f"manager.unit.{field.unit}"] if field.unit else []
    if field.kind is FieldKind.CHOICE and field.can_be_empty:
        wanted.append(f"manager.setting_none.{field.label}")
    assert [key for key in wanted if not texts.has(key)] == []


def test_pages_groups_trades_and_steps_have_their_words():
    texts = Texts("en")
    wanted = [f"manager.settings.title.{one.slug}" for one in SECTIONS]
    wanted += [f"manager.settings.text.{one.slug}" for one in SECTIONS]
    for listed in ENTRY_LISTS:
        wanted += [
            f"manager.settings.{what}.{listed.table}" for what in ("title", "text", "new", "none", "remove")
        ]
    wanted += [f"manager.settings.group.{group.label}" for group in GROUPS]
    wanted += [f"manager.settings.title.{line.label}" for group in GROUPS for line in group.lines]
    wanted += [f"manager.trade.{trade}" for trade in TRADES]
    wanted += [f"manager.start.{what}.{step}" for step in STEPS for what in ("step", "title")]
    assert [key for key in wanted if not texts.has(key)] == []
    assert set(ICONS) == set(TRADES)


def test_no_two_fields_of_a_page_have_one_path_and_no_two_share_their_words():
    labels = [field.label for field in FIELDS]
    assert len(labels) == len(set(labels))
