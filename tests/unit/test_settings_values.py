"""Every value of `store.toml` is read as it is written, or refused with file, key, reason and a way out."""

import re
from pathlib import Path

import pytest

from sync_server.service.config.load import load_settings
from tests.sample_store import STORE_TOML

from .settings_text import refused, with_line


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.toml"


# --- times -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("08:30", "08:30"),
        ("8:30", "08:30"),
        ("08.30", "08:30"),
        ("21.30", "21:30"),
        (" 21:30 ", "21:30"),
        ("0:05", "00:05"),
        ("24:00", "00:00"),
        ("24.00", "00:00"),
    ],
)
def test_a_closing_time_is_read_as_it_is_written(path, written, read):
    path.write_text(with_line(f'closes = "{written}"'), "utf-8")
    assert load_settings(path).store.closes == read


ONLY_LIKE_A_TIME = [
    "",
    "21",
    "2130",
    "T21",
    "21:30:00",
    "21:30:15.5",
    "21:30+02:00",
    "21:30Z",
    "21:60",
    "25:00",
    "24:30",
    "-1:30",
    "9 pm",
    "08.3",
    "8:3",
    "٢١:٣٠",
    "21h30",
]


@pytest.mark.parametrize("written", ONLY_LIKE_A_TIME)
def test_what_only_looks_like_a_closing_time_is_refused(path, written):
    (problem,) = refused(path, with_line(f'closes = "{written}"'))
    assert problem == f'store.closes: "{written}" is no time of day; write it as "21:00"'


@pytest.mark.parametrize("written", [text for text in ONLY_LIKE_A_TIME if text])
def test_what_only_looks_like_a_backup_time_is_refused(path, written):
    (problem,) = refused(path, f'{STORE_TOML}\n[backup]\nat = "{written}"\n')
    assert problem == (
        f'backup.at: "{written}" is no time of day; write it as "03:30", or "" for no nightly backup'
    )


@pytest.mark.parametrize(("written", "read"), [("3.15", "03:15"), ("24:00", "00:00"), ("", ""), (" ", "")])
def test_a_backup_time_is_read_as_it_is_written(path, written, read):
    path.write_text(f'{STORE_TOML}\n[backup]\nat = "{written}"\n', "utf-8")
    assert load_settings(path).backup.at == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("9:00-18:00", "09:00-18:00"),
        ("9.00 – 18.30", "09:00-18:30"),
        ("09:00—24:00", "09:00-24:00"),
        ("18:00-2:00", "18:00-02:00"),
        ("Closed", "closed"),
        (" closed ", "closed"),
    ],
)
def test_hours_are_read_as_they_are_written(path, written, read):
    hours = (
        f'[store.hours]\nmon = "{written}"\ntue = "10:00-11:00"\n[store.dates]\n2026-12-24 = "{written}"\n'
    )
    path.write_text(STORE_TOML.replace("[server]", f"{hours}[server]"), "utf-8")
    store = load_settings(path).store
    assert (store.hours["mon"], store.dates["2026-12-24"]) == (read, read)


@pytest.mark.parametrize(
    "written", ["9-18", "09:00", "24:00-09:00", "09:00-25:00", "0900-1800", "", "9:00-9.00"]
)
def test_what_only_looks_like_hours_is_refused(path, written):
    hours = f'[store.hours]\nmon = "{written}"\n'
    (problem,) = refused(path, STORE_TOML.replace("[server]", f"{hours}[server]"))
    assert problem.startswith(f'store.hours.mon: "{written}" ')
    assert "09:00-18:00" in problem or "00:00-24:00" in problem


@pytest.mark.parametrize(
    "written", ["20261224", "2026-W52-4", "24.12.2026", "2026-02-30", "1999-12-31", "9999-12-31", "2026-1-1"]
)
def test_a_date_has_one_form_so_no_day_is_there_twice(path, written):
    dates = f'[store.dates]\n"{written}" = "closed"\n'
    (problem,) = refused(path, STORE_TOML.replace("[server]", f"{dates}[server]"))
    assert problem == (
        f'store.dates: "{written}" is no date from 2000 to 2199; write it as "2026-12-25" (year-month-day)'
    )


# --- numbers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number", ["nan", "inf", "-inf", "1e300", "1e-300", "0", "-1", "99999999999999999999"]
)
@pytest.mark.parametrize("key", ["offer_s", "ask_again_s", "idle_s", "service_level_s", "max_active"])
def test_a_number_has_bounds(path, key, number):
    text = STORE_TOML.replace("offer_s = 15", f"{key} = {number}")
    (problem,) = refused(path, text)
    assert problem.startswith(f"times.{key}: ")
    assert re.search(r"is not between \S+ and \S+$|must be a whole number", problem), problem


@pytest.mark.parametrize("number", ["nan", "inf", "1e300", "-101", "86401"])
@pytest.mark.parametrize("key", ["target_wait_s", "target_service_s", "priority"])
def test_a_number_of_a_need_has_bounds(path, key, number):
    text = STORE_TOML.replace("target_wait_s = 90\n", "").replace(
        'icon = "tool"', f'icon = "tool"\n{key} = {number}'
    )
    (problem,) = refused(path, text)
    assert problem.startswith((f'needs "repair", {key}: ', f'needs[0] ("repair"), {key}: '))


@pytest.mark.parametrize(
    "line", ["goodwill_limit_cents = -1", "goodwill_limit_cents = 100000001", "goodwill_limit_cents = inf"]
)
def test_the_limit_of_goodwill_has_bounds(path, line):
    problem, *_ = refused(path, with_line(line))
    assert problem.startswith("store.goodwill_limit_cents: ")


def test_a_number_of_5000_digits_is_named_with_its_line(path):
    text = STORE_TOML.replace("offer_s = 15", f"offer_s = {'9' * 5000}")
    line = text[: text.index("offer_s")].count("\n") + 1
    (problem,) = refused(path, text)
    assert problem == f"line {line} (`offer_s`): a number of 5000 digits; write one of at most 15"


def test_a_number_of_4000_digits_is_shown_shortened(path):
    (problem,) = refused(path, STORE_TOML.replace("offer_s = 15", f"max_active = {'9' * 4000}"))
    assert problem == f"times.max_active: {'9' * 20}… is not between 1 and 20"


@pytest.mark.parametrize("number", ["9" * 400, "0x" + "9" * 5000])
def test_a_number_with_too_many_digits_says_so(path, number):
    (problem,) = refused(path, STORE_TOML.replace("offer_s = 15", f"offer_s = {number}"))
    assert problem == "times.offer_s: has too many digits; write a number of at most 15"


def test_lists_within_lists_within_lists_are_refused(path):
    (problem,) = refused(path, f"x = {'[' * 5000}{']' * 5000}\n")
    assert problem == "not valid TOML: brackets within brackets, too many; compare it with the example"


# --- what is there twice ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('languages = ["en"]', 'languages = ["en", "en"]', 'store.languages: "en" is there twice; leave one'),
        (
            'skills = ["sales"]\n',
            'skills = ["sales", "sales"]\n',
            'needs "buy", skills: "sales" is there twice; leave one',
        ),
        (
            'prefer = ["repair"]',
            'prefer = ["repair", "repair"]',
            'needs "buy", prefer: "repair" is there twice; leave one',
        ),
        (
            'endings = ["solved"]',
            'endings = ["solved", "sold", "solved"]',
            'needs "repair", endings: "solved" is there twice; leave one',
        ),
        (
            'needs = ["repair"]',
            'needs = ["repair", "repair"]',
            'tips "dry", needs: "repair" is there twice; leave one',
        ),
    ],
)
def test_what_is_in_a_list_twice_is_named(path, old, new, problem):
    assert old in STORE_TOML
    assert problem in refused(path, STORE_TOML.replace(old, new, 1))


# --- texts -----------------------------------------------------------------------------------------------


def test_every_value_of_the_wrong_kind_is_named_at_once_in_plain_words(path):
    text = STORE_TOML.replace('icon = "tool"', "icon = 3").replace("offer_s = 15", 'offer_s = "soon"')
    text = text.replace('closes = "21:00"', "closes = 21:00:00").replace(
        'languages = ["en"]', "languages = 7"
    )
    assert refused(path, text) == [
        "store.languages: must be a list in [ ], not a whole number",
        "store.closes: must be a text in quotes, not a time without quotes",
        "times.offer_s: must be a number, not a text",
        'needs[0] ("repair"), icon: must be a text in quotes, not a whole number',
    ]


@pytest.mark.parametrize("currency", ["", "euro", "eur", "€", "XYZ", "EURO"])
def test_a_currency_is_one_that_exists(path, currency):
    (problem,) = refused(path, with_line(f'currency = "{currency}"'))
    assert problem == f'store.currency: "{currency}" is no currency; write its three letters, such as "EUR"'


@pytest.mark.parametrize(
    "zone",
    [
        "Europe",
        "Europe/",
        "",
        ".",
        "/etc/localtime",
        "../UTC",
        "Europe/Amsterdam\\u0000",
        "localtime",
        "posixrules",
        "right/Europe/Amsterdam",
    ],
)
def test_a_time_zone_is_one_that_exists(path, zone):
    (problem,) = refused(path, with_line(f'timezone = "{zone}"'))
    assert problem.startswith("store.timezone: ")
    assert "site-packages" not in problem
    assert 'is no time zone; use a name such as "Europe/' in problem


def test_a_time_zone_that_is_nearly_right_is_suggested(path):
    (problem,) = refused(path, with_line('timezone = "Europe/Amsterdm"'))
    assert problem.endswith('use a name such as "Europe/Amsterdam"')


@pytest.mark.parametrize("folder", ["~/backups", "~", "", " ", "a\\u0000b", "a\\nb"])
def test_a_folder_is_a_path_as_it_is_written(path, folder):
    (problem,) = refused(path, f'{STORE_TOML}\n[backup]\nfolder = "{folder}"\n')
    assert problem.startswith("backup.folder: ")
    assert "/mnt/usb-disk/welkom" in problem
