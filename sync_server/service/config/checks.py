"""Checks of `store.toml` that types cannot express: broken references, missing texts, wrong values."""

import ipaddress
import re
from collections.abc import Iterable, Iterator

from msgspec import UNSET

from sync_server.domain.catalogue.catalogue import TILES_PER_SCREEN, Need, StoreInfo, Text
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.domain.catalogue.opening_hours import CLOSED, WEEKDAYS
from sync_server.domain.resolution import Resolution
from sync_server.names import NameProblem, check_text

from .model import ACCEPTED, ServerSettings, Settings
from .outside_checks import mail_problems, webhook_problems
from .values import backup_problems, number_problems, path_problems, server_problems, store_problems, twice

CODE = re.compile(r"^[a-z0-9][a-z0-9_-]{0,39}$")
MAX_STORE_NAME, MAX_NAME, MAX_TEXT = 100, 60, 500  # characters
COLOUR = re.compile(r"^#[0-9A-Fa-f]{6}$")


def find_problems(s: Settings) -> Iterator[str]:
    """Every fault, as a line with key and reason."""
    yield from _store(s.store)
    yield from number_problems(s)
    for table, codes in (
        ("skills", [x.code for x in s.skills]),
        ("needs", [x.code for x in s.needs]),
        ("places", [x.code for x in s.places]),
        ("tips", [x.code for x in s.tips]),
        ("gifts", [x.code for x in s.gifts]),
        ("employees", [x.id for x in s.employees]),
    ):
        yield from _codes(table, codes)
    yield from _catalogue(s)
    yield from _screens(s.needs)
    if not s.employees:
        yield "employees: nobody works here yet; add at least one [[employees]]"
    yield from _server(s.server)
    yield from backup_problems(s.backup)
    yield from webhook_problems(s.webhooks)
    yield from mail_problems(s.mail, s.store.languages)


def _catalogue(s: Settings) -> Iterator[str]:
    skills, needs = {skill.code for skill in s.skills}, {need.code for need in s.needs}
    for skill in s.skills:
        yield from _text(f'skills "{skill.code}"', skill.text, s.store.languages)
    for need in s.needs:
        yield from _need(need, s, skills)
    for place in s.places:
        yield from _text(f'places "{place.code}"', place.text, s.store.languages)
        if (place.x is UNSET) != (place.y is UNSET):
            yield f'places "{place.code}", x: a pin has x and y; give both or none'
    if len(s.places) > TILES_PER_SCREEN:
        yield f"places: {len(s.places)} places, but a kiosk screen shows at most {TILES_PER_SCREEN}"
    for kind, items in (("tips", s.tips), ("gifts", s.gifts)):
        for item in items:
            yield from _text(f'{kind} "{item.code}"', item.text, s.store.languages)
            yield from _references(f'{kind} "{item.code}", needs', item.needs, needs, "need")
            yield from twice(f'{kind} "{item.code}", needs', item.needs)
    for gift in s.gifts:
        if gift.cents > s.store.goodwill_limit_cents:
            yield (
                f'gifts "{gift.code}", cents: {gift.cents} is not between 1 and'
                f" store.goodwill_limit_cents ({s.store.goodwill_limit_cents})"
            )
    for employee in s.employees:
        yield from _references(f'employees "{employee.id}", skills', employee.skills, skills, "skill")
        yield from _name(f'employees "{employee.id}", name', employee.name, MAX_NAME)
        if not COLOUR.match(employee.colour):
            yield f'employees "{employee.id}", colour: "{employee.colour}" is not of the form #A1B2C3'


def _server(server: ServerSettings) -> Iterator[str]:
    yield from server_problems(server)
    if server.manager_without_tls not in ("", ACCEPTED):
        yield f'server.manager_without_tls: leave it out, or write "{ACCEPTED}"'
    if bool(server.tls_cert) != bool(server.tls_key):
        yield "server.tls_cert and server.tls_key: the one needs the other; give both or none"
    for key, path in (("tls_cert", server.tls_cert), ("tls_key", server.tls_key)):
        if path:
            yield from path_problems(f"server.{key}", path, '"/etc/welkom/shop.pem"')
    yield from twice("server.proxies", server.proxies)
    yield from _proxies(server.proxies)


def _proxies(proxies: tuple[str, ...]) -> Iterator[str]:
    for proxy in proxies:
        try:
            network = ipaddress.ip_network(proxy)
        except ValueError:
            yield f'server.proxies: "{proxy}" is no address; use a form such as "127.0.0.1" or "10.0.0.0/24"'
            continue
        if network.prefixlen == 0:
            yield f'server.proxies: "{proxy}" is every address; name the address of your proxy'


def _store(store: StoreInfo) -> Iterator[str]:
    yield from _name("store.name", store.name, MAX_STORE_NAME)
    yield from store_problems(store)
    yield from _hours(store)
    if not store.languages:
        yield "store.languages: is empty; name at least one"
    yield from _references("store.languages", store.languages, set(LANGUAGES), "language")
    yield from twice("store.languages", store.languages)


def _hours(store: StoreInfo) -> Iterator[str]:
    for day in store.hours:
        if day not in WEEKDAYS:
            yield f'store.hours: "{day}" is no weekday; use {", ".join(WEEKDAYS)}'
    if store.hours and all(text.strip().lower() == CLOSED for text in store.hours.values()):
        yield "store.hours: no day is open; give at least one its hours, or leave the table out"


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
    for language in languages:
        if language not in missing:
            yield from _name(f"{where}, text.{language}", text[language], MAX_TEXT)


def _name(where: str, text: str, max_length: int) -> Iterator[str]:
    try:
        check_text(text, max_length)
    except NameProblem as error:
        yield f"{where}: {error}"


def _references(where: str, codes: Iterable[str], known: set[str], what: str) -> Iterator[str]:
    """Each code that is not a known one."""
    for code in codes:
        if code not in known:
            yield f'{where}: unknown {what} "{code}"; known are {", ".join(sorted(known)) or "none"}'


def _need(need: Need, s: Settings, skills: set[str]) -> Iterator[str]:
    where = f'needs "{need.code}"'
    yield from _text(where, need.text, s.store.languages)
    yield from _references(f"{where}, skills", need.skills, skills, "skill")
    yield from _references(f"{where}, prefer", need.prefer, skills, "skill")
    yield from _references(f"{where}, endings", need.endings, {r.value for r in Resolution}, "resolution")
    lists = {"skills": need.skills, "prefer": need.prefer, "endings": need.endings}
    for key, codes in (lists | {"overflow": need.asked_last}).items():
        yield from twice(f"{where}, {key}", codes)
    yield from _overflow(where, need, s)
    if need.self_help:
        yield from _text(f"{where}, self_help.title", need.self_help.title, s.store.languages)
        yield from _text(f"{where}, self_help.text", need.self_help.text, s.store.languages)
    groups = any(n.under == need.code for n in s.needs)
    if not groups and not any(frozenset(need.skills) <= e.skills for e in s.employees):
        yield f"{where}, skills: no employee has {' and '.join(need.skills)}, so nobody could ever come"


def _overflow(where: str, need: Need, s: Settings) -> Iterator[str]:
    employees = {employee.id: employee for employee in s.employees}
    yield from _references(f"{where}, overflow", need.asked_last, set(employees), "employee")
    for name in need.asked_last:
        if name in employees and (missing := set(need.skills) - employees[name].skills):
            names = " and ".join(sorted(missing))
            yield (
                f'{where}, overflow: "{name}" is never asked without the skill {names}; add it to the'
                " employee or leave them out"
            )


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
