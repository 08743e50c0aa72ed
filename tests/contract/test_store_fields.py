"""Every key of `store.toml`: which modules read it, and where a person sees what it does.

A key that nothing shows is a promise that nobody keeps. A new key needs a line here, and a word in the
shop's pages of docs/ or in the example.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import get_args

import pytest
from msgspec import Struct
from msgspec.structs import fields

from sync_server.service.config.model import Settings

from .docs_pages import ROOT

CATALOGUE = "sync_server/domain/catalogue/catalogue.py"
ESTIMATES, ROUTING = "sync_server/domain/queue/line_estimates.py", "sync_server/domain/queue/routing.py"
LINE = "sync_server/domain/queue/line.py"
OPEN_VISIT, CHECKS = "sync_server/domain/floor/commands.py", "sync_server/domain/floor/command_checks.py"
TIME, FLOOR = "sync_server/domain/floor/time_events.py", "sync_server/domain/floor/floor.py"
SERVER, TLS = "sync_server/service/server.py", "sync_server/service/net/tls.py"
PAGES, API = "sync_server/web/http/templates.py", "sync_server/web/api/opening.py"
VISIT, PHONE = (
    "sync_server/web/manager/visit_log/visit_page.py",
    "sync_server/web/templates/shopper/progress.html",
)
TODAY, LOG_ROWS = "sync_server/web/manager/today.py", "sync_server/web/manager/visit_log/log_rows.py"
STAFFING = "sync_server/web/manager/staffing/staffing_page.py"
KIOSK_STATE, KIOSK_NEEDS = "kiosk/session/session_state.py", "kiosk/screens/need.py"
KIOSK_WHO, KIOSK_LINE = "kiosk/screens/identify.py", "kiosk/screens/line.py"
SNAPSHOT, CHOICES, SERVING = (
    "staff_app/snapshot.py",
    "staff_app/presenters/choices.py",
    "staff_app/presenters/serving.py",
)
PLAN = "sync_server/web/manager/settings/places_plan.py"
NAMES, TABLET_SIGN_IN = "staff_app/presenters/names.py", "staff_app/presenters/sign_in.py"

WEBHOOKS = "sync_server/service/webhooks/webhook_sender.py"
WEBHOOK_REQUEST = "sync_server/service/webhooks/webhook_request.py"
MAIL, SMTP = "sync_server/service/mail/mail_sender.py", "sync_server/service/mail/smtp_client.py"

# Where a person sees what the key does, and modules that read it.
READ_BY: dict[str, tuple[str, set[str]]] = {
    "store.name": ("kiosk, phone and manager's pages: top left", {"kiosk/widgets/page.py"}),
    "store.timezone": ("every time of day; when a store-day begins", {CATALOGUE}),
    "store.languages": ("kiosk, tablet, pages: language buttons", {KIOSK_STATE, "staff_app/view.py"}),
    "store.currency": ("tablet: goodwill; manager's pages: a visit", {NAMES, VISIT}),
    "store.closes": ("tickets that end at closing time; tablet: how many still wait", {CATALOGUE}),
    "store.public_url": ("kiosk: the ticket's QR code; API: link", {KIOSK_STATE, API}),
    "store.goodwill_limit_cents": ("tablet: goodwill", {SERVING, CHECKS}),
    "store.hours": ("kiosk: closed until; tablet: closes soon", {CATALOGUE}),
    "store.dates": ("kiosk: closed until; tablet: closes soon", {CATALOGUE}),
    "store.closing_warning_min": ("tablet: closes soon", {CATALOGUE}),
    "store.leftovers_min": ("tablet: after closing; manager's log: left open", {TIME}),
    "store.needs_when_closed": ("kiosk: needs, or closed", {CATALOGUE}),
    "needs.code": ("CSV and API: need", {CHOICES}),
    "needs.text": ("kiosk: a tile; tablet and pages: what the visit is for", {KIOSK_NEEDS, PAGES}),
    "needs.icon": ("kiosk: a tile; tablet: quick resolution", {KIOSK_NEEDS, CHOICES}),
    "needs.skills": ("who is offered the visit", {ROUTING, ESTIMATES}),
    "needs.prefer": ("who is offered the visit first", {CATALOGUE}),
    "needs.under": ("kiosk: more needs", {CATALOGUE, PAGES}),
    "needs.priority": ("the order of the line", {OPEN_VISIT, LINE}),
    "needs.target_wait_s": ("tablet and pages: a late visit", {SNAPSHOT, TIME, LOG_ROWS}),
    "needs.target_service_s": ("tablet: the timer's colour; the first quotes", {SNAPSHOT, ESTIMATES}),
    "needs.endings": ("tablet: how it ended", {SNAPSHOT}),
    "needs.self_help.title": ("kiosk: in line", {KIOSK_LINE}),
    "needs.self_help.text": ("kiosk: in line", {KIOSK_LINE}),
    "needs.self_help.icon": ("kiosk: in line", {KIOSK_LINE}),
    "needs.overflow": ("who is offered the visit last", {CATALOGUE}),
    "skills.code": ("`welkom check`: a need or employee with an unknown skill", {PAGES}),
    "skills.text": ("manager's pages: the skill that nobody on the floor has", {PAGES}),
    "employees.id": ("`welkom employee pin`; CSV: employee", {"sync_server/service/admin/commands.py"}),
    "employees.name": ("kiosk and phone: who is coming; tablet: who are you", {TABLET_SIGN_IN, NAMES}),
    "employees.skills": ("who is offered a visit", {ROUTING, SNAPSHOT}),
    "employees.colour": ("tablet and kiosk: the circle with a letter", {TABLET_SIGN_IN, NAMES}),
    "places.code": ("tablet: where the shopper is", {KIOSK_WHO, NAMES}),
    "places.text": ("kiosk: where are you; tablet: where the shopper is", {KIOSK_WHO, NAMES}),
    "places.icon": ("kiosk: where are you", {KIOSK_WHO}),
    "places.x": ("manager's pages: the plan of the shop", {PLAN}),
    "places.y": ("manager's pages: the plan of the shop", {PLAN}),
    "tips.code": ("CSV: tip", {SERVING}),
    "tips.text": ("tablet: care tips; phone: the tip", {SERVING, PHONE}),
    "tips.needs": ("tablet: which care tips there are", {CATALOGUE}),
    "gifts.code": ("CSV: gift", {SERVING}),
    "gifts.text": ("tablet: goodwill; manager's pages: a visit", {SERVING, VISIT}),
    "gifts.cents": ("tablet: goodwill; the visit's goodwill", {SERVING, CHECKS}),
    "gifts.needs": ("tablet: which gifts there are", {CATALOGUE}),
    "times.offer_s": ("tablet: the offer's countdown", {SNAPSHOT, FLOOR}),
    "times.ask_again_s": ("tablet: the next offer of the same visit", {TIME}),
    "times.wrap_up_s": ("tablet: the next offer after a visit", {FLOOR}),
    "times.credit_s": ("the order of the line", {FLOOR}),
    "times.idle_s": ("kiosk: are you still there", {KIOSK_STATE}),
    "times.service_level_s": ("manager's pages: today, log", {TODAY, LOG_ROWS}),
    "times.max_active": ("tablet: offers while somebody is served", {FLOOR, CHECKS}),
    "server.sync": ("`welkom server`: Ready; devices connect", {SERVER}),
    "server.web": ("`welkom server`: Ready; pages answer", {SERVER}),
    "server.enrol": ("manager's pages: pairing", {SERVER}),
    "server.announce": ("kiosk and tablet: pairing finds the shop", {SERVER}),
    "server.tls_cert": ("pages answer by https", {TLS}),
    "server.tls_key": ("pages answer by https", {TLS}),
    "server.manager_without_tls": ("manager's pages: sign in", {"sync_server/service/config/model.py"}),
    "server.proxies": ("manager's pages: sign in behind a proxy", {"sync_server/web/app.py"}),
    "backup.folder": ("the backups' folder", {"sync_server/service/upkeep/backup_schedule.py"}),
    "backup.at": ("the backups' times", {"sync_server/service/upkeep/backup_schedule.py"}),
    "backup.keep": ("how many backups there are", {"sync_server/service/upkeep/backup_schedule.py"}),
    "access.pin_digits": ("`welkom employee pin`", {"sync_server/service/admin/commands.py"}),
    "privacy.keep_descriptions_h": (
        "manager's pages: until when a visit's words are kept",
        {SERVER, VISIT},
    ),
    "staffing.greet_percent": ("manager's page Staffing", {STAFFING}),
    "webhooks.name": ("manager's page Webhooks", {WEBHOOKS}),
    "webhooks.url": ("where webhooks arrive", {WEBHOOK_REQUEST}),
    "webhooks.events": ("which webhooks arrive", {WEBHOOKS}),
    "webhooks.words": ("webhooks with words", {WEBHOOKS}),
    "webhooks.allow_local": ("webhooks in the shop's network", {WEBHOOK_REQUEST}),
    "mail.host": ("mail arrives", {SMTP, MAIL}),
    "mail.port": ("mail arrives", {SMTP}),
    "mail.tls": ("mail arrives", {SMTP}),
    "mail.user": ("mail arrives", {SMTP}),
    "mail.sender": ("from whom mail is", {MAIL}),
    "mail.to": ("to whom mail is", {MAIL}),
    "mail.at": ("when the mail of the day arrives", {MAIL}),
    "mail.language": ("the mail of the day", {MAIL}),
    "mail.alerts": ("mails about alerts", {MAIL}),
}  # fmt: skip


def _structs_in(kind: object) -> list[type[Struct]]:
    if isinstance(kind, type) and issubclass(kind, Struct):
        return [kind]
    return [found for part in get_args(kind) for found in _structs_in(part)]


def every_key(table: type[Struct] = Settings, before: str = "") -> Iterator[str]:
    for field in fields(table):
        inner = _structs_in(field.type)
        if inner:
            yield from every_key(inner[0], f"{before}{field.name}.")
        else:
            yield before + field.name


@cache
def attributes_read_in(module: str) -> frozenset[str]:
    text = (ROOT / module).read_text("utf-8")
    if module.endswith(".html"):
        return frozenset(re.findall(r"\.(\w+)", text))
    tree = ast.parse(text)
    return frozenset(node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute))


def test_every_key_is_in_the_list_with_where_it_is_seen():
    assert sorted(READ_BY) == sorted(every_key())
    assert all(seen and modules for seen, modules in READ_BY.values())


@pytest.mark.parametrize("key", READ_BY)
def test_the_modules_read_the_key(key):
    name = key.split(".")[-1]
    for module in READ_BY[key][1]:
        assert name in attributes_read_in(module), module


@pytest.mark.parametrize("key", READ_BY)
def test_the_shop_can_read_about_the_key(key):
    name = key.split(".")[-1]
    pages = [*sorted((ROOT / "docs/shop").glob("*.md")), ROOT / "assets/demo/store.toml"]
    assert any(re.search(rf"\b{name}\b", page.read_text("utf-8")) for page in pages)
