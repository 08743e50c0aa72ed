"""The first step: what the shop is called, which trade it is of, and which languages it speaks."""

import asyncio
import os
from pathlib import Path
from typing import ClassVar

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from assets.i18n.texts import language_name
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.service.config.trades import TRADES
from sync_server.service.config.values import time_zone_problem
from sync_server.service.settings import first_steps
from sync_server.service.settings.settings_document import SettingsDocument
from sync_server.service.settings.trade_change import apply_trade, trade_values
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of
from sync_server.web.manager.forms import form_token, read_form_data
from sync_server.web.manager.layout import manager_language
from sync_server.web.manager.settings.saving import SaveResult, save
from sync_server.web.manager.settings.setting_field import FormChoice
from sync_server.web.manager.settings.trade_page import OfferedTrade, offered_trades, read_trades

from .assistant_step import after, step_page

ZONEINFO = "zoneinfo/"
CHOSEN_TRADE = "settings_trade"  # in the session: the trade whose hours the next step offers


class ShopStep(Context, frozen=True):
    """The form. `all_languages` are those there are, `spoken` those that are chosen; the first one greets."""

    template: ClassVar[str] = "manager/settings/start_shop.html"

    token: str
    name: str
    trades: list[OfferedTrade]
    chosen: str
    all_languages: list[FormChoice]
    spoken: tuple[str, ...]
    timezone: str
    problem: str
    sentences: list[str]


async def shop_step(request: Request) -> Response:
    """Shows the form, and sets the shop up as its trade's example has it."""
    await asyncio.to_thread(read_trades)
    live = server_of(request).live_settings
    settings = live.current.settings
    is_new = "shop" in first_steps.remaining(server_of(request).data_dir)
    if request.method == "GET":
        zone = (computer_time_zone() if is_new else None) or settings.store.timezone
        name = "" if is_new else settings.store.name
        spoken = _asked_first(request) if is_new else settings.store.languages
        return _page(request, name, "", spoken, zone)
    form = await read_form_data(request)
    name, trade = str(form.get("name", "")).strip(), str(form.get("trade", ""))
    spoken, zone = _spoken(form), str(form.get("timezone", "")).strip()
    if trade not in TRADES and is_new:
        result = SaveResult(key="manager.settings.no_trade")
        return _page(request, name, trade, spoken, zone, result)

    def edit(document: SettingsDocument) -> None:
        document.set("store.name", name)
        document.set("store.languages", list(spoken))
        document.set("store.timezone", zone)
        if trade in TRADES:
            apply_trade(document, settings, trade, only_add=False)

    result = await save(request, edit, live.current.version)
    if result.saved is None:
        return _page(request, name, trade, spoken, zone, result)
    request.session[CHOSEN_TRADE] = trade
    return after(request, "shop")


def trade_hours(request: Request) -> dict[str, str]:
    """The hours of the trade that was chosen in this session; none where it has none."""
    trade = request.session.get(CHOSEN_TRADE, "")
    if trade not in TRADES:
        return {}
    return dict(trade_values(trade)["store"].get("hours", {}))


def computer_time_zone() -> str | None:
    """The time zone of this computer; None where it does not say."""
    for found in (os.environ.get("TZ", ""), os.path.realpath("/etc/localtime").partition(ZONEINFO)[2]):
        if found and not time_zone_problem(found) and Path("/" + found).name != "UTC":
            return found
    return None


def _asked_first(request: Request) -> tuple[str, ...]:
    """All languages, with that of the manager as the one in which kiosks greet."""
    own = manager_language(request)
    return (own, *(code for code in LANGUAGES if code != own))


def _spoken(form: FormData) -> tuple[str, ...]:
    """The chosen languages, the one that greets first."""
    chosen = [code for code in LANGUAGES if code in form.getlist("languages")]
    first = str(form.get("first", ""))
    return tuple(sorted(chosen, key=lambda code: code != first))


def _page(
    request: Request,
    name: str,
    trade: str,
    spoken: tuple[str, ...],
    zone: str,
    result: SaveResult | None = None,
) -> Response:
    context = ShopStep(
        form_token(request),
        name,
        offered_trades(texts_of(manager_language(request))),
        trade,
        [FormChoice(code, language_name(code)) for code in LANGUAGES],
        spoken,
        zone,
        (result.key or "manager.settings.refused") if result else "",
        result.sentences(request) if result else [],
    )
    return step_page(request, "shop", context, 400 if result else 200)
