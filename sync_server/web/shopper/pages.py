"""The shopper's own page, `/v/{link}`: how far the visit is and how long it takes. Works without JavaScript.

The link is a random number of 128 bits on the ticket: whoever has it is the shopper.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, TypeVar
from urllib.parse import urlencode

from markupsafe import Markup
from msgspec import ValidationError, convert
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from assets.i18n.back_again import back_again
from assets.i18n.texts import Texts, is_useful_wait
from sync_server.domain.catalogue.catalogue import Employee, Need, Tip
from sync_server.domain.ops import Cancel, Id, Rate, ShopperOp
from sync_server.domain.share import Share
from sync_server.domain.visit.ticket import uuid7
from sync_server.domain.visit.visit import Visit
from sync_server.service.processing.opened_pages import count_opened_page
from sync_server.service.reports.visit_detail import visit_detail
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.language import requested_language
from sync_server.web.http.sse import Signal, StreamEnded, event_stream, html_events
from sync_server.web.http.templates import (
    Context,
    LanguageLinks,
    MessageContext,
    html_page,
    render,
    say_emphasised,
    texts_of,
)

from .progress import VisitProgress, ending, has_live_link, headline, visit_progress
from .returning import PHONE, closed_need, come_back, may_return, other_needs, visit_after

INTERVAL_S = 5.0  # how often places in line and estimates are computed again; only changes are sent
FACES = ((5, "mood-happy"), (4, "mood-smile"), (3, "mood-empty"), (2, "mood-sad"), (1, "mood-cry"))
Shown = TypeVar("Shown", bound="VisitContext")
EFFORTS = {str(effort): effort for effort, _ in FACES}  # 5 is very easy


class VisitContext(Context, frozen=True):
    """How far a visit is.

    `headline` is the page's title, `ending` how the visit ended (empty before), `wait` the estimate as a
    sentence, `longer` why it is longer than was told at first (else empty),
    `how_right` how often the last told waits were right. `employee` comes or came, if they
    are in the catalogue, and `name` is how the texts call them. `need_closed` says when a need that is closed
    today is offered again, to who could come back; else it is empty. `other_needs` are offered to them
    instead. `once` is the op_id of the next form, and `link_to` gives the address of a part of the page, in
    the language chosen on it.
    """

    progress: VisitProgress
    headline: str
    ending: str
    wait: str | Markup
    longer: str
    how_right: str
    ticket_name: str
    name: str
    employee: Employee | None
    may_return: bool
    need_closed: str
    other_needs: list[Need]
    faces: tuple[tuple[int, str], ...]
    need: Need | None
    tip: Tip | None
    created_at: datetime
    once: str
    link_to: Callable[..., str]


class VisitPage(VisitContext, frozen=True):
    """The whole page."""

    template: ClassVar[str] = "shopper/visit.html"


class VisitUpdate(VisitContext, frozen=True):
    """The piece of the page that its events renew, and the title."""

    template: ClassVar[str] = "shopper/progress_event.html"


class LeavePage(Context, frozen=True):
    """The question whether to leave the line."""

    template: ClassVar[str] = "shopper/leave.html"

    ticket: str
    ticket_name: str
    once: str
    link_to: Callable[..., str]


class ShopperMessage(MessageContext, frozen=True):
    """A page with a message for a shopper."""

    template: ClassVar[str] = "shopper/message.html"


async def visit(request: Request) -> Response:
    """The page. After a return it is that of the new visit: the ticket's code leads there as well."""
    shopper = _Shopper(request)
    returned = visit_after(shopper.server, shopper.visit_id)
    if returned is not None and returned.link:
        return shopper.redirect_to_page(returned.link)
    is_first = shopper.visit_id not in shopper.server.processor.floor.with_phone
    progress = shopper.read_progress()
    if is_first:
        count_opened_page(shopper.server.processor, shopper.visit_id, progress.visit.day)
    held = await shopper.server.told_waits.held()
    return shopper.page(progress, shopper.visit_page(progress, held))


async def events(request: Request) -> Response:
    """The changing piece of the page again after each change, until the visit is over."""
    shopper = _Shopper(request)
    shopper.read_progress()  # raises 404 before the stream begins

    async def render_visit() -> tuple[str, bool]:
        try:
            progress = shopper.read_progress()
        except HTTPException:  # the link stopped working while the page was open
            raise StreamEnded(Signal.GONE) from None
        held = await shopper.server.told_waits.held()
        html = render(shopper.server, shopper.language(progress), shopper.visit_event(progress, held))
        return html, progress.is_over

    return event_stream(html_events(shopper.server, shopper.visit_id, render_visit, INTERVAL_S))


async def leave(request: Request) -> Response:
    """Asks once more, then takes the shopper out of the line."""
    shopper = _Shopper(request)
    progress = shopper.read_progress()
    if not progress.can_leave:
        return shopper.redirect_to_page()
    if request.method == "POST":
        await shopper.submit(await request.form(), Cancel(shopper.visit_id))
        return shopper.redirect_to_page()
    return shopper.page(progress, shopper.leave_page(progress))


async def back(request: Request) -> Response:
    """Back in line: to the page of a new visit."""
    shopper = _Shopper(request)
    other = str((await request.form()).get("need", ""))
    offered = {need.code for need in other_needs(shopper.server, shopper.visit)}
    if closed_need(shopper.server, shopper.visit) is not None and other not in offered:
        return shopper.redirect_to_page()  # it says when the need is offered again, and what is offered now
    visit = await come_back(request, shopper.server, shopper.visit, other)
    if visit is not None and visit.link:
        return shopper.redirect_to_page(visit.link)
    texts = texts_of(shopper.language(shopper.read_progress()))
    message = ShopperMessage(texts.say("phone.error.title"), texts.say("phone.back_busy"))
    return shopper.page(shopper.read_progress(), message, 503)


async def rate(request: Request) -> Response:
    """Takes the answer to the one question, once."""
    shopper = _Shopper(request)
    form = await request.form()
    effort = EFFORTS.get(str(form.get("effort", "")))
    if shopper.read_progress().may_rate and effort is not None:
        await shopper.submit(form, Rate(shopper.visit_id, ces=effort))
    return shopper.redirect_to_page()


class _Shopper:
    """The person with the link of this request. Raises 404 for a link that does not work (any more)."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.server = server_of(request)
        self._link: str = request.path_params["link"]
        # The floor has every visit whose link works: it keeps visits until an hour after their end.
        visits = self.server.processor.floor.visits.values()
        self.visit_id = next((visit.visit_id for visit in visits if visit.link == self._link), "")
        if not self.visit_id:
            raise HTTPException(404)
        self._requested_language = requested_language(
            request, self.server.processor.catalogue.store.languages
        )

    @property
    def visit(self) -> Visit:
        """The visit as the floor has it now. Raises 404 once the floor has dropped it."""
        visit = self.server.processor.floor.visits.get(self.visit_id)
        if visit is None:
            raise HTTPException(404)
        return visit

    def read_progress(self) -> VisitProgress:
        """How far the visit is now. Reads the database. Raises 404 once the link has stopped working."""
        now = self.server.processor.clock()
        with reading(self.server.data_dir.store) as db:
            found = visit_detail(db, self.visit_id)
        if found is None or not has_live_link(found, now):
            raise HTTPException(404)
        floor = self.server.processor.floor
        floor.with_phone.add(self.visit_id)
        return visit_progress(found, floor)

    def language(self, progress: VisitProgress) -> str:
        """The one chosen on the page, or else the one chosen at the kiosk."""
        return self._requested_language or progress.visit.language

    def page(self, progress: VisitProgress, context: Context, status: int = 200) -> HTMLResponse:
        """A whole page in the shopper's language."""
        links = LanguageLinks(in_language=lambda code: self._link_to(language=code))
        return html_page(self.request, self.language(progress), status, context, links)

    def redirect_to_page(self, link: str | None = None) -> Response:
        """To the page, which shows how far the visit is, whatever became of the form.

        `link`: to the page of another visit.
        """
        return RedirectResponse(self._link_to(link=link), 303)

    async def submit(self, form: FormData, op: ShopperOp) -> None:
        """Submits the op once, however often the form is sent.

        A refusal means that the visit has moved on; the page shown next says how far it is. Raises
        Unavailable if the store cannot be written.
        """
        now = self.server.processor.clock()
        try:
            op_id = convert(form.get("once"), Id)
        except ValidationError:  # a form without a valid id: it has one effect each time it is sent
            op_id = _new_id(now)
        await self.server.processor.submit(op_id, op, PHONE)

    def visit_page(self, progress: VisitProgress, held: Share) -> VisitPage:
        return self._visit_context(VisitPage, progress, held)

    def visit_event(self, progress: VisitProgress, held: Share) -> VisitUpdate:
        return self._visit_context(VisitUpdate, progress, held)

    def leave_page(self, progress: VisitProgress) -> LeavePage:
        visit, texts = progress.visit, texts_of(self.language(progress))
        once = _new_id(self.server.processor.clock())
        return LeavePage(visit.ticket, texts.ticket_name(visit.ticket), once, self._link_to)

    def _visit_context(self, kind: type[Shown], progress: VisitProgress, held: Share) -> Shown:
        catalogue, visit = self.server.processor.catalogue, progress.visit
        texts = texts_of(self.language(progress))
        return kind(
            progress=progress,
            headline=headline(progress, texts),
            ending=ending(progress, texts) if progress.is_over else "",
            wait=_wait_sentence(progress, texts),
            longer=texts.say(progress.longer) if progress.longer and not progress.tells_hindrance else "",
            how_right=texts.how_right(held.value if held.is_enough else None),
            ticket_name=texts.ticket_name(visit.ticket),
            name=progress.name or texts.say("phone.somebody"),
            employee=catalogue.employee(visit.employee) if visit.employee else None,
            may_return=may_return(self.server, self.visit),
            need_closed=self._need_closed(texts),
            other_needs=other_needs(self.server, self.visit),
            faces=FACES,
            need=catalogue.need(visit.need),
            tip=catalogue.tip(visit.tip) if visit.tip else None,
            created_at=catalogue.local(visit.created_at),
            once=_new_id(self.server.processor.clock()),
            link_to=self._link_to,
        )

    def _need_closed(self, texts: Texts) -> str:
        """When the need is offered again, for a shopper who could come back; empty if it is offered."""
        closed, processor = closed_need(self.server, self.visit), self.server.processor
        need = processor.catalogue.need(self.visit.need)
        if closed is None or need is None:
            return ""
        back = back_again(processor.catalogue, closed.back, closed.until, processor.clock(), texts)
        said = " ".join(part for part in (texts.text(closed.words), back) if part)
        return texts.say("phone.need_closed", need=texts.text(need.text), back=said)

    def _link_to(self, part: str = "", language: str | None = None, link: str | None = None) -> str:
        """The address of the page or of a part of it, in `language` or the one chosen on the page."""
        language = language or self._requested_language
        query = "?" + urlencode({"lang": language}) if language else ""
        return f"/v/{link or self._link}{part}{query}"


def _wait_sentence(progress: VisitProgress, texts: Texts) -> str | Markup:
    """The estimated wait as a sentence, the minutes in bold type."""
    if progress.was_handed_over and progress.low_s is None:
        return texts.say("phone.handed_over_text")
    if progress.tells_hindrance:
        return texts.longer(progress.hindrance)
    low_s, high_s = progress.low_s, progress.high_s
    if low_s is None or high_s is None or not is_useful_wait(low_s, high_s):
        return texts.wait(low_s, high_s)
    minutes = texts.minutes(low_s, high_s)
    return say_emphasised(texts, "when", "phone.wait", {"when": minutes})


def _new_id(now: int) -> str:
    return uuid7(now, secrets.token_bytes(10))
