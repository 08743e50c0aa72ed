"""The page Settings: what can be set, in groups, and how each is set now."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from assets.i18n.texts import Texts, language_name
from sync_server.domain.catalogue.opening_hours import CLOSED
from sync_server.service.server import Server
from sync_server.version import own_version
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of
from sync_server.web.manager.layout import framed_page, manager_language

from .saving import SETTINGS

Summary = Callable[[Server, Texts], str]


class IndexLine(Struct, frozen=True):
    """A line of the index. `label` is the last part of the key of its title; `now` says how it is set."""

    address: str
    icon: str
    label: str
    now: Summary


class IndexGroup(Struct, frozen=True):
    """Lines that belong together. `label` is the last part of the key of their title."""

    label: str
    lines: tuple[IndexLine, ...]


class ShownLine(Struct, frozen=True):
    """A line as the page shows it."""

    line: IndexLine
    now: str


class SettingsIndex(Context, frozen=True):
    """The page. `saved_by` and `saved_at` say who changed the settings last, by hand if nobody is named."""

    template: ClassVar[str] = "manager/settings/index.html"

    groups: list[tuple[IndexGroup, list[ShownLine]]]
    saved_by: str
    saved_at: datetime | None
    problems: list[str]
    at_next_start: tuple[str, ...]


def _shop(server: Server, _texts: Texts) -> str:
    store = server.live_settings.current.settings.store
    return " · ".join((store.name, ", ".join(language_name(code) for code in store.languages)))


def _hours(server: Server, texts: Texts) -> str:
    store = server.live_settings.current.settings.store
    if not store.hours and not store.dates:
        return texts.say("manager.settings.now.always_open")
    closed = sum(text == CLOSED for text in store.hours.values()) + (7 - len(store.hours)) * bool(store.hours)
    days = texts.say("manager.settings.now.open_days", n=7 - closed)
    return days + (" · " + texts.say("manager.settings.now.dates", n=len(store.dates)) if store.dates else "")


def _people(server: Server, _texts: Texts) -> str:
    return ", ".join(person.name for person in server.live_settings.current.settings.employees)


def _count(table: str) -> Summary:
    def now(server: Server, texts: Texts) -> str:
        n = len(getattr(server.live_settings.current.settings, table))
        return texts.say(f"manager.settings.count.{table}", n=n)

    return now


def _limits(server: Server, texts: Texts) -> str:
    store = server.live_settings.current.settings.store
    amount = texts.money(store.goodwill_limit_cents, store.currency)
    return texts.say("manager.settings.now.goodwill", amount=amount)


def _times(server: Server, texts: Texts) -> str:
    times = server.live_settings.current.settings.times
    offer, greet = f"{times.offer_s:g}", f"{times.service_level_s:g}"
    return texts.say("manager.settings.now.times", offer=offer, greet=greet)


def _privacy(server: Server, texts: Texts) -> str:
    hours = server.live_settings.current.settings.privacy.keep_descriptions_h
    return texts.say("manager.settings.now.privacy", n=hours)


def _backups(server: Server, texts: Texts) -> str:
    backup = server.live_settings.current.settings.backup
    if not backup.at:
        return texts.say("manager.settings.now.no_backups")
    return texts.say("manager.settings.now.backups", n=backup.keep, time=backup.at)


def _webhooks(server: Server, _texts: Texts) -> str:
    return ", ".join(webhook.name for webhook in server.live_settings.current.settings.webhooks)


def _mail(server: Server, _texts: Texts) -> str:
    mail = server.live_settings.current.settings.mail
    return ", ".join(mail.to) if mail.host else ""


def _server(server: Server, _texts: Texts) -> str:
    return server.live_settings.current.settings.server.web


def _repairs(server: Server, texts: Texts) -> str:
    urgent = len(server.repairs.urgent())
    return texts.say("manager.repairs.urgent", n=urgent) if urgent else ""


def _phones(server: Server, _texts: Texts) -> str:
    return server.live_settings.current.settings.store.public_url


def _version(_server: Server, _texts: Texts) -> str:
    return f"Welkom {own_version()}"


def _nothing(_server: Server, _texts: Texts) -> str:
    return ""


# A page of another room gets its line here.
GROUPS = (
    IndexGroup(
        "shop",
        (
            IndexLine(f"{SETTINGS}/shop", "building-store", "shop", _shop),
            IndexLine(f"{SETTINGS}/hours", "calendar", "hours", _hours),
            IndexLine(f"{SETTINGS}/places", "map-pin", "places", _count("places")),
        ),
    ),
    IndexGroup(
        "people",
        (
            IndexLine(f"{SETTINGS}/employees", "users", "employees", _people),
            IndexLine(f"{SETTINGS}/skills", "school", "skills", _count("skills")),
            IndexLine("/manager/accounts", "lock", "accounts", _nothing),
            IndexLine("/manager/audit", "list-check", "audit", _nothing),
        ),
    ),
    IndexGroup(
        "needs",
        (
            IndexLine(f"{SETTINGS}/needs", "help-circle", "needs", _count("needs")),
            IndexLine(f"{SETTINGS}/tips", "bulb", "tips", _count("tips")),
            IndexLine(f"{SETTINGS}/gifts", "gift", "gifts", _count("gifts")),
            IndexLine(f"{SETTINGS}/trade", "sparkles", "trade", _nothing),
        ),
    ),
    IndexGroup(
        "rules",
        (
            IndexLine(f"{SETTINGS}/times", "stopwatch", "times", _times),
            IndexLine(f"{SETTINGS}/limits", "scale", "limits", _limits),
            IndexLine(f"{SETTINGS}/privacy", "shield-check", "privacy", _privacy),
        ),
    ),
    IndexGroup(
        "outside",
        (
            IndexLine(f"{SETTINGS}/mail", "message", "mail", _mail),
            IndexLine(f"{SETTINGS}/webhooks", "send", "webhooks", _webhooks),
            IndexLine(f"{SETTINGS}/api", "plug-connected", "api", _nothing),
        ),
    ),
    IndexGroup(
        "machine",
        (
            IndexLine(f"{SETTINGS}/backups", "database", "backups", _backups),
            IndexLine("/manager/backups", "files", "all_backups", _nothing),
            IndexLine("/manager/repairs", "tool", "repairs", _repairs),
            IndexLine("/manager/phones", "device-mobile", "phones", _phones),
            IndexLine(f"{SETTINGS}/server", "router", "server", _server),
            IndexLine("/manager/updates", "download", "updates", _version),
        ),
    ),
)


async def index_page(request: Request) -> Response:
    """The page."""
    server, texts = server_of(request), texts_of(manager_language(request))
    live = server.live_settings
    history = await live.history()
    latest = history[0] if len(history) > 1 else None
    context = SettingsIndex(
        [(group, [ShownLine(line, line.now(server, texts)) for line in group.lines]) for group in GROUPS],
        latest.by if latest else "",
        server.processor.catalogue.local(latest.at) if latest else None,
        [fault.line(texts) for fault in live.problem.faults] if live.problem else [],
        live.at_next_start,
    )
    return framed_page(request, "settings", context)
