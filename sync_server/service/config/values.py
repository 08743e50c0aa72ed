"""The form and the bounds of single values in `store.toml`, and the one form in which they are used.

A shop writes 21.30 or 21:30; devices of all versions get 21:30.
"""

import difflib
import re
import zoneinfo
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from typing import Any

from babel.numbers import is_currency
from msgspec import UNSET, Struct
from msgspec.structs import replace

from assets.i18n.saying import Filled, Saying
from sync_server.addresses import AddressError, parse_listen_address, parse_web_address
from sync_server.days import YEARS, parse_day
from sync_server.domain.catalogue.catalogue import StoreInfo
from sync_server.domain.catalogue.opening_hours import CLOSED, parse_span, parse_time, span_text
from sync_server.names import check_text

from .fault import SettingsFault
from .model import MAX_PIN_DIGITS, MIN_PIN_DIGITS, BackupSettings, ServerSettings, Settings

DAY_S = 86_400
# The least and the greatest value of each number, by its table and key.
BOUNDS: dict[str, tuple[int, int]] = {
    "store.goodwill_limit_cents": (0, 10_000_000),
    "store.closing_warning_min": (0, 240),
    "store.leftovers_min": (0, 720),
    "times.offer_s": (1, 600),
    "times.ask_again_s": (1, 3600),
    "times.wrap_up_s": (0, 3600),
    "times.credit_s": (0, DAY_S),
    "times.idle_s": (1, 3600),
    "times.service_level_s": (1, DAY_S),
    "times.max_active": (1, 20),
    "needs.priority": (-100, 100),
    "needs.target_wait_s": (1, DAY_S),
    "needs.target_service_s": (1, DAY_S),
    "places.x": (0, 100),
    "places.y": (0, 100),
    "gifts.cents": (1, 10_000_000),
    "backup.keep": (1, 10_000),
    "access.pin_digits": (MIN_PIN_DIGITS, MAX_PIN_DIGITS),
    "privacy.keep_descriptions_h": (2, 24),
    "staffing.greet_percent": (50, 99),
    "mail.port": (1, 65535),
}

# Files beside the time zones: the computer's own, others' for tests, and clocks that count leap seconds.
_NO_PLACE = re.compile(r"(posix|right)/|(Factory|localtime|posixrules)$")
_FOLDER_EXAMPLE = '"/mnt/usb-disk/welkom"'


def number_problems(settings: Settings) -> Iterator[SettingsFault]:
    """Every number that is not within its bounds."""
    for key, bounds in BOUNDS.items():
        table, _, name = key.partition(".")
        part: Struct | tuple[Struct, ...] = getattr(settings, table)
        for item in part if isinstance(part, tuple) else (part,):
            where = f'{table} "{item.code}", {name}' if isinstance(part, tuple) else key  # type: ignore[attr-defined]
            if (value := getattr(item, name)) is not UNSET:
                yield from _number(where, value, bounds)


def _number(where: str, value: float, bounds: tuple[int, int]) -> Iterator[SettingsFault]:
    low, high = bounds
    if not low <= value <= high:  # nan is neither
        yield SettingsFault.at(where, "settings_fault.number", given=_shown(value), low=low, high=high)


def _shown(value: float) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 24 else f"{text[:20]}…"


# --- the store -----------------------------------------------------------------------------------


def store_problems(store: StoreInfo) -> Iterator[SettingsFault]:
    """Every value of [store] that has not its form; not its numbers, nor what depends on other values."""
    if problem := time_zone_problem(store.timezone):
        yield SettingsFault("store.timezone", problem)
    if not is_currency(store.currency):
        yield SettingsFault.at("store.currency", "settings_fault.currency", given=store.currency)
    if _fails(parse_time, store.closes):
        yield SettingsFault.at("store.closes", "settings_fault.time", given=store.closes)
    for day, text in store.hours.items():
        yield from _span(f"store.hours.{day}", text)
    for day, text in store.dates.items():
        if _fails(parse_day, day):
            first, last = YEARS
            yield SettingsFault.at("store.dates", "settings_fault.date", given=day, first=first, last=last)
        yield from _span(f"store.dates.{day}", text)
    if store.public_url.strip():
        yield from _address("store.public_url", parse_web_address, store.public_url)


def time_zone_problem(name: str) -> Saying | None:
    """What is wrong with the name of a time zone; None if it exists on this computer."""
    try:
        zoneinfo.ZoneInfo(name)
        if _NO_PLACE.match(name):
            raise ValueError(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of time zones
        known = {zone for zone in zoneinfo.available_timezones() if not _NO_PLACE.match(zone)}
        near = difflib.get_close_matches(name, known, 1, 0.8)
        region = sorted(zone for zone in known if zone.startswith(f"{name.rstrip('/')}/"))
        example = (
            near or [zone for zone in region if zone == "Europe/Amsterdam"] or region or ["Europe/Amsterdam"]
        )[0]
        return Saying("settings_fault.time_zone", {"given": name, "example": example})
    return None


def _span(where: str, text: str) -> Iterator[SettingsFault]:
    try:
        span = parse_span(text)
    except ValueError:
        yield SettingsFault.at(where, "settings_fault.hours", given=text, closed=CLOSED)
        return
    if span is not None and span[0] == span[1] and not text.strip().endswith("24:00"):
        yield SettingsFault.at(where, "settings_fault.no_hours", given=text)


# --- the server ----------------------------------------------------------------------------------


def server_problems(server: ServerSettings) -> Iterator[SettingsFault]:
    """Every address of [server] that has not its form, and ports that two of them name."""
    addresses = {"sync": server.sync, "web": server.web, "enrol": server.enrol}
    if not server.enrol.strip():
        del addresses["enrol"]
    problems = [
        p for key, text in addresses.items() for p in _address(f"server.{key}", parse_listen_address, text)
    ]
    yield from problems
    if not problems:
        yield from _same_ports(addresses)


def _same_ports(texts: dict[str, str]) -> Iterator[SettingsFault]:
    addresses = {key: parse_listen_address(text) for key, text in texts.items()}
    for (first, one), (second, other) in combinations(addresses.items(), 2):
        hosts = {"127.0.0.1" if host == "localhost" else host for host in (one.host, other.host)}
        if one.port == other.port != 0 and (len(hosts) == 1 or one.is_everywhere or other.is_everywhere):
            yield SettingsFault.at(
                f"server.{second}", "settings_fault.port", port=one.port, other=f"server.{first}"
            )


def _address(where: str, parse: Callable[[str], object], text: str) -> Iterator[SettingsFault]:
    try:
        parse(text)
    except AddressError as error:
        yield SettingsFault(where, error.saying)


def backup_problems(backup: BackupSettings) -> Iterator[SettingsFault]:
    if backup.at.strip() and _fails(parse_time, backup.at):
        yield SettingsFault.at("backup.at", "settings_fault.time_of_backup", given=backup.at)
    yield from path_problems("backup.folder", backup.folder, _FOLDER_EXAMPLE)


def path_problems(where: str, path: str, example: str) -> Iterator[SettingsFault]:
    """What is wrong with a path that is not optional."""
    if not path.strip():
        yield SettingsFault.at(where, "settings_fault.path_empty", example=example)
    elif not path.isprintable():
        yield SettingsFault.at(where, "settings_fault.path_hidden", example=example)
    elif path.startswith("~"):
        yield SettingsFault.at(where, "settings_fault.path_home", example=example)


# --- the one form --------------------------------------------------------------------------------


def normalised(settings: Settings) -> Settings:
    """The settings in the form that the product uses and devices get. They must have no problems."""
    store, server, backup, mail = settings.store, settings.server, settings.backup, settings.mail
    return replace(
        settings,
        employees=tuple(replace(e, name=check_text(e.name, len(e.name))) for e in settings.employees),
        store=replace(
            store,
            name=check_text(store.name, len(store.name)),
            closes=f"{parse_time(store.closes):%H:%M}",
            hours={day: span_text(parse_span(text)) for day, text in store.hours.items()},
            dates={day: span_text(parse_span(text)) for day, text in store.dates.items()},
            public_url=parse_web_address(store.public_url) if store.public_url.strip() else "",
        ),
        server=replace(
            server,
            sync=str(parse_listen_address(server.sync)),
            web=str(parse_listen_address(server.web)),
            enrol=str(parse_listen_address(server.enrol)) if server.enrol.strip() else "",
        ),
        mail=replace(mail, at=f"{parse_time(mail.at):%H:%M}" if mail.at.strip() else ""),
        backup=replace(backup, at=f"{parse_time(backup.at):%H:%M}" if backup.at.strip() else ""),
    )


def twice(where: str, values: Iterable[str]) -> Iterator[SettingsFault]:
    """Each value that is in the list more than once."""
    listed = list(values)
    for value in dict.fromkeys(value for value in listed if listed.count(value) > 1):
        yield SettingsFault.at(where, "settings_fault.twice", given=value)


def unknown(where: str, what: str, given: str, known: Iterable[str]) -> SettingsFault:
    """A code that is not a known one; `what` says of which kind: see the texts `settings_fault.what`."""
    listed: Filled = ", ".join(known) or Saying("settings_fault.none")
    kind = Saying(f"settings_fault.what.{what}")
    return SettingsFault.at(where, "settings_fault.unknown", what=kind, given=given, known=listed)


def _fails(parse: Callable[[str], Any], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return True
    return False
