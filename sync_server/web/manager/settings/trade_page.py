"""The page that takes the example of a trade over: first shown as a difference, then done as a whole."""

import asyncio
from typing import ClassVar

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from assets.i18n.texts import Texts
from sync_server.service.config.model import Settings
from sync_server.service.config.trades import ELECTRONICS, TRADES
from sync_server.service.settings.trade_change import (
    ListDifference,
    apply_trade,
    trade_difference,
    trade_settings,
)
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import framed_page, manager_language

from .saving import SETTINGS, SaveResult, save

ADD, REPLACE = "add", "replace"
ICONS = {
    ELECTRONICS: "device-laptop",
    "pharmacy": "medical-cross",
    "optician": "eyeglass",
    "bank": "building-bank",
    "town_hall": "building-community",
    "library": "books",
}


class OfferedTrade(Struct, frozen=True):
    """A trade to choose, with the icon and a few of its needs, in words."""

    code: str
    icon: str
    needs: str


class WordedDifference(Struct, frozen=True):
    """What a trade does to one list, in words."""

    table: str
    comes: list[str]
    changes: list[str]
    goes: list[str]


class TradePage(Context, frozen=True):
    """The page. Without a chosen trade it has no `difference`. `version` is that of the shown settings."""

    template: ClassVar[str] = "manager/settings/trade.html"

    token: str
    trades: list[OfferedTrade]
    chosen: str
    mode: str
    version: str
    difference: list[WordedDifference]
    problem: str
    sentences: list[str]


async def trade_page(request: Request) -> Response:
    """Shows what a trade would change, and does it."""
    if request.method == "GET":
        query = request.query_params
        await asyncio.to_thread(read_trades)
        return _page(request, query.get("trade", ""), query.get("mode", ADD))
    form = await read_form(request)
    trade, mode = form.get("trade", ""), form.get("mode", ADD)
    if trade not in TRADES:
        return _page(request, "", mode)
    settings = server_of(request).live_settings.current.settings
    result = await save(
        request,
        lambda document: apply_trade(document, settings, trade, mode != REPLACE),
        form.get("version", ""),
    )
    if result.saved is None:
        return _page(request, trade, mode, result)
    return RedirectResponse(f"{SETTINGS}/needs?saved", 303)


def _page(request: Request, trade: str, mode: str, result: SaveResult | None = None) -> Response:
    current = server_of(request).live_settings.current
    texts = texts_of(manager_language(request))
    chosen = trade if trade in TRADES else ""
    found = trade_difference(current.settings, chosen, mode != REPLACE) if chosen else []
    context = TradePage(
        form_token(request),
        offered_trades(texts),
        chosen,
        mode if mode == REPLACE else ADD,
        current.version,
        [_worded(one, current.settings, chosen, texts) for one in found if not one.is_empty],
        (result.key or "manager.settings.refused") if result else "",
        result.sentences(request) if result else [],
    )
    return framed_page(request, "settings", context, 409 if result else 200)


def read_trades() -> None:
    """Reads the files of all trades, which takes a tenth of a second the first time."""
    for trade in TRADES:
        trade_settings(trade)


def offered_trades(texts: Texts) -> list[OfferedTrade]:
    """All trades, each with its first needs."""
    return [
        OfferedTrade(
            trade,
            ICONS[trade],
            ", ".join(
                texts.inside(texts.text(need.text)) if n else texts.text(need.text)
                for n, need in enumerate(trade_settings(trade).catalogue().needs_under(None)[:3])
            ),
        )
        for trade in TRADES
    ]


def _worded(one: ListDifference, settings: Settings, trade: str, texts: Texts) -> WordedDifference:
    ours = {entry.code: entry for entry in getattr(settings, one.table)}
    theirs = {entry.code: entry for entry in getattr(trade_settings(trade), one.table)}

    def words(codes: tuple[str, ...], entries: dict[str, object]) -> list[str]:
        return [texts.text(getattr(entries[code], "text", {}), code) for code in codes]

    return WordedDifference(
        one.table, words(one.comes, theirs), words(one.changes, theirs), words(one.goes, ours)
    )
