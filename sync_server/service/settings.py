"""`store.toml`: read once, checked whole, and every wrong line named with file, key and reason."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import date, time
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct, field

from sync_server.domain.catalogue import (
    LANGUAGES,
    TILES_PER_SCREEN,
    Catalogue,
    Employee,
    Gift,
    Need,
    Place,
    Skill,
    Store,
    Text,
    Times,
    Tip,
)
from sync_server.domain.events import Resolution
from sync_server.domain.hours import CLOSED, WEEKDAYS, parse_span

CODE = re.compile(r"^[a-z0-9][a-z0-9_-]{0,39}$")
ACCEPTED = "I accept that passwords can be read on this network"
FEWEST_PIN_DIGITS, LONGEST_PIN = 4, 8
COLOUR = re.compile(r"^#[0-9A-Fa-f]{6}$")


class Listen(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the server listens, as `host:port`. The web pages stay on this computer unless told otherwise.

    `enrol` is the port on which new devices ask to be let in; empty: none. `announce` lets them
    find the store by themselves.
    `tls_cert` and `tls_key` are PEM files; paths that are not absolute begin at the store's folder.
    `manager_without_tls` holds ACCEPTED where the shop lets passwords cross its network in the open.
    """

    sync: str = "0.0.0.0:7350"
    web: str = "127.0.0.1:8350"
    enrol: str = "0.0.0.0:8351"
    announce: bool = True
    tls_cert: str = ""
    tls_key: str = ""
    manager_without_tls: str = ""

    @property
    def accepts_reading(self) -> bool:
        return self.manager_without_tls == ACCEPTED


class Backups(Struct, frozen=True, forbid_unknown_fields=True):
    """The backup of each night: in which folder, at which local time (empty: none), how many are kept."""

    folder: str = "backups"
    at: str = "03:30"
    keep: int = 14


class Access(Struct, frozen=True, forbid_unknown_fields=True):
    """How people prove who they are. `pin_digits` is the fewest an employee's PIN may have."""

    pin_digits: int = 6


class Privacy(Struct, frozen=True, forbid_unknown_fields=True):
    """How many hours after a visit's end what was said about the shopper is kept."""

    keep_descriptions_h: int = 24


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of `store.toml`."""

    store: Store
    needs: tuple[Need, ...]
    skills: tuple[Skill, ...]
    employees: tuple[Employee, ...]
    places: tuple[Place, ...] = ()
    tips: tuple[Tip, ...] = ()
    gifts: tuple[Gift, ...] = ()
    times: Times = field(default_factory=Times)
    server: Listen = field(default_factory=Listen)
    backup: Backups = field(default_factory=Backups)
    access: Access = field(default_factory=Access)
    privacy: Privacy = field(default_factory=Privacy)

    def catalogue(self) -> Catalogue:
        return Catalogue(
            store=self.store,
            needs=self.needs,
            skills=self.skills,
            employees=self.employees,
            places=self.places,
            tips=self.tips,
            gifts=self.gifts,
            times=self.times,
        )


class SettingsError(Exception):
    """`store.toml` cannot be used. `problems` lists every fault found, one line each."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        self.problems = [f"{path}: {problem}" for problem in problems]
        super().__init__("\n".join(self.problems))


def load_settings(path: Path) -> Settings:
    """Reads and checks `store.toml`. Raises SettingsError."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            path, ["not found; `welkom init` makes a folder with one to start from"]
        ) from None
    except OSError as error:
        raise SettingsError(path, [f"cannot be read ({error.strerror}); check who owns it"]) from error
    except UnicodeDecodeError as error:
        raise SettingsError(path, ["is not UTF-8 text; save it as UTF-8"]) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(path, [f"not valid TOML: {error}"]) from error
    if unknown := list(_unknown(raw, Settings, raw)):
        raise SettingsError(path, unknown)
    try:
        settings = msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(path, [_in_words(error, raw)]) from error
    problems = list(_problems(settings))
    if problems:
        raise SettingsError(path, problems)
    return settings


def _in_words(error: msgspec.ValidationError, raw: dict[str, Any]) -> str:
    """msgspec's `… - at `$.needs[3].icon`` as `needs[3] (code "repair"), icon: …`."""
    reason, _, where = str(error).partition(" - at ")
    return _at(where.strip("`").removeprefix("$").lstrip("."), reason, raw)


def _unknown(table: dict[str, Any], kind: type[Struct], raw: dict[str, Any], path: str = "") -> Iterator[str]:
    """Every key that means nothing here; a typing error is not to be taken for a usual value."""
    known = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    for key, value in table.items():
        if key not in known:
            yield _at(path, f"unknown key `{key}`; known are {', '.join(known)}", raw)
            continue
        inner = next((t for t in (known[key], *get_args(known[key])) if _is_struct(t)), None)
        below = f"{path}.{key}" if path else key
        if inner is not None and isinstance(value, dict):
            yield from _unknown(value, inner, raw, below)
        elif inner is not None and isinstance(value, list):
            for number, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _unknown(item, inner, raw, f"{below}[{number}]")


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _at(path: str, reason: str, raw: dict[str, Any]) -> str:
    """`needs[3].icon` and why as `needs[3] (code "repair"), icon: why`."""
    if not path:
        return reason
    entry = re.match(r"(\w+)\[(\d+)\]\.?(.*)", path)
    if not entry:
        return f"{path}: {reason}"
    table, index, key = entry[1], int(entry[2]), entry[3]
    items = raw.get(table)
    item = items[index] if isinstance(items, list) and index < len(items) else {}
    name = item.get("code", item.get("id", item.get("name"))) if isinstance(item, dict) else None
    place = f"{table}[{index}]" + (f' ("{name}")' if name else "")
    return f"{place}, {key}: {reason}" if key else f"{place}: {reason}"


def _problems(s: Settings) -> Iterator[str]:
    """Everything a type cannot say: references that lead nowhere, texts that are missing, and the like."""
    yield from _store(s.store)
    yield from _times(s.times)
    for table, codes in (
        ("skills", [x.code for x in s.skills]),
        ("needs", [x.code for x in s.needs]),
        ("places", [x.code for x in s.places]),
        ("tips", [x.code for x in s.tips]),
        ("gifts", [x.code for x in s.gifts]),
        ("employees", [x.id for x in s.employees]),
    ):
        yield from _codes(table, codes)
    skills = {skill.code for skill in s.skills}
    needs = {need.code for need in s.needs}
    for skill in s.skills:
        yield from _text(f'skills "{skill.code}"', skill.text, s.store.languages)
    for need in s.needs:
        yield from _need(need, s, skills)
    for place in s.places:
        yield from _text(f'places "{place.code}"', place.text, s.store.languages)
    if len(s.places) > TILES_PER_SCREEN:
        yield f"places: {len(s.places)} places, but a kiosk screen shows at most {TILES_PER_SCREEN}"
    for kind, items in (("tips", s.tips), ("gifts", s.gifts)):
        for item in items:
            yield from _text(f'{kind} "{item.code}"', item.text, s.store.languages)
            yield from _known(f'{kind} "{item.code}", needs', item.needs, needs, "need")
    for gift in s.gifts:
        if not 0 < gift.cents <= s.store.goodwill_limit_cents:
            yield (
                f'gifts "{gift.code}", cents: {gift.cents} is not between 1 and'
                f" store.goodwill_limit_cents ({s.store.goodwill_limit_cents})"
            )
    for employee in s.employees:
        yield from _known(f'employees "{employee.id}", skills', employee.skills, skills, "skill")
        if not COLOUR.match(employee.colour):
            yield f'employees "{employee.id}", colour: "{employee.colour}" is not of the form #A1B2C3'
    if not s.employees:
        yield "employees: nobody works here yet; add at least one [[employees]]"
    yield from _screens(s.needs)
    hours = s.privacy.keep_descriptions_h
    if not 2 <= hours <= 24:
        yield f"privacy.keep_descriptions_h: {hours} is not between 2 and 24"
    if not FEWEST_PIN_DIGITS <= s.access.pin_digits <= LONGEST_PIN:
        yield f"access.pin_digits: {s.access.pin_digits} is not between {FEWEST_PIN_DIGITS} and {LONGEST_PIN}"
    yield from _address("server.sync", s.server.sync)
    yield from _address("server.web", s.server.web)
    yield from _backup(s.backup)
    if s.server.enrol:
        yield from _address("server.enrol", s.server.enrol)
    if s.server.manager_without_tls not in ("", ACCEPTED):
        yield f'server.manager_without_tls: leave it out, or write "{ACCEPTED}"'
    if bool(s.server.tls_cert) != bool(s.server.tls_key):
        yield "server.tls_cert and server.tls_key: the one needs the other; give both or none"


def _store(store: Store) -> Iterator[str]:
    if not store.name.strip():
        yield "store.name: is empty"
    try:
        ZoneInfo(store.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        yield f'store.timezone: "{store.timezone}" is no time zone; use a name such as "Europe/Helsinki"'
    try:
        time.fromisoformat(store.closes)
    except ValueError:
        yield f'store.closes: "{store.closes}" is no time of day; use a form such as "21:00"'
    yield from _hours(store)
    if not store.languages:
        yield "store.languages: is empty; name at least one"
    yield from _known("store.languages", store.languages, set(LANGUAGES), "language")


def _hours(store: Store) -> Iterator[str]:
    for day, text in store.hours.items():
        if day not in WEEKDAYS:
            yield f'store.hours: "{day}" is no weekday; use {", ".join(WEEKDAYS)}'
        yield from _span(f"store.hours.{day}", text)
    if store.hours and all(text.strip() == CLOSED for text in store.hours.values()):
        yield "store.hours: no day is open; give at least one its hours, or leave the table out"
    for day, text in store.dates.items():
        try:
            date.fromisoformat(day)
        except ValueError:
            yield f'store.dates: "{day}" is no date; use a form such as "2026-12-25"'
        yield from _span(f"store.dates.{day}", text)
    if not 0 <= store.closing_warning_min <= 240:
        yield f"store.closing_warning_min: {store.closing_warning_min} is not between 0 and 240"
    if not 0 <= store.leftovers_min <= 720:
        yield f"store.leftovers_min: {store.leftovers_min} is not between 0 and 720"


def _span(where: str, text: str) -> Iterator[str]:
    try:
        span = parse_span(text)
    except ValueError:
        yield f'{where}: "{text}" is neither hours such as "09:00-18:00" nor "{CLOSED}"'
        return
    if span is not None and span[0] == span[1] and not text.endswith("24:00"):
        yield f'{where}: "{text}" opens and closes at the same time; for the whole day use "00:00-24:00"'


def _backup(backup: Backups) -> Iterator[str]:
    try:
        time.fromisoformat(backup.at or "00:00")
    except ValueError:
        yield f'backup.at: "{backup.at}" is no time of day; use a form such as "03:30", or "" for no backups'
    if backup.keep < 1:
        yield f"backup.keep: {backup.keep} must be at least 1"
    if not backup.folder:
        yield 'backup.folder: is empty; use a path such as "/mnt/usb-disk/welkom"'


def _times(times: Times) -> Iterator[str]:
    for name in ("offer_s", "ask_again_s", "idle_s", "service_level_s", "max_active"):
        if getattr(times, name) <= 0:
            yield f"times.{name}: {getattr(times, name)} must be above 0"
    for name in ("wrap_up_s", "credit_s"):
        if getattr(times, name) < 0:
            yield f"times.{name}: {getattr(times, name)} must not be negative"


def _codes(table: str, codes: list[str]) -> Iterator[str]:
    for code in codes:
        if not CODE.match(code):
            yield (
                f'{table} "{code}": a code has small letters, digits, - and _, begins with a letter or digit'
                " and has at most 40 characters"
            )
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield f'{table} "{code}": is there twice; codes must differ'


def _text(where: str, text: Text, languages: Iterable[str]) -> Iterator[str]:
    missing = [language for language in languages if not text.get(language, "").strip()]
    if missing:
        yield f"{where}, text: has no words in {', '.join(missing)}"


def _known(where: str, codes: Iterable[str], known: set[str], what: str) -> Iterator[str]:
    for code in codes:
        if code not in known:
            yield f'{where}: unknown {what} "{code}"; known are {", ".join(sorted(known)) or "none"}'


def _need(need: Need, s: Settings, skills: set[str]) -> Iterator[str]:
    where = f'needs "{need.code}"'
    yield from _text(where, need.text, s.store.languages)
    yield from _known(f"{where}, skills", need.skills, skills, "skill")
    yield from _known(f"{where}, prefer", need.prefer, skills, "skill")
    yield from _known(f"{where}, endings", need.endings, {r.value for r in Resolution}, "resolution")
    if need.target_wait_s <= 0 or need.target_service_s <= 0:
        yield f"{where}: target_wait_s and target_service_s must be above 0"
    if need.self_help:
        yield from _text(f"{where}, self_help.title", need.self_help.title, s.store.languages)
        yield from _text(f"{where}, self_help.text", need.self_help.text, s.store.languages)
    groups = any(n.under == need.code for n in s.needs)
    if not groups and not any(frozenset(need.skills) <= e.skills for e in s.employees):
        yield f"{where}, skills: no employee has {' and '.join(need.skills)}, so nobody could ever come"


def _screens(needs: tuple[Need, ...]) -> Iterator[str]:
    codes = {need.code: need for need in needs}
    for need in needs:
        if need.under is None:
            continue
        above = codes.get(need.under)
        if above is None:
            yield f'needs "{need.code}", under: there is no need "{need.under}"'
        elif above.under is not None:
            yield f'needs "{need.code}", under: "{need.under}" is on a second screen itself; two is the most'
    for code in [None, *codes]:
        count = sum(1 for need in needs if need.under == code)
        if count > TILES_PER_SCREEN:
            place = f'below "{code}"' if code else "on the first screen"
            yield f"needs: {count} tiles {place}, but a kiosk screen shows at most {TILES_PER_SCREEN}"
    if not any(need.under is None for need in needs):
        yield "needs: nothing to choose on the first screen; add at least one [[needs]] without `under`"


def wrong_address(address: str) -> str | None:
    """What is wrong with an address to listen at; None if nothing is."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        return f'"{address}" is not of the form "host:port"'
    return None


def _address(where: str, address: str) -> Iterator[str]:
    if problem := wrong_address(address):
        yield f"{where}: {problem}"
