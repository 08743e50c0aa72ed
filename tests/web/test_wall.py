"""The wall display: letting it in by its code, what it shows, and what it does without the network."""

import re

import pytest
import requests
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from sync_server.domain import ops
from sync_server.service import server
from sync_server.service.auth.walls import Look, WallSettings, add_wall, list_walls
from sync_server.service.clock import ClockDoubt
from sync_server.service.enrol.wall_requests import EXPIRES_MS
from sync_server.service.limits.numbers import WALLS_ASKING_PER_ADDRESS, WRONG_WALL_CODES
from sync_server.service.net.http_connections import PAGES
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir
from tests.fake_clock import FakeClock

from .device_steps import post_form
from .network import dead_spot
from .running_server import RunningServer, running_server
from .steps import open_as_manager, sign_in_once, text_of

DESK = WallSettings("Desk", "en")


def add(running: RunningServer, settings: WallSettings = DESK) -> str:
    """A wall display that was let in. Its path."""

    async def write() -> str:
        return await running.server.processor.writer.call(lambda db: add_wall(db, settings, 0))

    return f"/wall/{running.run(write())}"


def get(running: RunningServer, http: requests.Session, path: str) -> str:
    answer = http.get(running.address + path, headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    return text_of(answer)


def code_of(page: str) -> str:
    found = re.search(r"\d{3} \d{3}", page)
    assert found, page
    return found[0]


# --- letting it in --------------------------------------------------------------------------------


def test_a_television_is_let_in_by_the_code_it_shows_and_removed(
    running: RunningServer, phone: Page, desktop: Page
) -> None:
    phone.goto(running.address + "/wall")
    code = phone.locator(".code").inner_text()
    open_as_manager(running, desktop, "/manager/devices")
    desktop.get_by_text("Show the tickets on a large screen").click()
    new = desktop.get_by_role("region", name="A wall display")
    new.get_by_label("Code on the screen").fill(code)
    new.get_by_label("Name").fill("By the desk")
    new.get_by_label("Language").select_option("nl")
    new.get_by_label("Look").select_option("dark")
    new.get_by_role("button", name="Let it in").click()
    phone.wait_for_url(re.compile(r"/wall/[\w-]{43}$"))
    expect(phone.get_by_role("heading")).to_have_text("Welkom")
    assert phone.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 26)"
    walls = desktop.get_by_role("region", name="Wall displays")
    expect(walls).to_contain_text("Shown now")
    walls.get_by_role("link", name="By the desk").click()
    desktop.get_by_label("Language").select_option("fi")
    desktop.get_by_role("button", name="Save").click()
    running.clock.after(6)
    running.sign_on("maya")  # something changes, so that the screen need not wait for its next turn
    expect(phone.get_by_role("heading")).to_have_text("Tervetuloa")
    desktop.get_by_role("link", name="By the desk").click()
    desktop.get_by_role("button", name="Remove this screen").click()
    running.sign_on("sam")
    expect(phone.locator(".code")).to_be_visible()  # it asks anew
    expect(desktop.get_by_role("region", name="Wall displays")).to_have_count(0)


def test_the_code_comes_along_with_a_scan(running: RunningServer, desktop: Page) -> None:
    open_as_manager(running, desktop, "/manager/devices?wall=482913")
    expect(desktop.get_by_label("Code on the screen")).to_have_value("482913")
    expect(desktop.get_by_label("Code on the screen")).to_be_visible()


def test_a_wrong_code_and_a_used_one_are_said_so(running: RunningServer, http: requests.Session) -> None:
    sign_in_once(running, http)
    code = code_of(get(running, http, "/wall"))
    other = f"{(int(code.replace(' ', '')) + 1) % 1_000_000:06d}"
    form = {"name": "Desk", "language": "en", "look": "light"}
    refused = post_form(running, http, "/manager/walls", code=other, **form)
    assert "No screen shows this code now" in text_of(refused)
    refused = post_form(running, http, "/manager/walls", code=code, **{**form, "name": ""})
    assert "Give the screen a name" in text_of(refused)
    assert post_form(running, http, "/manager/walls", code=code, **form).status_code == 303
    refused = post_form(running, http, "/manager/walls", code=code, **form)
    assert "No screen shows this code now" in text_of(refused)
    for _ in range(WRONG_WALL_CODES):
        refused = post_form(running, http, "/manager/walls", code=other, **form)
    assert "Too many wrong codes" in text_of(refused)
    with reading(running.server.data_dir.store) as db:
        assert [wall.settings for wall in list_walls(db)] == [replace(DESK, look=Look.LIGHT)]


def test_a_code_is_over_after_ten_minutes_and_many_screens_wait(
    running: RunningServer, http: requests.Session
) -> None:
    first = http.get(running.address + "/wall")
    running.clock.after(EXPIRES_MS / 1000 + 1)
    assert http.get(first.url + "/now").json() == {"to": "/wall"}
    for _ in range(WALLS_ASKING_PER_ADDRESS):
        http.get(running.address + "/wall")
    busy = http.get(running.address + "/wall")
    assert busy.status_code == 503
    assert "Many screens ask at the moment" in text_of(busy)
    assert busy.headers["Refresh"] == "15"


def test_who_only_looks_lets_nothing_in(running: RunningServer, http: requests.Session) -> None:
    answer = http.post(running.address + "/manager/walls", {"code": "1"}, allow_redirects=False)
    assert answer.headers["location"].startswith("/manager/sign-in")
    assert (
        http.get(f"{running.address}/wall/{'x' * 43}", allow_redirects=False).headers["location"] == "/wall"
    )
    assert http.get(f"{running.address}/wall/{'x' * 43}/events").status_code == 404


# --- what it shows --------------------------------------------------------------------------------


def test_it_shows_tickets_called_and_coming_and_in_line_and_no_names(
    running: RunningServer, http: requests.Session
) -> None:
    wall = add(running)
    running.sign_on("maya", "sam")
    coming, called = running.open("pick_up", code="A-42"), running.open("pick_up", code="A-43")
    coming.claim("maya")
    called.recall(called.visit.offer_to)
    running.open("repair", code="A-44")
    running.clock.after(1)
    running.open("repair", code="A-45")
    text = get(running, http, wall)
    assert "Somebody comes to you A-43 Red Panda We are looking for you A-42 Blue Heron" in text
    assert re.search(r"In line A-44 Yellow Giraffe next \d min or more A-45 White Lynx 1 before you", text)
    assert not re.search("Maya|Sam|repair|doesn’t work", text)
    coming.start("maya")
    assert "A-42" not in get(running, http, wall)


def test_forty_tickets_are_as_many_as_there_is_room_for(
    running: RunningServer, http: requests.Session
) -> None:
    wall = add(running)
    for n in range(40):
        running.open("repair", code=f"A-{n + 1}")
    text = get(running, http, wall)
    assert "A-14 " in text
    assert "A-15 " not in text
    assert "and 26 more" in text


def test_nobody_in_line_is_calm(running: RunningServer, http: requests.Session) -> None:
    assert "Welcome Nobody is in line." in get(running, http, add(running))


def test_a_closed_shop_says_when_it_opens(folder: DataDir, clock: FakeClock, http: requests.Session) -> None:
    hours = 'hours = { sat = "09:00-18:00", mon = "09:00-18:00" }\nname ='
    folder.settings.write_text(folder.settings.read_text("utf-8").replace("name =", hours, 1), "utf-8")
    with running_server(folder, clock) as running:
        wall = add(running)
        running.open("repair", code="A-7")
        clock.after(3600)
        assert "A-7" in get(running, http, wall)  # somebody who is still in line is shown after closing time
        running.submit_ok(ops.Cancel(running.call(lambda: running.server.processor.floor.line()[0].visit_id)))
        assert "We open on Monday at 09:00 We are closed for now." in get(running, http, wall)


def test_without_a_sure_clock_there_is_no_time(
    running: RunningServer, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = add(running)
    assert "17:10" in get(running, http, wall)
    monkeypatch.setattr(type(running.server.clock), "doubt", ClockDoubt(0, running.clock.now))
    assert "17:10" not in get(running, http, wall)


def test_a_new_ticket_that_is_called_appears_by_itself_and_sounds_if_wanted(
    running: RunningServer, desktop: Page
) -> None:
    desktop.add_init_script(
        "window.played = []; window.Audio = function (of) { this.play = async () => played.push(of); };"
    )
    running.sign_on("maya")
    ticket = running.open("repair", code="A-42")
    desktop.goto(running.address + add(running, replace(DESK, sound=True)))
    expect(desktop.get_by_text("Blue Heron")).to_be_visible()
    assert desktop.evaluate("window.played") == []
    ticket.claim("maya")
    expect(desktop.get_by_role("heading", name="Somebody comes to you")).to_be_visible()
    assert desktop.evaluate("window.played") == ["/static/called.wav"]


def test_without_the_network_it_says_so_calmly_and_is_live_again(
    folder: DataDir, clock: FakeClock, lenient_desktop: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = lenient_desktop
    monkeypatch.setattr(server, "PAGES", replace(PAGES, idle_s=1))
    with running_server(folder, clock) as running, dead_spot(running.server.pages.web) as network:
        page.goto(network.address + add(running))
        expect(page.get_by_text("Welcome")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("data-live", "yes")
        # Connections that the browser keeps would be silent for ever here, and each of them cost a try.
        network.wait_until_open(1)
        network.begin()
        expect(page.get_by_text("This screen is catching up.")).to_be_visible()
        running.open("repair", code="A-42")
        network.end()
        expect(page.get_by_text("Blue Heron")).to_be_visible()
        expect(page.get_by_text("This screen is catching up.")).to_be_hidden()


# --- what stays -----------------------------------------------------------------------------------


def test_only_the_hash_of_a_token_is_stored(running: RunningServer) -> None:
    token = add(running).removeprefix("/wall/")
    files = list(running.server.data_dir.path.glob("store.db*"))  # what was just written is beside the store
    assert any(b"walls" in file.read_bytes() for file in files)
    assert [file for file in files if token.encode() in file.read_bytes()] == []


MISPLACED = """() => [...document.querySelectorAll('#board *')].flatMap((one) => {
  const {right, bottom} = one.getBoundingClientRect();
  const isSmall = parseFloat(getComputedStyle(one).fontSize) < Math.min(innerWidth, innerHeight) / 25;
  const isCut = one.matches('.coming li') && one.scrollHeight > one.clientHeight + 1;
  const isOut = right > innerWidth || bottom > innerHeight;
  return isOut || isSmall || isCut ? [one.outerHTML.slice(0, 120)] : [];
})"""


def test_everything_has_room(folder: DataDir, clock: FakeClock, desktop: Page) -> None:
    """Nothing is cut off, and no letters are smaller than a twenty-fifth of the screen's shorter side."""
    people = [f"extra-{n}" for n in range(12)]
    more = "".join(f'\n[[employees]]\nid = "{one}"\nname = "{one}"\nskills = []\n' for one in people)
    folder.settings.write_text(folder.settings.read_text("utf-8") + more, "utf-8")
    found: dict[tuple[int, int], list[str]] = {}
    with running_server(folder, clock) as running:
        page = running.address + add(running, replace(DESK, language="fi"))
        for n in range(40):
            running.open("repair", code=f"AD-{9900 + n}")
        for coming in range(len(people) + 1):
            if coming:
                who = people[coming - 1]
                running.sign_on(who)
                running.open("repair", code=f"AB-{1100 + coming}").claim(who)
            for width, height in ((1920, 1080), (1080, 1920)):
                desktop.set_viewport_size({"width": width, "height": height})
                desktop.goto(page)
                found[coming, width] = desktop.evaluate(MISPLACED)
    assert {where: problems for where, problems in found.items() if problems} == {}
