"""The shopper's own page, `/v/{link}`: where am I, when, what now. It works without JavaScript.

The link is a random number of 128 bits on the ticket: whoever has it is the shopper.
"""

import secrets
from typing import Any
from urllib.parse import urlencode

from msgspec import ValidationError, convert
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from assets.words import Words
from sync_server.domain.ops import Actor, ActorKind, Cancel, Id, Rate, ShopperOp
from sync_server.domain.ticket import uuid7
from sync_server.service import figures
from sync_server.service.server import Server
from sync_server.service.store import reading

from . import language, sse
from .pages import draw, mark, page, words_of
from .standing import Standing, alive, ending, headline, standing

EVERY_S = 5.0  # how often places and brackets are looked at again; only what changed is sent
PHONE = Actor(ActorKind.PHONE)

# The easiest first, as one reads; effort 5 is very easy.
FACES = ((5, "mood-happy"), (4, "mood-smile"), (3, "mood-empty"), (2, "mood-sad"), (1, "mood-cry"))


async def visit(request: Request) -> Response:
    """Where the visit stands."""
    shopper = _Shopper(request)
    return shopper.page("phone.html", shopper.standing())


async def events(request: Request) -> Response:
    """The same, told anew as it changes, until the visit is over."""
    shopper = _Shopper(request)
    shopper.standing()

    async def render() -> tuple[str, bool]:
        try:
            now = shopper.standing()
        except HTTPException:  # the link died while somebody listened
            return "", True
        return shopper.draw("news.html", now), now.over

    return sse.stream(sse.pieces(shopper.server, shopper.visit_id, render, EVERY_S))


async def leave(request: Request) -> Response:
    """Asks first, then takes the shopper out of the line."""
    shopper = _Shopper(request)
    now = shopper.standing()
    if not now.can_leave:
        return shopper.back()
    if request.method == "POST":
        await shopper.submit(await request.form(), Cancel(shopper.visit_id))
        return shopper.back()
    return shopper.page("leave.html", now)


async def rate(request: Request) -> Response:
    """Takes the answer to the one question, once."""
    shopper = _Shopper(request)
    form = await request.form()
    effort = str(form.get("effort", ""))
    if shopper.standing().to_ask and effort in ("1", "2", "3", "4", "5"):
        await shopper.submit(form, Rate(shopper.visit_id, ces=int(effort)))
    return shopper.back()


class _Shopper:
    """Whoever holds the link of this request. Raises 404 for a link that opens nothing (any more)."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.server: Server = request.app.state.server
        self.link: str = request.path_params["link"]
        # The floor knows every visit whose link is alive, until an hour after its end.
        visits = self.server.shop.floor.visits.values()
        self.visit_id = next((visit.visit_id for visit in visits if visit.link == self.link), "")
        if not self.visit_id:
            raise HTTPException(404)
        self.asked = language.asked(request, self.server.shop.catalogue.store.languages)

    def standing(self) -> Standing:
        """How things are this moment. Raises 404 once the link is dead."""
        now = self.server.shop.clock()
        with reading(self.server.folder.store) as db:
            found = figures.one_visit(db, self.visit_id)
        if found is None or not alive(found, now):
            raise HTTPException(404)
        return standing(found, self.server.shop.floor)

    def page(self, template: str, now: Standing) -> HTMLResponse:
        return page(self.request, template, self._language(now), **self._values(now))

    def draw(self, template: str, now: Standing) -> str:
        return draw(self.server, template, self._language(now), **self._values(now))

    def back(self) -> Response:
        """To the page, which tells how things are, whatever became of the wish."""
        return RedirectResponse(self._address(), 303)

    async def submit(self, form: FormData, op: ShopperOp) -> None:
        """Does the op once, however often the form is sent.

        A refusal means that things have moved on; the page shown next says how they are. Raises
        Unwell.
        """
        now = self.server.shop.clock()
        try:
            op_id = convert(form.get("once"), Id)
        except ValidationError:
            op_id = _new_id(now)
        await self.server.shop.submit(op_id, op, PHONE)

    def _language(self, now: Standing) -> str:
        return self.asked or now.visit.language

    def _values(self, now: Standing) -> dict[str, Any]:
        catalogue = self.server.shop.catalogue
        words = words_of(self._language(now))
        employee = catalogue.employee(now.visit.employee) if now.visit.employee else None
        return {
            "now": now,
            "headline": headline(now, words),
            "ending": ending(now, words) if now.over else "",
            "wait": _wait(now, words),
            "ticket_name": words.ticket_name(now.visit.ticket),
            "face": employee,
            "faces": FACES,
            "visit": now.visit,
            "need": catalogue.need(now.visit.need),
            "tip": next((tip for tip in catalogue.tips if tip.code == now.visit.tip), None),
            "came": catalogue.local(now.visit.created_at),
            "once": _new_id(self.server.shop.clock()),
            "address": self._address,
            "in_language": self._in_language,
        }

    def _address(self, path: str = "") -> str:
        """An address of this page that keeps the language chosen on it."""
        query = "?" + urlencode({"lang": self.asked}) if self.asked else ""
        return f"/v/{self.link}{path}{query}"

    def _in_language(self, wanted: str) -> str:
        return f"/v/{self.link}?{urlencode({'lang': wanted})}"


def _wait(now: Standing, words: Words) -> str:
    """The honest bracket as a sentence, the minutes in strong type."""
    if now.low_s is None or now.high_s is None:
        return words.say("phone.wait_unknown")
    return mark(words, "when", "phone.wait", {"when": words.minutes(now.low_s, now.high_s)})


def _new_id(now: int) -> str:
    return uuid7(now, secrets.token_bytes(10))
