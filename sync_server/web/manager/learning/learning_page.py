"""The page Learning: visits that were not solved or not easy and what went wrong; by need; what helps."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from typing import ClassVar

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from assets.i18n.texts import Texts
from sync_server.domain import events as ev
from sync_server.domain.visit.misses import explain
from sync_server.service.reports import presence_log
from sync_server.service.reports.learning import Learning, NeedLearning, read_learning
from sync_server.service.server import Server
from sync_server.service.storage import catalogue_mirror, event_log
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of
from sync_server.web.manager.day_span import InvalidAddress
from sync_server.web.manager.layout import framed_page, manager_language
from sync_server.web.manager.slow_figures import SlowFigures
from sync_server.web.manager.visit_log.log_rows import LogRow, log_row
from sync_server.web.manager.visit_log.miss_texts import MissText, miss_text

SPANS = (7, 28, 91)
MAX_ROWS = 12
DEFAULT_SPAN = "28"


class TroubledVisit(Struct, frozen=True):
    """A visit that was not solved, or not easy.

    `misses` say what went wrong and where the time went. `followed_up` is the reason that a manager chose who
    has corrected the visit since; empty if nobody has.
    """

    row: LogRow
    misses: list[MissText]
    followed_up: str


class LearningPage(Context, frozen=True):
    """The page. `headline` is the answer in words, and `most` the need with the most trouble, if any.

    `self_help` are the needs with a self-help card whose shoppers have left and answered. `tip_texts` has the
    tips' texts by code.
    """

    template: ClassVar[str] = "manager/learning.html"

    headline: str
    most: NeedLearning | None
    learning: Learning
    troubled: list[TroubledVisit]
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
    worst = next((need for need in learning.needs if need.troubled), None)
    with_card = {need.code for need in catalogue.needs if need.self_help}
    context = LearningPage(
        headline=_headline(learning, texts, int(asked)),
        most=worst,
        learning=learning,
        troubled=found.troubled,
        good_words=found.good_words,
        self_help=[need for need in learning.needs if need.need in with_card and need.left_easy.whole],
        tip_texts={tip.code: texts.text(tip.text) for tip in catalogue.tips},
        first=first,
        last=last,
        span=int(asked),
        spans=SPANS,
        max_rows=MAX_ROWS,
    )
    return framed_page(request, "learning", context)


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
            troubled.append(TroubledVisit(row, [miss_text(miss, names, texts) for miss in misses], why))
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
