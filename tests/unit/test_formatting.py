"""How the pages write durations, shares and figures in each language."""

import pytest
from markupsafe import Markup

from sync_server.web.http import formatting


@pytest.mark.parametrize(
    ("language", "share", "mean"), [("en", "81 %", "4.4"), ("nl", "81 %", "4,4"), ("fi", "81 %", "4,4")]
)
def test_each_language_writes_figures_in_its_own_way(language: str, share: str, mean: str) -> None:
    assert formatting.percent(0.81, language).replace("\xa0", " ") == share
    assert formatting.decimal(4.36, language) == mean


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0, "0:00"), (9.9, "0:09"), (108, "1:48"), (3599, "59:59"), (3730, "1:02:10")],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert formatting.duration(seconds) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(60, 120, "1–2"), (0, 60, "0–1"), (120, 120, "2"), (None, 60, "–"), (60, None, "–")],
)
def test_minutes_of_a_bracket(low: float | None, high: float | None, text: str) -> None:
    assert formatting.minutes_bracket(low, high) == text


@pytest.mark.parametrize(("score", "text"), [(52.4, "+52"), (-3, "−3"), (0, "0"), (None, "–")])
def test_signed_figures(score: float | None, text: str) -> None:
    assert formatting.signed(score, "en") == text


def test_an_unknown_figure_is_a_dash() -> None:
    assert formatting.percent(None, "en") == formatting.decimal(None, "en") == "–"


def test_a_number_stays_on_the_line_of_its_word() -> None:
    assert formatting.keep_numbers_together("112 visits, 6 left") == "112\xa0visits, 6\xa0left"


def test_emphasised_values_are_never_markup() -> None:
    text = "about \ue000 & <i>\ue001</i>"
    found = formatting.emphasise(text, {"\ue000": "<b>", "\ue001": "2"}, "warm")
    assert isinstance(found, Markup)
    assert found == ('about <b class="warm">&lt;b&gt;</b> &amp; &lt;i&gt;<b class="warm">2</b>&lt;/i&gt;')
