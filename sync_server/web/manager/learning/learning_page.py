"""The page Learning: visits that were not solved or not easy and what went wrong; by need; what helps."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from assets.i18n.texts import Texts
from sync_server.domain import events as ev
from sync_server.domain.permissions import Permission
from sync_server.domain.visit.misses import explain
from sync_server.service.reports import presence_log
from sync_server.service.reports.learning import Learning, NeedLearning, read_learning
from sync_server.service.server import Server
from sync_server.service.storage import catalogue_mirror, event_log
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of
from sync_server.web.manager.access import has_permission
from sync_server.web.manager.day_span import InvalidAddress
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import framed_page, manager_language
from sync_server.web.manager.slow_figures import SlowFigures
from sync_server.web.manager.visit_log.log_rows import LogRow, log_row
from sync_server.web.manager.visit_log.miss_texts import MissText, miss_text

from .follow_up import FollowUpBox, causes, follow_up, follow_up_box, read_follow_ups

SPANS = (7, 28, 91)
MAX_ROWS = 12
DEFAULT_SPAN = "28"


class TroubledVisit(Struct, frozen=True):
    """A visit that was not solved, or not easy.

    `misses` say what went wrong and where the time went. `followed_up` is the reason that a manager chose who
    has corrected the visit since; empty if nobody has. `follow_up` is what managers found out about it.
    """

    row: LogRow
    misses: list[MissText]
    followed_up: str
    follow_up: FollowUpBox


class LearningPage(Context, frozen=True):
    """The page. `headline` is the answer in words, and `most` the need with the most trouble, if any.

    `causes` are the reasons to choose from, and their texts; `problem` is why something was not done, empty
    otherwise. `self_help` are the needs with a self-help card whose shoppers have left and answered.
    `tip_texts` has the tips' texts by code.
    """

    template: ClassVar[str] = "manager/learning.html"

    headline: str
    most: NeedLearning | None
    learning: Learning
    troubled: list[TroubledVisit]
    causes: list[tuple[str, str]]
    token: str
    may_manage: bool
    problem: str
    good_words: list[LogRow]
    self_help: list[NeedLearning]
    tip_texts: Mapping[str, str]
    first: date
    last: date
    span: int
    spans: tuple[int, ...]
    max_rows: int


class _Found(Struct, frozen=True):
    """What was read: the figures and, of each line, the names and the misses in words."""

    learning: Learning
    troubled: list[TroubledVisit]
    good_words: list[LogRow]


async def page(request: Request) -> Response:
    """The page, of the last 28 days or what the address asks for. Raises 400 for another span."""
    return await _page(request)


async def change(request: Request) -> Response:
    """Says why a visit was not solved or not easy, and whether that is taken care of."""
    form = await read_form(request)
    problem = await follow_up(request, form)
    if problem:
        return await _page(request, problem)
    days = request.query_params.get("days", DEFAULT_SPAN)
    return RedirectResponse(f"/manager/learning?days={days}#{request.path_params['visit']}", 303)


async def _page(request: Request, problem: str = "") -> Response:
    server, language = server_of(request), manager_language(request)
    asked = request.query_params.get("days", DEFAULT_SPAN)
    if asked not in {str(span) for span in SPANS}:
        raise InvalidAddress("manager.error.not_found", asked)
    catalogue, now = server.processor.catalogue, server.processor.clock()
    last = date.fromisoformat(catalogue.day(now))
    first = last - timedelta(int(asked) - 1)
    texts = texts_of(language)
    figures: SlowFigures[_Found] = request.app.state.learning_figures
    key = (first, last, language)
    found, _at = await asyncio.to_thread(
        figures.get, key, now, lambda: _read(server, first, last, now, texts)
    )
    learning = found.learning
    visits = [one.row.visit_id for one in found.troubled]
    now_said = await asyncio.to_thread(read_follow_ups, server, visits)  # what is remembered may be older
    troubled = [replace(one, follow_up=now_said[one.row.visit_id]) for one in found.troubled]
    worst = next((need for need in learning.needs if need.troubled), None)
    with_card = {need.code for need in catalogue.needs if need.self_help}
    context = LearningPage(
        headline=_headline(learning, texts, int(asked)),
        most=worst,
        learning=learning,
        troubled=troubled,
        causes=causes(texts),
        token=form_token(request),
        may_manage=has_permission(request, Permission.MANAGE),
        problem=problem,
        good_words=found.good_words,
        self_help=[need for need in learning.needs if need.need in with_card and need.left_easy.whole],
        tip_texts={tip.code: texts.text(tip.text) for tip in catalogue.tips},
        first=first,
        last=last,
        span=int(asked),
        spans=SPANS,
        max_rows=MAX_ROWS,
    )
    return framed_page(request, "learning", context, 409 if problem else 200)


def _read(server: Server, first: date, last: date, now: int, texts: Texts) -> _Found:
    catalogue = server.processor.catalogue
    with reading(server.data_dir.store) as db:
        learning = read_learning(db, first.isoformat(), last.isoformat(), MAX_ROWS)
        names = dict(catalogue_mirror.employee_names(db))
        troubled = []
        for line in learning.lines:
            records = list(event_log.records_of(db, line["visit_id"]))
            doing = presence_log.presences(db, records[0].occurred_at, records[-1].at) if records else []
            misses = explain(records, doing, catalogue, now)
            corrections = [r.event.because for r in records if isinstance(r.event, ev.Corrected)]
            why = texts.say(f"manager.correct.because.{corrections[-1]}") if corrections else ""
            row = log_row(line, catalogue, names, now)
            said = [miss_text(miss, names, texts) for miss in misses]
            troubled.append(TroubledVisit(row, said, why, follow_up_box(line)))
        good = [log_row(line, catalogue, names, now) for line in learning.good_words]
    return _Found(learning, troubled, good)


def _headline(learning: Learning, texts: Texts, days: int) -> str:
    """The answer in words: how many were not solved, and how many were not easy."""
    if not learning.visits:
        return texts.say("manager.learning.no_visits", days)
    if not learning.troubled:
        return texts.say("manager.learning.all_well", days)
    parts = (("manager.learning.not_solved", learning.not_solved), ("manager.learning.hard", learning.hard))
    return " ".join(texts.say(key, n) for key, n in parts if n) or texts.say("manager.learning.later", days)
