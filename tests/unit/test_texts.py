"""Texts: plural forms, waits, times, money, names, and what a missing text shows."""

import logging
import subprocess
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from assets.i18n import translations
from assets.i18n.po import Text, TextCatalogue
from assets.i18n.texts import Texts, is_useful_wait, language_name
from assets.i18n.translations import known_languages

EN, NL, FI = Texts("en"), Texts("nl"), Texts("fi")


@pytest.fixture(autouse=True)
def _nothing_logged_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translations, "_logged", set())


def test_languages_name_themselves() -> None:
    assert known_languages()[0] == "en"
    assert [language_name(language) for language in ("en", "nl", "fi")] == ["English", "Nederlands", "Suomi"]
    assert language_name("sv") == "sv"
    assert language_name("../en") == "../en"


def test_n_chooses_the_plural_form() -> None:
    assert EN.say("kiosk.line.before", n=1) == "1 person before you"
    assert EN.say("kiosk.line.before", n=3) == "3 people before you"
    assert FI.say("kiosk.line.before", n=3) == "3 ihmistä ennen sinua"
    assert NL.say("staff.floor.waiting", n=1) == "1 wacht"


def test_values_are_filled_in_unchanged() -> None:
    assert EN.say("kiosk.line.coming", name="Maya") == "Maya is on the way"
    assert EN.say("kiosk.line.coming", name="{n}") == "{n} is on the way"


def test_a_missing_value_is_logged_once_and_raises_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert EN.say("kiosk.line.coming") == "… is on the way"
        EN.say("kiosk.line.coming")
    assert len(caplog.records) == 1
    assert "'name'" in caplog.text


def test_a_text_missing_in_a_language_is_shown_in_english_and_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    texts: dict[str, dict[str, Text]] = {"en": {"a.b": ("{n} thing", "{n} things")}, "nl": {"c.d": "x"}}
    monkeypatch.setattr(
        translations, "catalogue", lambda language: TextCatalogue(texts[language], lambda n: int(n != 1))
    )
    with caplog.at_level(logging.WARNING):
        assert Texts("nl").say("a.b", n=2) == "2 things"
        assert Texts("nl").say("a.b", n=1) == "1 thing"
    assert len(caplog.records) == 1
    assert Texts("nl").has("a.b")
    assert not Texts("nl").has("a.c")


def test_an_unknown_text_shows_its_key() -> None:
    assert FI.say("kiosk.no.such") == "kiosk.no.such"


def test_an_unknown_language_gets_english() -> None:
    assert Texts("xx").say("kiosk.line.leave") == "Leave the line"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 60, "within a minute"),
        (0, 120, "within 2 minutes"),
        (60, 60, "in about a minute"),
        (180, 180, "in about 3 minutes"),
        (60, 180, "in 1 to 3 minutes"),
        (90, 150, "in 1 to 3 minutes"),
        (0, 0, "within a minute"),
    ],
)
def test_an_estimate_is_rounded_outwards(low: float, high: float, expected: str) -> None:
    assert EN.minutes(low, high) == expected


def test_a_wait_is_a_sentence_also_without_an_estimate() -> None:
    assert EN.wait(60, 180) == "Someone is with you in 1 to 3 minutes"
    assert EN.wait(None, None) == "We don’t know yet how long"
    assert NL.wait(60, 180) == "We zijn bij je over 1 tot 3 minuten"
    assert FI.wait(0, 120) == "Joku tulee luoksesi 2 minuutin sisällä"


@pytest.mark.parametrize(("low", "high"), [(0, 601), (60, 700), (1260, 4620), (3600, 86_400)])
def test_an_estimate_too_wide_to_help_is_said_in_words(low: float, high: float) -> None:
    assert not is_useful_wait(low, high)
    for texts in (EN, NL, FI):
        said = texts.wait(low, high)
        assert str(-int(-high // 60)) not in said
        assert texts.minutes(low, high) not in said
    assert EN.wait(1260, 4620) == "It takes 21 minutes or more, perhaps much longer"
    assert EN.wait(0, 900) == "It may be quick or take a while: we can’t say yet"


def test_an_estimate_of_ten_minutes_is_said_with_both_ends() -> None:
    assert is_useful_wait(60, 660)
    assert EN.wait(60, 660) == "Someone is with you in 1 to 11 minutes"


def test_a_target_of_whole_minutes_is_given_in_minutes() -> None:
    assert EN.within(60) == "within a minute"
    assert EN.within(90) == "within 90 seconds"
    assert NL.within(300) == "binnen 5 minuten"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0:00"), (-3, "0:00"), (8.9, "0:08"), (160, "2:40"), (3760, "1:02:40")]
)
def test_a_clock_counts_whole_seconds(seconds: float, expected: str) -> None:
    assert Texts.clock(seconds) == expected


@pytest.mark.parametrize(
    ("texts", "time", "moment", "heading", "date", "weekdays"),
    [
        (EN, "09:05", "7 Mar 09:05", "Saturday 7 March", "7 March", ("Saturday", "Saturday")),
        (NL, "09:05", "7 mrt 09:05", "Zaterdag 7 maart", "7 maart", ("zaterdag", "zaterdag")),
        (
            FI,
            "9.05",
            "7.3. klo 9.05",
            "Lauantai 7. maaliskuuta",
            "7. maaliskuuta",
            ("lauantaina", "lauantai"),
        ),
    ],
)
def test_each_language_writes_times_and_dates_in_its_own_way(
    texts: Texts, time: str, moment: str, heading: str, date: str, weekdays: tuple[str, str]
) -> None:
    at = datetime(2026, 3, 7, 9, 5, tzinfo=ZoneInfo("Europe/Amsterdam"))
    assert (texts.time(at), texts.moment(at)) == (time, moment)
    assert (texts.heading(at), texts.date(at)) == (heading, date)
    assert (texts.on_weekday(at), texts.weekday(at)) == weekdays


def test_the_greeting_depends_on_the_hour() -> None:
    assert [EN.greeting(hour) for hour in (5, 11)] == ["Good morning."] * 2
    assert [EN.greeting(hour) for hour in (12, 17)] == ["Good afternoon."] * 2
    assert [EN.greeting(hour) for hour in (18, 23, 4)] == ["Good evening."] * 3


def test_a_ticket_has_a_friendly_name() -> None:
    assert [texts.ticket_name("A-42") for texts in (EN, NL, FI)] == [
        "Blue Heron",
        "Blauwe Reiger",
        "Sininen haikara",
    ]


def test_money_is_written_as_the_language_does() -> None:
    assert EN.money(900) == "€9"
    assert EN.money(1250) == "€12.50"
    assert FI.money(900) == "9\xa0€"
    assert NL.money(1250).replace("\xa0", " ") == "€ 12,50"


def test_the_stores_own_texts_fall_back_to_english_and_then_to_any() -> None:
    assert FI.text({"en": "Phones", "fi": "Puhelimet"}) == "Puhelimet"
    assert FI.text({"en": "Phones", "nl": "Telefoons"}) == "Phones"
    assert FI.text({"nl": "Telefoons", "fi": ""}) == "Telefoons"
    assert FI.text({}, "–") == "–"
    assert FI.text(None) == ""


def test_a_place_inside_a_sentence() -> None:
    place = {"en": "Phones", "nl": "Bij de telefoons", "fi": "Puhelinten luona"}
    assert EN.by_place(place) == "by the phones"
    assert NL.by_place(place) == "bij de telefoons"
    assert FI.by_place(place) == "puhelinten luona"
    assert EN.by_place({"en": "TVs"}) == "by the TVs"
    assert EN.inside("") == ""


def test_the_first_texts_need_no_babel() -> None:
    code = (
        "import sys; from assets.i18n.texts import Texts;"
        "Texts('fi').say('kiosk.need.question'); Texts('fi').ticket_name('A-1');"
        "sys.exit(any(name.split('.')[0] in ('babel', 'kivy') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
