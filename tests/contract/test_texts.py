"""The texts: complete and up to date in every language, and in the tone that is meant."""

import re
import string

import pytest
from babel.core import Locale

from assets.i18n.texts import Texts
from assets.i18n.translations import catalogue, catalogue_path, known_languages
from sync_server.domain.catalogue.catalogue import COLOURS
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.domain.events import Presence
from sync_server.domain.refusal import Code
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit import ticket
from sync_server.domain.visit.visit import State
from sync_server.service.storage.errors import FaultCause
from tests.translations.catalogues import forms, key_of, read_catalogue
from tests.translations.project import all_problems

TEXTS = {language: catalogue(language).texts for language in LANGUAGES}
FAULTS = "settings_fault."  # `welkom check` prints them too; they speak of the file in the file's own words
JARGON = re.compile(r"\b(user|client|agent|server|op|sync|error|invalid|failed|login)\b", re.IGNORECASE)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_nothing_is_missing_fuzzy_unused_or_out_of_date() -> None:
    assert all_problems() == []


def test_there_are_texts_in_every_language_of_the_catalogue() -> None:
    assert set(known_languages()) == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_reader_and_babel_read_the_same(language: str) -> None:
    read = read_catalogue(catalogue_path(language), language)
    assert {m.context or key_of(m): forms(m.string) for m in read if m.id} == {
        key: forms(text) for key, text in TEXTS[language].items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_keys_in_the_same_order(language: str) -> None:
    assert list(TEXTS[language]) == list(TEXTS["en"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_fills_in_the_same(language: str) -> None:
    for key, english in TEXTS["en"].items():
        text = TEXTS[language][key]
        assert type(text) is type(english), key
        # One of the forms may leave the number out ("a minute"), so all of them are compared together.
        wanted = set().union(*map(placeholders, forms(english)))
        found = set().union(*map(placeholders, forms(text)))
        assert found == wanted, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_plural_forms_are_those_the_language_has(language: str) -> None:
    cldr = Locale.parse(language).plural_form
    form_of = catalogue(language).plural_form
    names = {form_of(n): cldr(n) for n in range(200)}
    assert {n: names[form_of(n)] for n in range(200)} == {n: cldr(n) for n in range(200)}
    for key, text in TEXTS[language].items():
        if isinstance(text, tuple):
            assert len(text) == len(names), key
            assert "{n}" in text[-1], key


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_empty_or_loud(language: str) -> None:
    for key, entry in TEXTS[language].items():
        for text in forms(entry):
            assert text.strip() == text, key
            assert text, key
            assert "!" not in text, f"{key}: no exclamation marks"
            assert "'" not in text or key.startswith(FAULTS), f"{key}: the apostrophe is ’"
            assert "..." not in text, f"{key}: the ellipsis is …"


def test_english_has_no_jargon() -> None:
    for key, entry in TEXTS["en"].items():
        for text in forms(entry):
            assert not JARGON.search(text) or key.startswith(FAULTS), f"{key}: {text}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("section", "codes"),
    [
        ("refusal", list(Code)),
        ("resolution", list(Resolution)),
        ("presence", list(Presence)),
        ("state", list(State)),
        ("manager.cause", list(FaultCause)),
        ("colours", list(COLOURS)),
        ("wearing", list(COLOURS)),
        ("effort", ["1", "2", "3", "4", "5"]),
    ],
)
def test_every_code_has_its_text(language: str, section: str, codes: list[str]) -> None:
    for code in codes:
        assert f"{section}.{code}" in TEXTS[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_says_what_to_do(language: str) -> None:
    for code in Code:
        text = TEXTS[language][f"refusal.{code}"]
        assert isinstance(text, str)
        assert text.endswith(".")
        assert placeholders(text) <= {"about"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_tickets_in_a_row_of_288_share_a_name(language: str) -> None:
    texts = Texts(language)
    names = [texts.ticket_name(f"B-{number}") for number in range(1, 289)]
    assert len(set(names)) == 288
    colours, animals = words(language, "names.colours."), words(language, "names.animals.")
    assert len(colours) == len(set(colours)) == ticket.COLOURS_OF_NAMES
    assert len(animals) == len(set(animals)) == ticket.ANIMALS_OF_NAMES


def test_dutch_colours_of_tickets_end_in_e_as_before_a_de_word() -> None:
    assert all(colour.endswith("e") for colour in words("nl", "names.colours."))


def words(language: str, section: str) -> list[str]:
    return [str(text) for key, text in TEXTS[language].items() if key.startswith(section)]
