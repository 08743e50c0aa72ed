"""Names in any script: what is refused, what is drawn, and what stands in place of what cannot be drawn."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from assets import paths
from assets.theme.drawing import drawable, font_for, shown_name, undrawable
from assets.theme.load import load_theme
from assets.theme.shown_catalogue import ShownCatalogue
from sync_server.domain import ops
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.resolution import Resolution
from sync_server.names import NameProblem, check_text, initials, visible_part
from sync_server.service.auth import devices, managers, tokens
from sync_server.service.auth.errors import AccountError
from sync_server.service.config.load import SettingsError, load_settings
from tests.floor_harness import KIOSK, FloorHarness
from tests.sample_store import STORE_TOML

NAMES = [
    "Maya", "Владимир", "Ελένη", "Nguyễn", "王小明", "محمد", "Žluťoučký", "Łukasz", "Ɛsi", "O’Neill",
    "José-María", "d'Arc", "🎉", "👩\u200d🔧", "नेहा", "می\u200cخواهم", "Ólafur Þór", "李", "X Æ A-12", "M",
]  # fmt: skip
NO_NAMES = {
    "empty": "",
    "blank": "  ",
    "a blank of no width": "\u200b",
    "a joiner alone": "\u200d",
    "a mark of the byte order": "\ufeff",
    "a soft hyphen": "\u00ad",
    "a Korean filler": "\u3164",
    "an empty Braille sign": "\u2800",
    "only an accent": "\u0301",
    "a no-break space": "\u00a0\u00a0",
    "a variation selector": "\ufe0f",
    "turned around": "Bo\u202ebie",
    "isolated": "Bo\u2066b",
    "a mark from right to left": "Bob\u200f",
    "two lines": "Bo\nb",
    "a line separator": "Bo\u2028b",
    "a bell": "Bo\x07b",
    "a zero-width blank inside": "Bo\u200bb",
    "a filler inside": "Bo\u3164b",
    "half a pair": "Bo\ud800b",
    "a private sign": "Bo\ue000",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_any_script_is_a_name(name):
    assert check_text(f" {name} ", 40) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("name", NO_NAMES.values(), ids=NO_NAMES)
def test_what_nobody_can_see_is_no_name(name):
    with pytest.raises(NameProblem, match=r"^is empty, or|^has a character that cannot be seen \(U\+"):
        check_text(name, 40)


def test_a_name_is_stored_in_one_form_and_has_a_length():
    assert check_text(unicodedata.normalize("NFD", "Nguyễn"), 6) == "Nguyễn"
    with pytest.raises(NameProblem, match="has 41 characters; 40 is the most"):
        check_text("x" * 41, 40)


@pytest.mark.parametrize("name", NO_NAMES.values(), ids=NO_NAMES)
def test_no_door_takes_it(name):
    with pytest.raises(AccountError, match="the device's name"):
        devices.check_name(name)
    with pytest.raises(AccountError, match="the account's name"):
        managers.add(None, name, "manager", "hash", 0)
    with pytest.raises(AccountError, match="the token's name"):
        tokens.add_token(None, name, 0)


@pytest.mark.parametrize("name", [r"\u200b", r"  ", r"Bo\u202ebie", r"\u2800", ""])
def test_store_toml_refuses_it_with_the_place(tmp_path, name):
    path = tmp_path / "store.toml"
    for old, where in (('name = "Test shop"', "store.name: "), ('name = "Maya"', 'employees "maya", name: ')):
        assert old in STORE_TOML
        path.write_text(STORE_TOML.replace(old, f'name = "{name}"'), "utf-8")
        with pytest.raises(SettingsError, match=f"store.toml: {where}(is empty|has a character)"):
            load_settings(path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Maya", "M"), ("maya de vries", "MV"), ("Владимир", "В"), ("Ελένη Παππά", "ΕΠ"), ("“Bo” Li", "BL"),
        ("王小明", "王"), ("jean-luc", "JL"), ("ßen", "S"), ("🎉", "🎉"), ("", ""), ("  ", ""), ("x", "X"),
    ],
)  # fmt: skip
def test_initials(name, expected):
    assert initials(name) == expected


@pytest.mark.parametrize(
    ("name", "code", "shown"),
    [
        ("Владимир", "vladimir", "Владимир"),
        ("Ελένη", "eleni", "Ελένη"),
        ("Nguyễn", "nguyen", "Nguyễn"),
        (unicodedata.normalize("NFD", "Nguyễn"), "nguyen", "Nguyễn"),
        ("Ɛsi Ɔbɛng", "esi", "Ɛsi Ɔbɛng"),
        ("王小明", "xiao-ming", "XM"),
        ("王小明 Wang", "wang", "Wang"),
        ("محمد", "muhammad", "M"),
        ("🎉", "noor", "N"),
        ("Li 🎉", "li", "Li"),
        ("Li王", "li_wang", "LW"),
        ("👩\u200d🔧 Ann", "ann", "Ann"),
        ("! 王", "w", "W"),
    ],
)
def test_a_name_is_shown_as_far_as_it_can_be_drawn_and_never_as_nothing(name, code, shown):
    assert shown_name(name, code) == shown


@given(st.text(max_size=30), st.from_regex(r"[a-z0-9][a-z0-9_-]{0,39}", fullmatch=True))
def test_whatever_is_shown_can_be_drawn(name, code):
    shown = shown_name(name, code)
    assert shown
    assert undrawable(shown) == ""
    assert drawable(shown) == shown


@given(st.text(max_size=30) | st.text("a \u00a0\u200b\u200d\u202e\u0301\ufe0f", max_size=12))
def test_of_any_text_the_visible_part_is_a_name_or_nothing(text):
    part = visible_part(text)
    if part is not None:
        assert check_text(part, len(part)) == part
    else:
        with pytest.raises(NameProblem):
            check_text(text, 40)


def test_each_text_is_drawn_by_the_first_font_that_draws_the_most_of_it():
    fonts = load_theme().fonts
    semibold, regular = (str(paths.font(file)) for file in (fonts.semibold, fonts.regular))
    fallback = load_theme().fallback[0]
    for text in ("", "Maya", "Владимир", "Ελένη", "Nguyễn", "王小明", "🎉"):
        assert font_for(text, semibold) == semibold
    assert font_for("Ɛsi Ɔbɛng", semibold) == str(paths.font(fallback.bold))
    assert font_for("Ɛsi Ɔbɛng", regular) == str(paths.font(fallback.regular))
    assert undrawable("Ɛsi 王") == "王"


def test_the_screens_get_a_catalogue_of_what_they_can_draw(tmp_path):
    path = tmp_path / "store.toml"
    path.write_text(STORE_TOML.replace('name = "Maya"', 'name = "王小明"'), "utf-8")
    catalogue = load_settings(path).catalogue()
    first, *others = catalogue.needs
    both = {"en": "Repair 🔧", "nl": "修理"}
    catalogue = replace(
        catalogue,
        store=replace(catalogue.store, name="王记"),
        needs=(replace(first, text=both), *others),
    )
    shown = ShownCatalogue()
    found = shown.of(catalogue)
    assert (found.store.name, found.employee("maya").name) == ("Welkom", "M")
    assert found.needs[0].text == {"en": "Repair", "nl": "修理"}  # its icon says the rest
    assert found.needs[1:] == catalogue.needs[1:]
    assert shown.of(catalogue) is found
    assert shown.of(None) is None


# --- notes and comments ------------------------------------------------------------------------------------

UNSEEN = "screen\u200b broken\u202e,\r\n\x07comes \u2028back\u0000"
SEEN = "screen broken, comes back"


def test_of_every_note_and_comment_what_can_be_seen_is_stored():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    play.sign_on("maya")
    play.on("tom", ops.AddNote, visit_id, note=UNSEEN)
    play.on("tom", ops.HandOver, visit_id, note=UNSEEN)
    play.accept("maya", visit_id)
    play.start("maya", visit_id)
    play.complete("maya", visit_id, note=UNSEEN)
    play.yes(KIOSK, ops.Rate(visit_id, comment=UNSEEN))
    assert play.visit(visit_id).notes == (SEEN, SEEN, SEEN)
    assert play.visit(visit_id).comment == SEEN
    quick = play.new_id()
    play.yes("tom", ops.QuickResolution(quick, "T-1", "ask", "en", Resolution.SOLVED, note=UNSEEN))
    assert play.visit(quick).notes == (SEEN,)


def test_words_in_which_nothing_can_be_seen_are_none():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    rev = play.visit(visit_id).rev
    assert play.no("tom", ops.AddNote(visit_id, rev, "\u200b")) == Refusal(Code.NOTHING_SAID, "A-1")
    play.complete("tom", visit_id, note=" \n\u2060")
    assert play.visit(visit_id).notes == ()
    assert play.no(KIOSK, ops.Rate(visit_id, comment="\u200b \u00ad")).code is Code.NOTHING_SAID
