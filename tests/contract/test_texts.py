"""The texts: complete in every language, alike in what they fill in, and in the tone that is meant."""

import re
import string

import pytest
from babel.core import Locale

from assets import paths
from assets.words import PLURAL_FORMS, Entry, Words, known_languages, read_texts
from sync_server.domain import ticket
from sync_server.domain.catalogue import COLOURS, LANGUAGES
from sync_server.domain.events import Presence, Resolution
from sync_server.domain.refusal import Code
from sync_server.domain.visit import State
from sync_server.service.store import Cause

TEXTS = {language: read_texts(paths.TEXTS / f"{language}.toml") for language in LANGUAGES}
JARGON = re.compile(r"\b(user|client|agent|server|op|sync|error|invalid|failed|login)\b", re.IGNORECASE)


def forms(entry: Entry) -> list[str]:
    """Every wording an entry has."""
    if isinstance(entry, dict):
        return list(entry.values())
    return entry if isinstance(entry, list) else [entry]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_there_are_texts_in_every_language_of_the_catalogue() -> None:
    assert set(known_languages()) == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_keys_in_the_same_order(language: str) -> None:
    assert list(TEXTS[language]) == list(TEXTS["en"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_fills_in_the_same(language: str) -> None:
    for key, english in TEXTS["en"].items():
        entry = TEXTS[language][key]
        assert type(entry) is type(english), key
        # One of the forms may leave the number out ("a minute"), so the whole entry is compared.
        wanted = set().union(*map(placeholders, forms(english)))
        found = set().union(*map(placeholders, forms(entry)))
        assert found == wanted, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_plural_forms_are_those_the_language_has(language: str) -> None:
    rule = Locale.parse(language).plural_form
    wanted = {rule(n) for n in range(200)}
    for key, entry in TEXTS[language].items():
        if isinstance(entry, dict):
            assert entry.keys() <= PLURAL_FORMS, key
            assert entry.keys() == wanted, key
            assert "{n}" in entry["other"], key


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_empty_or_loud(language: str) -> None:
    for key, entry in TEXTS[language].items():
        for text in forms(entry):
            assert text.strip() == text, key
            assert text, key
            assert "!" not in text, f"{key}: no exclamation marks"
            assert "'" not in text, f"{key}: the apostrophe is ’"
            assert "..." not in text, f"{key}: the ellipsis is …"


def test_english_has_no_jargon() -> None:
    for key, entry in TEXTS["en"].items():
        for text in forms(entry):
            assert not JARGON.search(text), f"{key}: {text}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("section", "codes"),
    [
        ("refusal", list(Code)),
        ("resolution", list(Resolution)),
        ("presence", list(Presence)),
        ("state", list(State)),
        ("manager.cause", list(Cause)),
        ("colours", list(COLOURS)),
        ("wearing", list(COLOURS)),
        ("effort", ["1", "2", "3", "4", "5"]),
    ],
)
def test_every_code_has_its_words(language: str, section: str, codes: list[str]) -> None:
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
    words = Words(language)
    names = [words.ticket_name(f"B-{number}") for number in range(1, 289)]
    assert len(set(names)) == 288
    colours, animals = TEXTS[language]["names.colours"], TEXTS[language]["names.animals"]
    assert len(colours) == len(set(colours)) == ticket.COLOURS_OF_NAMES
    assert len(animals) == len(set(animals)) == ticket.ANIMALS_OF_NAMES


def test_dutch_colour_words_bend_for_de_words() -> None:
    assert all(colour.endswith("e") for colour in TEXTS["nl"]["names.colours"])


def test_every_text_is_said_somewhere() -> None:
    root = paths.TEXTS.parent.parent
    source = "".join(
        path.read_text("utf-8")
        for folder in ("assets", "kiosk", "staff_app", "sync_server")
        for path in sorted((root / folder).rglob("*"))
        if path.suffix in {".py", ".html", ".kv"}
    )
    # "kiosk.line.{stage}" says every text of that shape, and so does "state." ~ state in a page.
    said = [
        re.compile(re.sub(r"\\\{.*?\\\}", ".+", re.escape(key)) + (".+" if key.endswith(".") else ""))
        for key in set(re.findall(r"""["']([a-z_]+\.(?:[a-z_.\d]|\{[^{}]*\})*)["']""", source))
    ]
    greetings = {"kiosk.greeting.afternoon", "kiosk.greeting.evening"}  # chosen within one f-string
    assert [
        key for key in TEXTS["en"] if key not in greetings and not any(p.fullmatch(key) for p in said)
    ] == []
