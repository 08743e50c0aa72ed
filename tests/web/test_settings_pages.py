"""The pages of the settings on a running server: what is saved is in the file, and what is wrong is said."""

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sync_server.service.config.load import load_settings
from sync_server.service.config.model import Settings
from sync_server.service.settings.first_steps import STEPS, begin, remaining
from sync_server.web.manager.settings.field_table import ENTRY_LISTS, SECTIONS
from sync_server.web.manager.settings.filled_form import plain
from sync_server.web.manager.settings.setting_field import FieldKind, SettingField, plain_value

from .running_server import RunningServer
from .steps import sign_in_once, text_of

PAGES = "/manager/settings"
CONTROL = re.compile(
    r"<(?:(input)\b([^>]*)>|(textarea)\b([^>]*)>([^<]*)</textarea>|(select)\b([^>]*)>(.*?)</select>)",
    re.DOTALL,
)


@pytest.fixture
def http(running: RunningServer) -> Iterator[requests.Session]:
    with requests.Session() as found:
        found.trust_env = False
        sign_in_once(running, found)
        yield found


def fields_of(page: requests.Response) -> list[tuple[str, str]]:
    """What a browser would send of the largest form of a page, if nobody touched it."""
    form = max(re.findall(r"<form.*?</form>", page.text, re.DOTALL), key=len)
    sent = []
    for groups in CONTROL.findall(form):
        tag, attributes = next((groups[n], groups[n + 1]) for n in (0, 2, 5) if groups[n])
        text, options = groups[4], groups[7]
        has = dict(re.findall(r'([\w-]+)="([^"]*)"', attributes))
        if "name" not in has:
            continue
        value = has.get("value", "on") if tag == "input" else text
        if tag == "select":
            chosen = re.search(r'<option value="([^"]*)" selected', options)
            value = chosen[1] if chosen else ""
        if has.get("type") in ("checkbox", "radio") and not re.search(r"\bchecked\b", attributes):
            continue
        if has.get("type") != "file":
            sent.append((has["name"], html.unescape(value).strip()))
    return sent


class SettingsPages:
    """The manager's way through the pages."""

    def __init__(self, running: RunningServer, http: requests.Session) -> None:
        self.running, self.http = running, http

    def open(self, path: str) -> requests.Response:
        page = self.http.get(f"{self.running.address}{PAGES}{path}")
        assert page.status_code == 200, page.text
        return page

    def send(
        self, path: str, *typed: tuple[str, str], opened: requests.Response | None = None
    ) -> requests.Response:
        """Opens a page, types, and saves."""
        form = fields_of(self.open(path) if opened is None else opened)
        names = {name for name, _ in typed}
        kept = [(name, value) for name, value in form if name not in names]
        return self.http.post(f"{self.running.address}{PAGES}{path}", [*kept, *typed], allow_redirects=False)

    @property
    def settings(self) -> Settings:
        return load_settings(self.running.server.data_dir.settings)


@pytest.fixture
def pages(running: RunningServer, http: requests.Session) -> SettingsPages:
    return SettingsPages(running, http)


OTHERS: dict[str, tuple[str, Any]] = {  # what is typed, and what the file has then
    "store.name": ("Our shop", "Our shop"),
    "store.currency": ("SEK", "SEK"),
    "store.timezone": ("Europe/Helsinki", "Europe/Helsinki"),
    "store.public_url": ("http://192.168.1.10:8350", "http://192.168.1.10:8350"),
    "store.goodwill_limit_cents": ("30,50", 3050),
    "backup.at": ("04:15", "04:15"),
    "backup.folder": ("elsewhere", "elsewhere"),
    "server.web": ("127.0.0.1:9350", "127.0.0.1:9350"),
    "server.sync": ("127.0.0.1:9351", "127.0.0.1:9351"),
    "server.enrol": ("127.0.0.1:9352", "127.0.0.1:9352"),
    "server.proxies": ("10.0.0.1", ("10.0.0.1",)),
    "privacy.keep_descriptions_h": ("12", 12),
}
TOGETHER = {"server.tls_cert", "server.tls_key"}  # the one needs the other


def _other_value(field: SettingField, now: Any) -> tuple[list[tuple[str, str]], Any]:
    """Something else to type in a field, and the value that the settings have then."""
    if field.path in OTHERS:
        typed, value = OTHERS[field.path]
        return [(field.path, typed)], value
    if field.kind is FieldKind.TOGGLE:
        return ([] if now else [(field.path, "on")]), not now
    if field.kind is FieldKind.RANKED:
        return [(field.path, "nl"), (field.path, "en")], ("nl", "en")
    if field.kind is FieldKind.CHOICE:
        accepted = "I accept that passwords can be read on this network"
        return [(field.path, accepted)], accepted
    return [(field.path, f"{now + 1:g}")], now + 1


def test_every_key_of_the_sections_is_changed_on_its_page(pages):
    for section in SECTIONS:
        for field in section.fields:
            if field.path in TOGETHER:
                continue
            typed, value = _other_value(field, plain_value(plain(pages.settings), field.path))
            form = [one for one in fields_of(pages.open(f"/{section.slug}")) if one[0] != field.path]
            address = f"{pages.running.address}{PAGES}/{section.slug}"
            answer = pages.http.post(address, [*form, *typed], allow_redirects=False)
            assert answer.status_code == 303, (field.path, text_of(answer))
            assert plain_value(plain(pages.settings), field.path) == value, field.path
    pages.send("/server", ("server.tls_cert", "a.pem"), ("server.tls_key", "b.pem"))
    assert pages.settings.server.tls_cert == "a.pem"


def test_an_untouched_form_of_each_page_changes_nothing(pages):
    before = pages.running.server.data_dir.settings.read_text("utf-8")
    first = {
        "needs": "repair",
        "employees": "maya",
        "skills": "repair",
        "places": "seats",
        "tips": "restart",
        "gifts": "cable",
    }
    for path in [
        *(f"/{one.slug}" for one in SECTIONS),
        "/hours",
        *(f"/{t}/{name}" for t, name in first.items()),
    ]:
        assert pages.send(path).status_code == 303, path
    assert pages.running.server.data_dir.settings.read_text("utf-8") == before


def test_a_need_is_added_changed_and_taken_out_and_comments_stay(pages):
    texts = [(f"text.{code}", f"Gift wrapping {code}") for code in ("en", "nl", "fi")]
    made = pages.send("/needs/new", *texts, ("under", "other"), ("icon", "gift"), ("skills", "counter"))
    assert made.headers["location"] == f"{PAGES}/needs/gift_wrapping_en?saved"
    need = pages.settings.needs[-1]
    assert (need.code, need.under, need.icon, need.skills) == (
        "gift_wrapping_en",
        "other",
        "gift",
        ("counter",),
    )
    pages.send(
        "/needs/gift_wrapping_en", ("target_service_s", "90"), ("endings", "solved"), ("endings", "sold")
    )
    assert (pages.settings.needs[-1].target_service_s, pages.settings.needs[-1].endings) == (
        90,
        ("solved", "sold"),
    )
    pages.send("/needs/gift_wrapping_en/remove", opened=pages.open("/needs/gift_wrapping_en"))
    assert "gift_wrapping_en" not in {one.code for one in pages.settings.needs}
    assert "# `skills` are always required." in pages.running.server.data_dir.settings.read_text("utf-8")


def test_entries_of_every_list_are_added_with_their_words_alone(pages):
    for listed in ENTRY_LISTS:
        texts = [(f"text.{code}", "Something new") for code in ("en", "nl", "fi")]
        typed = [("name", "Ola")] if listed.table == "employees" else texts
        if listed.table == "gifts":
            typed = [*typed, ("cents", "2.50")]
        if listed.table in ("needs", "places"):  # their screens are full
            last = getattr(pages.settings, listed.table)[-1].code
            pages.send(f"/{listed.table}/{last}/remove", opened=pages.open(f"/{listed.table}/{last}"))
            typed = [*typed, ("under", "other")] if listed.table == "needs" else typed
        made = pages.send(f"/{listed.table}/new", *typed)
        assert made.status_code == 303, (listed.table, text_of(made))


def test_a_wrong_value_is_said_beside_its_field_and_what_was_typed_stays(pages):
    page = pages.send("/shop", ("store.timezone", "Europe/Amsterdm"), ("store.name", "Ours"))
    assert page.status_code == 400
    assert re.search(r'id="p-store.timezone">&#34;Europe/Amsterdm&#34; is no time zone', page.text)
    assert 'value="Ours"' in page.text
    assert pages.settings.store.name == "Lumen & Co"


def test_a_fault_is_said_in_the_language_of_the_page(pages):
    pages.open("/shop?lang=fi")
    page = pages.send("/shop", ("store.timezone", "Europe/Amsterdm"))
    assert '"Europe/Amsterdm" ei ole aikavyöhyke' in html.unescape(page.text)
    text = pages.running.server.data_dir.settings.read_text("utf-8").replace("[store]", "[store]\nwhat = 1")
    page = pages.send("/file", ("text", text), ("check", ""))
    assert "store: tuntematon avain `what`; tunnetut: name" in html.unescape(page.text)


def test_two_managers_on_one_page(pages):
    opened = pages.open("/times")
    pages.send("/times", ("times.offer_s", "20"), ("times.idle_s", "50"))
    merged = pages.send("/times", ("times.wrap_up_s", "7"), opened=opened)
    assert merged.status_code == 303  # they changed different fields: both count
    times = pages.settings.times
    assert (times.offer_s, times.idle_s, times.wrap_up_s) == (20, 50, 7)
    asked = pages.send("/times", ("times.offer_s", "30"), opened=opened)
    assert asked.status_code == 409
    assert "manager saved another value here (7 Mar 17:10): 20" in text_of(asked)
    assert pages.settings.times.offer_s == 20
    again = pages.send("/times", opened=asked)
    assert again.status_code == 303
    assert pages.settings.times.offer_s == 30
    week = pages.open("/hours")
    pages.send("/hours", ("week", "on"), ("day.mon.closes", "20:00"))
    both = pages.send("/hours", ("week", "on"), ("day.mon.closes", "19:00"), opened=week)
    assert "manager saved another value here (7 Mar 17:10): Monday 09:00-20:00, Tuesday" in text_of(both)


def test_a_skill_that_is_needed_goes_with_its_names(pages):
    pages.send("/skills/repair/remove", opened=pages.open("/skills/repair"))
    assert all("repair" not in need.skills for need in pages.settings.needs)
    assert all("repair" not in person.skills for person in pages.settings.employees)


def test_hours_and_dates(pages):
    page = pages.send(
        "/hours", ("week", "on"), ("day.sun.opens", ""), ("day.sun.closes", ""), ("day.fri.closes", "00:00"),
        ("date.0", "2026-12-25"), ("date.1", "2026-12-24"),
        ("hours.1.opens", "09:00"), ("hours.1.closes", "15:00"),
    )  # fmt: skip
    assert page.status_code == 303
    store = pages.settings.store
    assert (store.hours["sun"], store.hours["fri"], store.hours["mon"]) == (
        "closed",
        "09:00-24:00",
        "09:00-18:00",
    )
    assert store.dates == {"2026-12-25": "closed", "2026-12-24": "09:00-15:00"}
    assert pages.send("/hours").status_code == 303
    form = [one for one in fields_of(pages.open("/hours")) if one[0] != "week"]
    pages.http.post(f"{pages.running.address}{PAGES}/hours", form)
    assert pages.settings.store.hours == {}


def test_the_order_of_tiles_is_changed_past_the_neighbour_on_the_same_screen(pages):
    form = [("token", dict(fields_of(pages.open("/needs")))["token"]), ("name", "return"), ("up", "")]
    pages.http.post(f"{pages.running.address}{PAGES}/needs", form)
    first = [need.code for need in pages.settings.catalogue().needs_under(None)]
    assert first == ["repair", "pick_up", "return", "choose", "show_me", "other"]


def test_pins_of_places(pages):
    assert pages.send("/places/plan", ("seats.x", "40"), ("seats.y", "140"), opened=pages.open("/places")).ok
    seats = next(place for place in pages.settings.places if place.code == "seats")
    assert (seats.x, seats.y) == (40, 100)


def test_a_list_with_wrong_lines_changes_nothing_and_names_them(pages):
    page = pages.send("/people-list", ("list", "Ola;repair\nKari;welding\n;sales"))
    assert page.status_code == 400
    assert "Line 2: there is no skill “welding”" in text_of(page)
    assert "Line 3: the name is missing" in text_of(page)
    assert len(pages.settings.employees) == 6
    assert pages.send("/people-list", ("list", "Ola;repair\nKari;sales")).status_code == 303
    assert [person.name for person in pages.settings.employees[-2:]] == ["Ola", "Kari"]


def test_a_trade_is_taken_over_as_a_whole_or_not_at_all(pages):
    shown = pages.open("/trade?trade=pharmacy&mode=replace")
    assert "Pick up a prescription" in text_of(shown)
    token = dict(fields_of(shown))
    version = re.search(r'name="version" value="(\w+)"', shown.text)[1]
    token_of = re.search(r'name="token" value="([^"]+)"', shown.text)[1]
    assert token is not None
    form = {"token": token_of, "trade": "pharmacy", "mode": "add", "version": version}
    refused = pages.http.post(f"{pages.running.address}{PAGES}/trade", form)
    assert refused.status_code == 409  # no room for six more tiles
    assert "a kiosk screen shows at most 6" in text_of(refused)
    assert pages.settings.needs[0].code == "repair"
    done = pages.http.post(
        f"{pages.running.address}{PAGES}/trade", {**form, "mode": "replace"}, allow_redirects=False
    )
    assert done.status_code == 303
    assert pages.settings.needs[0].code == "prescription"
    assert pages.settings.employees[0].name == "Maya"


def test_the_assistant_can_be_left_and_goes_on_where_it_was(pages):
    data_dir = pages.running.server.data_dir
    begin(data_dir)
    assert "4 steps left" in text_of(pages.http.get(f"{pages.running.address}/manager/now"))
    unnamed = pages.send("/start/shop", ("name", " "), ("trade", "optician"))
    assert unnamed.status_code == 400
    assert remaining(data_dir) == STEPS
    done = pages.send(
        "/start/shop", ("name", "Sharp"), ("trade", "optician"), ("languages", "en"), ("first", "en")
    )
    assert done.headers["location"].endswith("/start/hours")
    assert (pages.settings.store.name, pages.settings.store.languages) == ("Sharp", ("en",))
    assert pages.http.get(f"{pages.running.address}{PAGES}/start").url.endswith("/start/hours")
    pages.send("/start/hours")
    assert pages.settings.store.hours["thu"] == "09:30-21:00"  # as opticians have it
    slips = pages.send("/start/people", ("name", "Ann"), ("name", "Bo"), ("name", "Ann"))
    pins = re.findall(r'class="pin-digits">(\d{6})<', slips.text)
    assert (len(pins), [person.id for person in pages.settings.employees]) == (2, ["ann", "bo"])
    assert "PIN" not in text_of(pages.open("/start/people")).partition("Name 1")[2]
    pages.send("/start/devices")
    assert remaining(data_dir) == ()
    assert "steps left" not in text_of(pages.http.get(f"{pages.running.address}/manager/now"))


def test_a_new_pin_is_shown_once_and_lets_its_owner_in(pages):
    token = dict(fields_of(pages.open("/employees/maya")))["token"]
    slip = pages.http.post(f"{pages.running.address}{PAGES}/employees/maya/pin", {"token": token})
    assert re.search(r'class="pin-digits">\d{6}<', slip.text)
    assert pages.http.get(f"{pages.running.address}{PAGES}/employees/maya/pin").status_code == 405


def test_what_is_in_use_says_so(pages):
    pages.running.open("repair")
    assert "In use by 1 visit now" in text_of(pages.open("/needs/repair"))
