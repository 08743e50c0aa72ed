"""Editing `store.toml`: one key or entry changes, and everything else stays as it was written."""

import difflib

import pytest

from sync_server.service.settings.settings_document import LaidOutOtherwise, SettingsDocument, UnknownPath

TEXT = """\
# The shop.
[store]
name = 'Shop'   # as on the door
languages = [
    "en",  # the first
    "nl",
]

# --- times ---
[times]
offer_s = 15

# --- needs ---

# Most come for this.
[[needs]]
code = "repair"
text = { en = "Repair", nl = "Maken" }
icon = "tool"

# About buying.
[[needs]]
code = "buy"
text.en = "Buy"
[needs.self_help]
icon = "bulb"
[needs.self_help.title]
en = "Try"

# --- people ---

[[employees]]
id = "maya"
name = "Maya"
skills = ["a"]
"""


def edited(edit):
    document = SettingsDocument(TEXT)
    edit(document)
    return document.text


def changed(edit):
    """The lines that the edit took away and added."""
    lines = difflib.unified_diff(TEXT.splitlines(), edited(edit).splitlines(), lineterm="", n=0)
    return [line for line in list(lines)[2:] if not line.startswith("@@")]


def test_a_value_is_replaced_and_its_comment_stays():
    assert changed(lambda d: d.set("store.name", "Café")) == [
        "-name = 'Shop'   # as on the door",
        '+name = "Café"   # as on the door',
    ]


def test_a_key_and_its_table_are_added_where_they_are_not():
    assert changed(lambda d: d.set("times.idle_s", 300)) == ["+idle_s = 300"]
    assert changed(lambda d: d.set("backup.keep", 3)) == ["+", "+[backup]", "+keep = 3"]


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("needs.repair.text.nl", "Stuk", '+text = { en = "Repair", nl = "Stuk" }'),
        ("needs.repair.text.fi", "Korjaus", '+text = { en = "Repair", nl = "Maken", fi = "Korjaus" }'),
        ("needs.buy.text.en", "Get", '+text.en = "Get"'),
        ("needs.buy.text.nl", "Kopen", '+text.nl = "Kopen"'),
        ("needs.buy.self_help.title.en", "Look", '+en = "Look"'),
        ("needs.buy.self_help.text.en", "Look", '+text = { en = "Look" }'),
        ("store.hours.mon", "09:00-18:00", '+hours = { mon = "09:00-18:00" }'),
        ("employees.maya.skills", {"b", "a"}, '+skills = ["a", "b"]'),
    ],
)
def test_a_key_is_set_in_whatever_way_its_table_is_written(path, value, line):
    assert changed(lambda d: d.set(path, value))[-1] == line


def test_a_value_that_is_the_same_changes_nothing():
    assert changed(lambda d: d.set("needs.repair.text", {"nl": "Maken", "en": "Repair"})) == []
    assert changed(lambda d: d.set("store.languages", ("en", "nl"))) == []


def test_a_mapping_is_set_key_by_key():
    assert changed(lambda d: d.set("needs.buy.self_help", {"title": {"en": "A"}})) == [
        '-icon = "bulb"',
        '-en = "Try"',
        '+en = "A"',
    ]


def test_a_list_in_several_lines_stays_in_several_lines():
    assert '[\n    "en",\n    "fi",\n]' in edited(lambda d: d.set("store.languages", ["en", "fi"]))


def test_a_removed_key_has_its_default_value_and_comments_stay():
    assert changed(lambda d: d.unset("times.offer_s")) == ["-offer_s = 15"]
    assert changed(lambda d: d.unset("needs.repair.text.nl"))[-1] == '+text = { en = "Repair" }'
    assert changed(lambda d: d.unset("needs.buy.self_help")) == [
        "-[needs.self_help]",
        '-icon = "bulb"',
        "-[needs.self_help.title]",
        '-en = "Try"',
    ]
    assert changed(lambda d: (d.unset("store.nothing"), d.unset("needs.nobody.icon"))) == []


def test_an_entry_is_added_at_its_place():
    zoe = {"id": "zoe", "name": "Zoë", "skills": frozenset({"b"}), "colour": None}
    lines = ["[[employees]]", 'id = "zoe"', 'name = "Zoë"', 'skills = ["b"]']
    assert edited(lambda d: d.add("employees", zoe)) == TEXT + "\n" + "\n".join(lines) + "\n"
    first = edited(lambda d: d.add("employees", zoe, at=0))
    assert SettingsDocument(first).names("employees") == ["zoe", "maya"]
    assert "# --- people ---\n\n[[employees]]\n" in first
    assert edited(lambda d: d.add("gifts", {"code": "tea"})).endswith('\n\n[[gifts]]\ncode = "tea"\n')


def test_an_entry_is_removed_with_what_was_said_about_it():
    assert changed(lambda d: d.remove("needs", "buy"))[:3] == [
        "-# About buying.",
        "-[[needs]]",
        '-code = "buy"',
    ]
    assert "# --- people ---" in edited(lambda d: d.remove("needs", "buy"))
    # What is above the first one may be about all of them.
    assert "# Most come for this." in edited(lambda d: d.remove("needs", "repair"))
    with pytest.raises(UnknownPath):
        edited(lambda d: d.remove("needs", "sell"))


def test_entries_are_put_in_another_order_with_their_comments():
    text = edited(lambda d: d.reorder("needs", ["buy"]))
    assert SettingsDocument(text).names("needs") == ["buy", "repair"]
    assert sorted(text.splitlines()) == sorted(TEXT.splitlines())
    assert edited(lambda d: d.reorder("needs", ["repair", "buy"])) == TEXT


def test_an_entry_is_replaced_where_it_is():
    new = {"code": "fix", "text": {"en": "Fix", "nl": "Maken"}, "icon": "tool", "priority": 2}
    assert changed(lambda d: d.replace("needs", "repair", new)) == [
        '-code = "repair"',
        '-text = { en = "Repair", nl = "Maken" }',
        '+code = "fix"',
        '+text = { en = "Fix", nl = "Maken" }',
        "+priority = 2",
    ]


def test_lists_in_one_line_are_edited_too():
    document = SettingsDocument('places = [{ code = "door", icon = "a" }]  # all\n\n[store]\nname = "x"\n')
    document.set("places.door.icon", "b")
    document.set("places.door.text.en", "Door")
    document.unset("places.door.text")
    document.add("places", {"code": "desk"})
    assert document.text.startswith('places = [{ code = "door", icon = "b" }, { code = "desk" }]  # all\n')
    document.remove("places", "door")
    document.remove("places", "desk")
    assert document.text == 'places = []  # all\n\n[store]\nname = "x"\n'


def test_what_cannot_be_written_without_loss_is_refused():
    document = SettingsDocument(TEXT)
    document._text = document._text.replace("15", "16")
    with pytest.raises(LaidOutOtherwise):
        _ = document.text
