"""Checks of `store.toml` that types cannot express: broken references, missing texts, wrong values."""

import ipaddress
import re
from collections.abc import Iterable, Iterator

from msgspec import UNSET

from assets.i18n.saying import Saying
from sync_server.domain.catalogue.catalogue import TILES_PER_SCREEN, Need, StoreInfo, Text
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.domain.catalogue.opening_hours import CLOSED, WEEKDAYS
from sync_server.domain.resolution import Resolution
from sync_server.names import NameProblem, check_text

from .fault import SettingsFault
from .model import ACCEPTED, ServerSettings, Settings
from .outside_checks import mail_problems, webhook_problems
from .values import (
    backup_problems,
    number_problems,
    path_problems,
    server_problems,
    store_problems,
    twice,
    unknown,
)

CODE = re.compile(r"^[a-z0-9][a-z0-9_-]{0,39}$")
MAX_STORE_NAME, MAX_NAME, MAX_TEXT = 100, 60, 500  # characters
COLOUR = re.compile(r"^#[0-9A-Fa-f]{6}$")


def find_problems(s: Settings) -> Iterator[SettingsFault]:
    """Every fault."""
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
        yield SettingsFault.at("employees", "settings_fault.nobody")
    yield from _server(s.server)
    yield from backup_problems(s.backup)
    yield from webhook_problems(s.webhooks)
    yield from mail_problems(s.mail, s.store.languages)


def _catalogue(s: Settings) -> Iterator[SettingsFault]:
    skills, needs = {skill.code for skill in s.skills}, {need.code for need in s.needs}
    for skill in s.skills:
        yield from _text(f'skills "{skill.code}"', skill.text, s.store.languages)
    for need in s.needs:
        yield from _need(need, s, skills)
    for place in s.places:
        yield from _text(f'places "{place.code}"', place.text, s.store.languages)
        if (place.x is UNSET) != (place.y is UNSET):
            yield SettingsFault.at(f'places "{place.code}", x', "settings_fault.half_pin")
    if len(s.places) > TILES_PER_SCREEN:
        yield SettingsFault.at("places", "settings_fault.places", count=len(s.places), most=TILES_PER_SCREEN)
    for kind, items in (("tips", s.tips), ("gifts", s.gifts)):
        for item in items:
            yield from _text(f'{kind} "{item.code}"', item.text, s.store.languages)
            yield from _references(f'{kind} "{item.code}", needs', item.needs, needs, "need")
            yield from twice(f'{kind} "{item.code}", needs', item.needs)
    for gift in s.gifts:
        if gift.cents > s.store.goodwill_limit_cents:
            most = s.store.goodwill_limit_cents
            yield SettingsFault.at(
                f'gifts "{gift.code}", cents', "settings_fault.gift", given=gift.cents, most=most
            )
    for employee in s.employees:
        yield from _references(f'employees "{employee.id}", skills', employee.skills, skills, "skill")
        yield from _name(f'employees "{employee.id}", name', employee.name, MAX_NAME)
        if not COLOUR.match(employee.colour):
            where = f'employees "{employee.id}", colour'
            yield SettingsFault.at(where, "settings_fault.colour", given=employee.colour)


def _server(server: ServerSettings) -> Iterator[SettingsFault]:
    yield from server_problems(server)
    if server.manager_without_tls not in ("", ACCEPTED):
        yield SettingsFault.at("server.manager_without_tls", "settings_fault.accepted", word=ACCEPTED)
    if bool(server.tls_cert) != bool(server.tls_key):
        both = Saying("settings_fault.two_keys", {"one": "server.tls_cert", "other": "server.tls_key"})
        yield SettingsFault.at(both, "settings_fault.both_or_none")
    for key, path in (("tls_cert", server.tls_cert), ("tls_key", server.tls_key)):
        if path:
            yield from path_problems(f"server.{key}", path, '"/etc/welkom/shop.pem"')
    yield from twice("server.proxies", server.proxies)
    yield from _proxies(server.proxies)


def _proxies(proxies: tuple[str, ...]) -> Iterator[SettingsFault]:
    for proxy in proxies:
        try:
            network = ipaddress.ip_network(proxy)
        except ValueError:
            yield SettingsFault.at("server.proxies", "settings_fault.proxy", given=proxy)
            continue
        if network.prefixlen == 0:
            yield SettingsFault.at("server.proxies", "settings_fault.proxy_of_all", given=proxy)


def _store(store: StoreInfo) -> Iterator[SettingsFault]:
    yield from _name("store.name", store.name, MAX_STORE_NAME)
    yield from store_problems(store)
    yield from _hours(store)
    if not store.languages:
        yield SettingsFault.at("store.languages", "settings_fault.no_language")
    yield from _references("store.languages", store.languages, set(LANGUAGES), "language")
    yield from twice("store.languages", store.languages)


def _hours(store: StoreInfo) -> Iterator[SettingsFault]:
    for day in store.hours:
        if day not in WEEKDAYS:
            yield SettingsFault.at(
                "store.hours", "settings_fault.weekday", given=day, known=", ".join(WEEKDAYS)
            )
    if store.hours and all(text.strip().lower() == CLOSED for text in store.hours.values()):
        yield SettingsFault.at("store.hours", "settings_fault.never_open")


def _codes(table: str, codes: list[str]) -> Iterator[SettingsFault]:
    for code in codes:
        if not CODE.match(code):
            yield SettingsFault.at(f'{table} "{code}"', "settings_fault.code")
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield SettingsFault.at(f'{table} "{code}"', "settings_fault.code_twice")


def _text(where: str, text: Text, languages: Iterable[str]) -> Iterator[SettingsFault]:
    missing = [language for language in languages if not text.get(language, "").strip()]
    if missing:
        yield SettingsFault.at(f"{where}, text", "settings_fault.no_words", languages=", ".join(missing))
    for language in languages:
        if language not in missing:
            yield from _name(f"{where}, text.{language}", text[language], MAX_TEXT)


def _name(where: str, text: str, max_length: int) -> Iterator[SettingsFault]:
    try:
        check_text(text, max_length)
    except NameProblem as error:
        yield SettingsFault(where, error.saying)


def _references(where: str, codes: Iterable[str], known: set[str], what: str) -> Iterator[SettingsFault]:
    """Each code that is not a known one."""
    for code in codes:
        if code not in known:
            yield unknown(where, what, code, sorted(known))


def _need(need: Need, s: Settings, skills: set[str]) -> Iterator[SettingsFault]:
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
        yield SettingsFault.at(f"{where}, skills", "settings_fault.nobody_could", skills=tuple(need.skills))


def _overflow(where: str, need: Need, s: Settings) -> Iterator[SettingsFault]:
    employees = {employee.id: employee for employee in s.employees}
    yield from _references(f"{where}, overflow", need.asked_last, set(employees), "employee")
    for name in need.asked_last:
        if name in employees and (missing := set(need.skills) - employees[name].skills):
            skills = tuple(sorted(missing))
            yield SettingsFault.at(
                f"{where}, overflow", "settings_fault.never_asked", given=name, skills=skills
            )


def _screens(needs: tuple[Need, ...]) -> Iterator[SettingsFault]:
    codes = {need.code: need for need in needs}
    for need in needs:
        if need.under is None:
            continue
        above = codes.get(need.under)
        if above is None:
            yield SettingsFault.at(f'needs "{need.code}", under', "settings_fault.no_need", given=need.under)
        elif above.under is not None:
            yield SettingsFault.at(
                f'needs "{need.code}", under', "settings_fault.third_screen", given=need.under
            )
    for code in [None, *codes]:
        count = sum(1 for need in needs if need.under == code)
        if count > TILES_PER_SCREEN:
            key = "settings_fault.tiles_below" if code else "settings_fault.tiles"
            yield SettingsFault.at("needs", key, count=count, above=code or "", most=TILES_PER_SCREEN)
    if not any(need.under is None for need in needs):
        yield SettingsFault.at("needs", "settings_fault.no_tiles")
