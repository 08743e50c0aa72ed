"""The reader of catalogues, and the tool that keeps them up to date."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError

from assets.i18n.po import parse_po
from tests.translations import catalogues
from tests.translations.used_keys import used_keys

DUTCH = """\
# Nederlands.
msgid ""
msgstr ""
"Language: nl\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

#. A note
#: kiosk/screens/line.kv
msgctxt "line.leave"
msgid "Leave the line"
msgstr "Uit de rij"

#, python-brace-format
msgctxt "line.before"
msgid "{n} person"
msgid_plural "{n} people"
msgstr[0] "{n} mens"
msgstr[1] "{n} mensen"
"""


def translations(texts: dict[str, str | tuple[str, str]]) -> Catalog:
    """The English texts as a template, by their keys."""
    english = Catalog(locale="en")
    for key, text in texts.items():
        english.add(key if isinstance(text, str) else (key, key), text)
    return catalogues.make_template(english, {})


@pytest.fixture
def dutch(tmp_path: Path) -> Path:
    path = tmp_path / "welkom.po"
    path.write_text(DUTCH, "utf-8")
    return path


# --- reading ----------------------------------------------------------------------------------------


def test_a_text_is_found_by_its_context_and_a_number_chooses_the_form() -> None:
    read = parse_po(DUTCH)
    assert read.texts == {"line.leave": "Uit de rij", "line.before": ("{n} mens", "{n} mensen")}
    assert [read.plural_form(n) for n in (0, 1, 2)] == [1, 0, 1]


def test_the_plural_rule_is_the_headers() -> None:
    polish = "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"
    read = parse_po(f'msgid ""\nmsgstr ""\n"Plural-Forms: {polish}\\n"\n')
    assert [read.plural_form(n) for n in (1, 2, 5, 12, 22)] == [0, 1, 2, 2, 1]


@pytest.mark.parametrize(
    "entry",
    [
        '#, fuzzy\nmsgctxt "a.b"\nmsgid "x"\nmsgstr "y"',
        '#, fuzzy, python-brace-format\nmsgctxt "a.b"\nmsgid "x"\nmsgstr "y"',
        'msgctxt "a.b"\nmsgid "x"\nmsgstr ""',
        'msgctxt "a.b"\nmsgid "x"\nmsgid_plural "xs"\nmsgstr[0] "y"\nmsgstr[1] ""',
        '#~ msgctxt "a.b"\n#~ msgid "x"\n#~ msgstr "y"',
    ],
)
def test_what_is_fuzzy_untranslated_or_obsolete_is_left_out(entry: str) -> None:
    after = 'msgctxt "c.d"\nmsgid "z"\nmsgstr "z"\n'
    assert parse_po(f"{entry}\n\n{after}").texts == {"c.d": "z"}
    assert parse_po(f"{entry}\n{after}").texts == {"c.d": "z"}, "without a blank line between the entries"


def test_long_lines_quotes_and_line_breaks_are_read_as_gettext_does() -> None:
    entry = 'msgctxt ""\n"a."\n"b"\nmsgid "x"\nmsgstr ""\n"one \\"two\\"\\n"\n"three \\\\ four\\t"\n'
    assert parse_po(entry).texts == {"a.b": 'one "two"\nthree \\ four\t'}


def test_a_damaged_file_loses_texts_but_stops_nothing() -> None:
    assert parse_po('"lost"\nmsgstr "x"\n' + DUTCH).texts.keys() == {"line.leave", "line.before"}


# --- keeping up to date -----------------------------------------------------------------------------


def test_a_changed_english_text_makes_its_translation_fuzzy(dutch: Path) -> None:
    template = translations({"line.leave": "Leave the queue", "line.before": ("{n} person", "{n} people")})
    catalogue = catalogues.read_catalogue(dutch, "nl")
    catalogues.update(catalogue, template)
    text = catalogues.po_text(catalogue, dutch)
    assert '#, fuzzy\n#| msgid "Leave the line"\nmsgctxt "line.leave"' in text
    assert 'msgid "Leave the queue"\nmsgstr "Uit de rij"' in text
    assert parse_po(text).texts.keys() == {"line.before"}
    assert [*catalogues.problems(catalogue, template, "nl")] == [
        "nl: line.leave is fuzzy; check it and take the mark away"
    ]
    dutch.write_text(text, "utf-8")
    again = catalogues.read_catalogue(dutch, "nl")
    catalogues.update(again, template)
    assert catalogues.po_text(again, dutch) == text, "a second update changes nothing"


def test_a_translation_stays_with_its_key_even_where_another_english_text_is_closer(dutch: Path) -> None:
    template = translations({"line.leave": "Go away", "line.stay": "Leave the line"})
    catalogue = catalogues.read_catalogue(dutch, "nl")
    catalogues.update(catalogue, template)
    found = {message.context: message for message in catalogue if message.id}
    assert found["line.leave"].string == "Uit de rij"
    assert found["line.leave"].fuzzy
    assert list(found) == ["line.leave", "line.stay"]


def test_a_text_that_became_plural_is_fuzzy(dutch: Path) -> None:
    template = translations({"line.leave": ("Leave the line", "Leave the lines")})
    catalogue = catalogues.read_catalogue(dutch, "nl")
    catalogues.update(catalogue, template)
    assert [(message.fuzzy, message.string) for message in catalogue if message.id] == [
        (True, ("Uit de rij", ""))
    ]
    catalogues.update(catalogue, translations({"line.leave": "Leave"}))
    assert [message.string for message in catalogue if message.id] == [""]


def test_a_new_language_has_its_own_plural_forms_and_everything_to_translate(tmp_path: Path) -> None:
    template = translations({"line.leave": "Leave", "line.before": ("{n} person", "{n} people")})
    path = tmp_path / "welkom.po"
    path.write_text(catalogues.po_text(catalogues.new_catalogue("pl", template)), "utf-8")
    text = path.read_text("utf-8")
    assert "nplurals=3" in text
    assert "msgstr[2]" in text
    assert parse_po(text).texts == {}
    assert [*catalogues.problems(catalogues.read_catalogue(path, "pl"), template, "pl")] == [
        "pl: line.leave is not translated",
        "pl: line.before is not translated",
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('msgstr "Uit de rij"', 'msgstr ""', "line.leave is not translated"),
        ('msgstr[1] "{n} mensen"', 'msgstr[1] ""', "line.before is not translated"),
        ("{n} mens", "{m} mens", "line.before must fill in ['n'], as the English text does"),
        ('"line.leave"', '"line.left"', "line.leave is missing"),
        ('"line.leave"', '"line.left"', "line.left is not used any more"),
        ('msgid "Leave the line"', 'msgid "Leave"', "the English text of line.leave has changed"),
        ("plural=(n != 1)", "plural=(n > 1)", "the header must have Plural-Forms: nplurals=2"),
    ],
)
def test_what_a_translation_lacks_is_named(dutch: Path, old: str, new: str, problem: str) -> None:
    assert old in DUTCH
    dutch.write_text(DUTCH.replace(old, new), "utf-8")
    template = translations({"line.leave": "Leave the line", "line.before": ("{n} person", "{n} people")})
    found = [*catalogues.problems(catalogues.read_catalogue(dutch, "nl"), template, "nl")]
    assert any(line.startswith(f"nl: {problem}") for line in found), found


def test_a_damaged_file_is_named(dutch: Path) -> None:
    dutch.write_text(DUTCH + "\nmsgstr line.left\nmsgid none\n", "utf-8")
    with pytest.raises(PoFileError):
        catalogues.read_catalogue(dutch, "nl")


# --- the keys that are used -------------------------------------------------------------------------


def test_keys_are_found_as_literals_and_by_their_shape(tmp_path: Path) -> None:
    folder = tmp_path / "kiosk"
    folder.mkdir()
    (folder / "a.py").write_text('say("line.leave"); say(f"line.{stage}.title")', "utf-8")
    (folder / "b.html").write_text('{{ say("state." ~ visit.state) }} {% include "state.html" %}', "utf-8")
    (folder / "c.kv").write_text("text: root.texts.say('line.gone') or 'other.thing'", "utf-8")
    keys = ["line.leave", "line.coming.title", "line.coming.text", "state.waiting", "state.a.b"]
    files, unknown = used_keys(keys, tmp_path)
    assert files == {
        "line.leave": ["kiosk/a.py"],
        "line.coming.title": ["kiosk/a.py"],
        "line.coming.text": [],
        "state.waiting": ["kiosk/b.html"],
        "state.a.b": [],
    }
    assert unknown == ["kiosk/c.kv uses 'line.gone', which has no English text"]
