"""`store.toml`: a correct one is read, and each wrong line is named with file, key and reason."""

import re
from pathlib import Path

import pytest

from sync_server.domain.resolution import Resolution
from sync_server.service.config.load import SettingsError, load_settings
from tests.sample_store import STORE_TOML


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "store.toml"
    path.write_text(STORE_TOML, "utf-8")
    return path


def problems(path: Path) -> list[str]:
    """Every fault found, without the file's name, with which each must begin."""
    with pytest.raises(SettingsError) as error:
        load_settings(path)
    assert str(error.value) == "\n".join(error.value.problems)
    for problem in error.value.problems:
        assert problem.startswith(f"{path}: ")
    return [problem.removeprefix(f"{path}: ") for problem in error.value.problems]


def test_a_right_file_is_read_whole(path):
    settings = load_settings(path)
    assert settings.store.name == "Test shop"
    assert [need.code for need in settings.needs] == ["repair", "buy", "ask", "advice", "advice_sound"]
    assert settings.needs[0].self_help.icon == "bulb"
    assert settings.employees[0].skills == {"repair", "sales"}
    assert settings.server.sync == "127.0.0.1:0"
    assert settings.times.offer_s == 15
    shop = settings.catalogue()
    assert shop.need("repair").target_wait_s == 90
    assert (shop.tips[0].code, shop.gifts[0].cents, shop.places[0].code) == ("dry", 900, "door")


def test_a_missing_key_has_its_default_value(path):
    text = re.sub(r"(?s)\[server\].*?\n\n", "", STORE_TOML)
    path.write_text(text)
    settings = load_settings(path)
    assert (settings.server.sync, settings.server.web) == ("0.0.0.0:7350", "127.0.0.1:8350")


# --- the file itself -----------------------------------------------------------------------------------


def test_a_missing_file_is_named(tmp_path):
    assert problems(tmp_path / "store.toml") == [
        "not found; `welkom init` makes a folder with one to start from"
    ]


def test_a_folder_in_its_place_is_named(tmp_path):
    (problem,) = problems(tmp_path)
    assert "cannot be read" in problem


def test_a_file_that_is_no_toml_is_named_with_the_line(path):
    path.write_text(STORE_TOML + "\n[store\n")
    (problem,) = problems(path)
    assert problem.startswith("not valid TOML: ")
    assert "line" in problem


def test_a_file_in_another_encoding_is_named(path):
    path.write_bytes(b'[store]\nname = "Caf\xe9"\n')
    (problem,) = problems(path)
    assert "is not UTF-8 text; save the file as UTF-8" in problem


# --- one wrong line --------------------------------------------------------------------------------------

WRONG = [
    # what kind of value
    ('name = "Test shop"', "name = 7", r"store\.name: must be a text in quotes, not a whole number"),
    ('name = "Test shop"', 'nome = "x"', r"store: .*(nome|name)"),
    ("offer_s = 15", 'offer_s = "soon"', r"times\.offer_s: must be a number, not a text"),
    ('icon = "tool"', "icon = 3", r'needs\[0\] \("repair"\), icon: must be a text in quotes'),
    ('icon = "tool"', "", r'needs\[0\] \("repair"\): .*icon'),
    ('icon = "tool"', 'icon = "tool"\nsize = 3', r'needs\[0\] \("repair"\): .*size'),
    ("cents = 900", 'cents = "9.00"', r'gifts\[0\] \("cable"\), cents: must be a whole number'),
    (
        'skills = ["repair", "sales"]',
        'skills = "all"',
        r'employees\[0\] \("maya"\), skills: must be a list in \[ \]',
    ),
    ("[times]", "[tymes]", r".*tymes"),
    # the store
    ('name = "Test shop"', 'name = " "', r"store\.name: is empty"),
    (
        'timezone = "Europe/Amsterdam"',
        'timezone = "Mars/Base"',
        r'store\.timezone: "Mars/Base" is no time zone',
    ),
    ('timezone = "Europe/Amsterdam"', 'timezone = "../etc"', r'store\.timezone: "\.\./etc" is no time zone'),
    ('closes = "21:00"', 'closes = "9 pm"', r'store\.closes: "9 pm" is no time of day'),
    # opening hours
    ("[server]", '[store.hours]\nmonday = "09:00-18:00"\n[server]', r'store\.hours: "monday" is no weekday'),
    (
        "[server]",
        '[store.hours]\nmon = "9 to 5"\n[server]',
        r'store\.hours\.mon: "9 to 5" is neither hours such as "09:00-18:00" nor "closed"',
    ),
    ("[server]", '[store.hours]\nmon = "09:00-09:00"\n[server]', r"store\.hours\.mon: .* at the same time"),
    ("[server]", '[store.hours]\nmon = "closed"\n[server]', r"store\.hours: no day is open"),
    ("[server]", '[store.dates]\nxmas = "closed"\n[server]', r'store\.dates: "xmas" is no date'),
    (
        "[server]",
        '[store.dates]\n2026-12-25 = "shut"\n[server]',
        r'store\.dates\.2026-12-25: "shut" is',
    ),
    ('closes = "21:00"', "leftovers_min = -1", r"store\.leftovers_min: -1 is not between 0 and 720"),
    ('closes = "21:00"', "closing_warning_min = 999", r"store\.closing_warning_min: 999 is not between"),
    ('languages = ["en"]', "languages = []", r"store\.languages: is empty"),
    ('languages = ["en"]', 'languages = ["en", "tlh"]', r'store\.languages: unknown language "tlh"'),
    ('languages = ["en"]', 'languages = ["en", "fi"]', r'needs "repair", text: has no words in fi'),
    # times
    ("offer_s = 15", "offer_s = 0", r"times\.offer_s: 0 is not between 1 and 600"),
    ("offer_s = 15", "max_active = 0", r"times\.max_active: 0 is not between 1 and 20"),
    ("offer_s = 15", "credit_s = -1", r"times\.credit_s: -1 is not between 0 and 86400"),
    (
        "target_wait_s = 90",
        "target_wait_s = 0",
        r'needs "repair", target_wait_s: 0 is not between 1 and 86400',
    ),
    # codes
    ('code = "door"', 'code = "The Door"', r'places "The Door": a code has small letters'),
    ('code = "dry"', f'code = "{"x" * 41}"', r'tips "x+": a code has small letters'),
    ('code = "buy"', 'code = "ask"', r'needs "ask": is there twice'),
    ('id = "tom"', 'id = "maya"', r'employees "maya": is there twice'),
    # texts
    ('text = { en = "It is broken" }', 'text = { nl = "Stuk" }', r'needs "repair", text: has no words in en'),
    ('text = { en = "By the door" }', 'text = { en = " " }', r'places "door", text: has no words in en'),
    (
        'title = { en = "Try this" }',
        "title = { }",
        r'needs "repair", self_help\.title, text: has no words in en',
    ),
    # broken references
    (
        'skills = ["sales"]',
        'skills = ["selling"]',
        r'needs "buy", skills: unknown skill "selling"; known are',
    ),
    (
        'prefer = ["repair"]',
        'overflow = ["nobody"]',
        r'needs "buy", overflow: unknown employee "nobody"; known are',
    ),
    (
        'prefer = ["repair"]',
        'overflow = ["tom"]',
        r'needs "buy", overflow: "tom" is never asked without the skill sales',
    ),
    ('prefer = ["repair"]', 'prefer = ["charm"]', r'needs "buy", prefer: unknown skill "charm"'),
    (
        'endings = ["solved"]',
        'endings = ["vanished"]',
        r'needs "repair", endings: unknown resolution "vanished"',
    ),
    ('needs = ["repair"]', 'needs = ["dance"]', r'tips "dry", needs: unknown need "dance"'),
    (
        'skills = ["repair", "sales"]',
        'skills = ["magic"]',
        r'employees "maya", skills: unknown skill "magic"',
    ),
    ('under = "advice"', 'under = "nothing"', r'needs "advice_sound", under: there is no need "nothing"'),
    (
        'code = "advice"',
        'code = "advice"\nunder = "ask"',
        r'needs "advice_sound", under: "advice" is on a second',
    ),
    # impossible combinations
    ("cents = 900", "cents = 2501", r'gifts "cable", cents: 2501 is not between 1 and .*\(2500\)'),
    ("cents = 900", "cents = 0", r'gifts "cable", cents: 0 is not between'),
    ('colour = "#A1B2C3"', 'colour = "blue"', r'employees "maya", colour: "blue" is not of the form #A1B2C3'),
    ('sync = "127.0.0.1:0"', 'sync = "7350"', r'server\.sync: "7350" has no port; write it as "0\.0'),
    ('web = "127.0.0.1:0"', 'web = "localhost:99999"', r"server\.web: .* the port is a number up to 65535"),
]


@pytest.mark.parametrize(("old", "new", "expected"), WRONG)
def test_a_wrong_line_is_named_with_its_key_and_the_reason(path, old, new, expected):
    assert old in STORE_TOML
    path.write_text(STORE_TOML.replace(old, new, 1), "utf-8")
    found = problems(path)
    assert any(re.match(expected, problem) for problem in found), found


def test_every_wrong_line_is_named_at_once(path):
    text = STORE_TOML.replace('closes = "21:00"', 'closes = "late"').replace("offer_s = 15", "offer_s = -1")
    path.write_text(text.replace('colour = "#A1B2C3"', 'colour = "red"'))
    found = problems(path)
    assert [problem.split(":")[0] for problem in found] == [
        "store.closes",
        "times.offer_s",
        'employees "maya", colour',
    ]


def test_a_need_without_a_skilled_employee_is_named(path):
    text = STORE_TOML.replace('skills = ["repair", "sales"]', 'skills = ["sales"]')
    path.write_text(text.replace('name = "Tom"\nskills = ["repair"]', 'name = "Tom"\nskills = []'))
    assert problems(path) == ['needs "repair", skills: no employee has repair, so nobody could ever come']


def test_a_group_of_needs_requires_no_skilled_employee(path):
    text = STORE_TOML.replace('skills = ["repair", "sales"]', 'skills = ["sales"]')  # nobody has both now
    path.write_text(text.replace('code = "advice"', 'code = "advice"\nskills = ["sales", "repair"]', 1))
    load_settings(path)


def test_a_shop_without_anybody_or_anything_is_named(path):
    text = re.sub(r"(?s)\[\[employees\]\].*?(?=\n\[|\Z)", "", STORE_TOML)
    path.write_text("employees = []\n" + text)
    assert "employees: nobody works here yet; add at least one [[employees]]" in problems(path)
    path.write_text(re.sub(r"(?s)\[\[needs\]\].*?(?=\n\[\[(?!needs))", "", "needs = []\n" + STORE_TOML))
    assert problems(path)[-1].startswith("needs: nothing to choose on the first screen")


def a_need(code: str, more: str = "") -> str:
    return f'\n[[needs]]\ncode = "{code}"\ntext = {{ en = "x" }}\nicon = "i"\n{more}\n'


def test_as_many_tiles_as_a_screen_shows_are_right(path):
    path.write_text(STORE_TOML + "".join(a_need(f"n{n}") for n in range(2)))
    assert len(load_settings(path).catalogue().needs_under(None)) == 6


def test_more_tiles_than_a_screen_shows_are_named(path):
    path.write_text(STORE_TOML + "".join(a_need(f"n{n}") for n in range(3)))
    assert problems(path) == ["needs: 7 tiles on the first screen, but a kiosk screen shows at most 6"]
    path.write_text(STORE_TOML + "".join(a_need(f"n{n}", 'under = "advice"') for n in range(6)))
    assert problems(path) == ['needs: 7 tiles below "advice", but a kiosk screen shows at most 6']


def test_more_places_than_a_screen_shows_are_named(path):
    places = "".join(f'\n[[places]]\ncode = "p{n}"\ntext = {{ en = "x" }}\nicon = "i"\n' for n in range(6))
    path.write_text(STORE_TOML + places)
    assert problems(path) == ["places: 7 places, but a kiosk screen shows at most 6"]


def test_every_resolution_can_be_an_ending(path):
    every = ", ".join(f'"{resolution.value}"' for resolution in Resolution)
    path.write_text(STORE_TOML.replace('endings = ["solved"]', f"endings = [{every}]"))
    assert len(load_settings(path).needs[0].endings) == 10


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('at = "25:00"', 'backup.at: "25:00" is no time of day'),
        ("keep = 0", "backup.keep: 0 is not between 1 and 10000"),
        ('folder = ""', "backup.folder: is empty"),
    ],
)
def test_a_backup_that_could_not_be_is_named(path, line, fault):
    path.write_text(STORE_TOML + f"\n[backup]\n{line}\n")
    (problem,) = problems(path)
    assert problem.startswith(fault)


def test_a_proxy_is_an_address_or_a_network(path):
    def read(*proxies: str) -> None:
        path.write_text(STORE_TOML.replace("[server]", f"[server]\nproxies = {list(proxies)}"))

    read("127.0.0.1", "::1", "10.0.0.0/24")
    assert load_settings(path).server.proxies == ("127.0.0.1", "::1", "10.0.0.0/24")
    read("*", "proxy.local", "10.0.0.5/24", "0.0.0.0/0", "::/0", "")
    found = problems(path)
    assert len(found) == 6
    assert found[0] == 'server.proxies: "*" is no address; use a form such as "127.0.0.1" or "10.0.0.0/24"'
    assert found[3] == 'server.proxies: "0.0.0.0/0" is every address; name the address of your proxy'
