"""Every page that a person can open in a browser, and a shop in which each of them has something to show.

A new page needs one line in PAGES. The tests with axe-core and with the keyboard alone go by that list, and
so do the pictures of `make screenshots`.
"""

import asyncio
import functools
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch
from urllib.parse import urlencode

import requests
from msgspec import Struct
from playwright.sync_api import BrowserContext

from sync_server.domain.resolution import Resolution
from sync_server.service import server as server_module
from sync_server.service.admin import client
from sync_server.service.audit.audit_log import AuditLine, write_line
from sync_server.service.auth.calendars import add_calendar
from sync_server.service.auth.invitations import invite
from sync_server.service.auth.tokens import add_token
from sync_server.service.auth.walls import WallSettings, add_wall, list_walls
from sync_server.service.mail import mail_outbox
from sync_server.service.mail.mail_outbox import MailKind
from sync_server.service.settings.settings_document import SettingsDocument
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.upkeep.backup import back_up
from sync_server.service.upkeep.create_store import make_store
from sync_server.service.webhooks import webhook_outbox
from sync_server.service.webhooks.told_events import TEST, EventData, told
from tests.fake_clock import FakeClock

from .device_steps import ask_to_join, pair
from .running_server import RunningServer, VisitDriver, running_server
from .steps import sign_in_once, use_cookies

SCREENS = ((1920, 1080), (1080, 1920))  # of a wall display
SIZES = ((1440, 900), (390, 844))  # the manager's screen and a phone
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


class WebPage(Struct, frozen=True):
    """A page. `name` is that of its pictures; a `{place}` in its path is filled in by the shop.

    `framed`: it is one of the manager's pages with the navigation. `sizes` are of the screens it is for.
    """

    name: str
    path: str
    framed: bool = False
    sizes: tuple[tuple[int, int], ...] = SIZES

    def __str__(self) -> str:
        return self.name


PAGES = (
    WebPage("now", "/manager/now", framed=True),
    WebPage("now-visit", "/manager/now/visits/{waiting}", framed=True),
    WebPage("now-person", "/manager/now/people/aino", framed=True),
    WebPage("now-kiosks", "/manager/now/kiosks", framed=True),
    WebPage("today", "/manager/today", framed=True),
    WebPage("today-no-visits", "/manager/today?day=2026-01-04", framed=True),
    WebPage("report", "/manager/report?span=month&day=2026-03-07", framed=True),
    WebPage("report-day", "/manager/report?span=day&day=2026-03-07", framed=True),
    WebPage("report-no-visits", "/manager/report?span=day&day=2026-01-04", framed=True),
    WebPage("learning", "/manager/learning", framed=True),
    WebPage("staffing", "/manager/staffing", framed=True),
    WebPage("staffing-plan", "/manager/staffing/plan", framed=True),
    WebPage("log", "/manager/log", framed=True),
    WebPage("log-nothing-found", "/manager/log?search=Z-999", framed=True),
    WebPage("visit", "/manager/visits/{ended}", framed=True),
    WebPage("visit-waiting", "/manager/visits/{waiting}", framed=True),
    WebPage("visit-correct", "/manager/visits/{ended}/correct", framed=True),
    WebPage("devices", "/manager/devices", framed=True),
    WebPage("device", "/manager/device/{device}", framed=True),
    WebPage("device-revoke", "/manager/device/{device}/revoke", framed=True),
    WebPage("device-code", "/manager/devices/codes/{code}", framed=True),
    WebPage("devices-wall", "/manager/devices?wall=482913", framed=True),
    WebPage("wall-settings", "/manager/walls/{wall_n}", framed=True),
    WebPage("repairs", "/manager/repairs", framed=True),
    WebPage("updates", "/manager/updates", framed=True),
    WebPage("backups", "/manager/backups", framed=True),
    WebPage("backup-restore", "/manager/backups/{backup}/restore", framed=True),
    WebPage("accounts", "/manager/accounts", framed=True),
    WebPage("account-of-another", "/manager/accounts/owner", framed=True),
    WebPage("own-account", "/manager/account", framed=True),
    WebPage("second-step", "/manager/account/second-step", framed=True),
    WebPage("audit", "/manager/audit", framed=True),
    WebPage("join", "/manager/join/{invitation}"),
    WebPage("join-used-up", "/manager/join/none"),
    WebPage("phones", "/manager/phones", framed=True),
    WebPage("phone-try", "/try/none"),
    WebPage("visit-erase", "/manager/visits/{waiting}/erase", framed=True),
    WebPage("confirm", "/manager/confirm?next=/manager/today"),
    WebPage("wall", "/wall/{wall}", sizes=SCREENS),
    WebPage("wall-asking", "/wall/asking/{wall_asking}", sizes=SCREENS),
    WebPage("settings", "/manager/settings", framed=True),
    WebPage("settings-trade", "/manager/settings/trade?trade=bank&mode=replace", framed=True),
    WebPage("start-shop", "/manager/settings/start/shop", framed=True),
    WebPage("start-hours", "/manager/settings/start/hours", framed=True),
    WebPage("start-people", "/manager/settings/start/people", framed=True),
    WebPage("start-devices", "/manager/settings/start/devices", framed=True),
    WebPage("start-ready", "/manager/settings/start/ready", framed=True),
    WebPage("settings-shop", "/manager/settings/shop", framed=True),
    WebPage("settings-hours", "/manager/settings/hours", framed=True),
    WebPage("settings-times", "/manager/settings/times", framed=True),
    WebPage("settings-server", "/manager/settings/server", framed=True),
    WebPage("settings-people", "/manager/settings/employees", framed=True),
    WebPage("settings-person", "/manager/settings/employees/aino", framed=True),
    WebPage("settings-people-list", "/manager/settings/people-list", framed=True),
    WebPage("settings-needs", "/manager/settings/needs", framed=True),
    WebPage("settings-need", "/manager/settings/needs/repair", framed=True),
    WebPage("settings-need-new", "/manager/settings/needs/new", framed=True),
    WebPage("settings-places", "/manager/settings/places", framed=True),
    WebPage("settings-programs", "/manager/settings/api", framed=True),
    WebPage("settings-webhooks", "/manager/settings/webhooks", framed=True),
    WebPage("settings-webhook", "/manager/settings/webhooks/bookings", framed=True),
    WebPage("settings-webhook-new", "/manager/settings/webhooks/new", framed=True),
    WebPage("settings-mail", "/manager/settings/mail", framed=True),
    WebPage("settings-gift", "/manager/settings/gifts/cable", framed=True),
    WebPage("settings-file", "/manager/settings/file", framed=True),
    WebPage("settings-history", "/manager/settings/history", framed=True),
    WebPage("settings-change", "/manager/settings/history/2", framed=True),
    WebPage("not-found", "/manager/visits/none"),
    WebPage("sign-in", "{stranger}/manager/sign-in"),
    WebPage("first-run", "{stranger}/manager/first-run/{setup}"),
    WebPage("phone-finding", "/v/{finding}"),
    WebPage("phone-called", "/v/{called}"),
    WebPage("phone-coming", "/v/{coming}"),
    WebPage("phone-with-you", "/v/{with_you}"),
    WebPage("phone-held", "/v/{held}"),
    WebPage("phone-over", "/v/{over}"),
    WebPage("phone-thanks", "/v/{thanked}"),
    WebPage("phone-left", "/v/{left}"),
    WebPage("phone-leave", "/v/{finding}/leave"),
    WebPage("phone-not-found", "/v/none"),
)


class Shop:
    """A running shop in which every page has something to show.

    `stranger` is the server of a store without a password yet.
    """

    def __init__(self, running: RunningServer, stranger: RunningServer) -> None:
        self.running = running
        self._places = {"stranger": stranger.address, "setup": stranger.server.setup_code() or ""}
        self._places |= _backup(running) | _people_of_the_pages(running)
        _outside(running)
        self._places |= _people(running) | _log(running) | _devices(running) | _walls(running)
        _settings(running)

    def address(self, page: WebPage, language: str = "en") -> str:
        """The page's address, in this language."""
        path = page.path.format(**self._places)
        at = path if path.startswith("http") else self.running.address + path
        return f"{at}{'&' if '?' in at else '?'}{urlencode({'lang': language})}"

    def sign_in(self, context: BrowserContext) -> None:
        """The manager signs in, in this browser."""
        with requests.Session() as http:
            http.trust_env = False
            sign_in_once(self.running, http)
        use_cookies(context, self.running, self.running.cookies)


@contextmanager
def shop(store: Path, work: Path, now: int) -> Iterator[Shop]:
    """Runs a copy of `store` as a shop at `now`, ms UTC, with the folder `work` for its files."""
    folder = DataDir(Path(shutil.copytree(store, work / "shop")))
    fresh = DataDir(make_store(work / "fresh", None, None).path)
    clock = FakeClock(now)
    with (
        patch.object(server_module, "wall_clock", clock),
        running_server(folder, clock) as running,
        running_server(fresh, clock) as stranger,
    ):
        yield Shop(running, stranger)


def _settings(running: RunningServer) -> None:
    """Somebody has changed the settings, on a page and in the file."""
    live = running.server.live_settings

    def edit(document: SettingsDocument) -> None:
        document.set("needs.repair.target_wait_s", 120)
        document.set("employees.aino.name", "Aino K.")
        document.set("employees.aino.name", "Aino")
        document.set("store.goodwill_limit_cents", 3000)
        document.set("server.announce", False)  # it waits for the next start

    running.run(live.change(edit, live.current.version, "Anna"))
    with live.file.path.open("a") as file:
        file.write("\n# Looked through in March.\n")
    running.run(live.look())


def _people(running: RunningServer) -> dict[str, str]:
    """Shoppers at each stage of their visit."""
    running.sign_on("jussi", "aino")  # whom the past has not kept busy
    found = {name: _serve(running, who, name) for name, who in STAGES.items()}
    found["finding"] = running.open("repair", code="W-9")
    links = {name: ticket.path.removeprefix("/v/") for name, ticket in found.items()}
    return {**links, "waiting": found["finding"].visit_id}


STAGES = {
    "thanked": "aino", "over": "aino", "left": "aino", "held": "aino", "with_you": "aino",
    "called": "jussi", "coming": "jussi",
}  # fmt: skip


def _serve(running: RunningServer, who: str, until: str) -> VisitDriver:
    ticket = running.open("pick_up", code=f"W-{list(STAGES).index(until) + 1}")
    running.clock.after(1)
    if until == "left":
        ticket.cancel()
    elif until == "called":
        ticket.recall(who)
    else:
        ticket.claim(who)
        if until != "coming":
            ticket.start(who)
        if until == "held":
            ticket.hold(who)
        if until in ("over", "thanked"):
            ticket.complete(who, Resolution.SOLVED, tip="cables")
        if until == "thanked":
            ticket.rate(5)
    return ticket


def _log(running: RunningServer) -> dict[str, str]:
    """A visit of the past that has much to tell."""
    with reading(running.server.data_dir.store) as db:
        sql = "SELECT visit_id FROM visits WHERE state = 'completed' ORDER BY rev DESC, visit_id LIMIT 1"
        ((ended,),) = db.execute(sql)
    return {"ended": ended}


def _devices(running: RunningServer) -> dict[str, str]:
    """A kiosk and a tablet that take part, one of each that asks, and a code."""
    with ThreadPoolExecutor(1) as pool:

        def run_in_thread(coroutine: Any) -> Any:
            return pool.submit(asyncio.run, coroutine).result(30)

        kiosk = pair(running, run_in_thread, "Front door")
        pair(running, run_in_thread, "Maya’s tablet", "staff")
        for kind in ("kiosk", "staff"):
            ask_to_join(running, run_in_thread, kind)
    code = running.call(lambda: running.server.enrol.make_code("kiosk", "Window"))
    return {"device": kiosk.device_id, "code": code.id}


def _backup(running: RunningServer) -> dict[str, str]:
    """A backup of the shop."""
    server = running.server
    return {"backup": back_up(server.data_dir, server.backup_scheduler.backups_dir, running.clock.now).name}


def _people_of_the_pages(running: RunningServer) -> dict[str, str]:
    """Somebody else who may look, somebody who is invited, and a few lines in the audit log."""
    folder, now = running.server.data_dir, running.clock.now
    client.run(folder, "add_manager", name="owner", role="readonly", password="a long way home")
    write = running.server.processor.writer.call

    async def do() -> str:
        code: str = await write(lambda db: invite(db, "Noor", "manager", "manager", now))
        for line in (
            AuditLine(now, "Mallory", "sign_in_refused", "", "10.0.0.66", "Chrome, Linux"),
            AuditLine(now, "owner", "signed_in", "", "10.0.0.7", "Safari, iPad"),
            AuditLine(now, "manager", "device_revoked", "front-door", "127.0.0.1", "Firefox, Windows"),
        ):
            await write(functools.partial(write_line, line=line))
        return code

    return {"invitation": running.run(do())}


def _walls(running: RunningServer) -> dict[str, str]:
    """A wall display, and a screen that asks to be one."""
    server = running.server

    async def write() -> tuple[str, int]:
        settings = WallSettings("By the desk", server.processor.catalogue.store.languages[0])
        token = await server.processor.writer.call(lambda db: add_wall(db, settings, running.clock.now))
        return token, (await server.processor.writer.call(list_walls))[0].n

    token, n = running.run(write())
    with requests.Session() as http:
        http.trust_env = False
        asking = http.get(running.address + "/wall").url.rpartition("/")[2]
    return {"wall": token, "wall_n": str(n), "wall_asking": asking}


def _outside(running: RunningServer) -> None:
    """Others are told what happens: a program that is not there, and somebody by mail."""
    server = running.server

    def edit(document: SettingsDocument) -> None:
        events = ["visit.opened", "visit.completed"]
        entry = {"name": "bookings", "url": "https://10.0.0.8/welkom", "events": events}
        document.add("webhooks", entry)
        for key, value in {
            "host": "127.0.0.1", "port": 9, "sender": "shop@example.com", "to": ["owner@example.com"],
            "at": "21:30", "alerts": ["floor_empty"],
        }.items():  # fmt: skip
            document.set(f"mail.{key}", value)

    async def write() -> None:
        live, now = server.live_settings, running.clock.now
        await live.change(edit, live.current.version, "manager")
        await server.processor.writer.call(lambda db: add_token(db, "Bookings", now))
        await server.processor.writer.call(lambda db: add_calendar(db, "Service desk", "en", now))
        await server.processor.writer.call(lambda db: _deliveries(db, now))
        message = server.outside.mail.test_message()
        await server.processor.writer.call(
            lambda db: mail_outbox.add(db, MailKind.TEST, "test", "mail works", message, now)
        )

    running.run(write())


def _deliveries(db: sqlite3.Connection, now: int) -> None:
    """One arrived, one is tried again, one was given up; two are about a ticket."""
    visits = db.execute("SELECT visit_id FROM visits ORDER BY created_at LIMIT 2").fetchall()
    for kind, visit_id in (
        ("visit.opened", visits[0][0]),
        ("visit.completed", visits[1][0]),
        (TEST, None),
    ):
        event = told(kind, "bookings", visit_id, EventData(), now, "e1")
        webhook_outbox.add(db, [(event, ["bookings"])], now)
    first, second, third = (one.n for one in webhook_outbox.log_of(db, "bookings", 3)[::-1])
    webhook_outbox.delivered(db, first, 204, now)
    webhook_outbox.failed(db, second, None, "unreachable: Connection refused", now)
    webhook_outbox.failed(db, third, 410, "gone: ", now, for_good=True)
