"""How a day went, or a week: the answer in words, four chapters, one picture, the last rows."""

import asyncio
import sqlite3

from markupsafe import Markup
from msgspec import Struct, to_builtins
from starlette.requests import Request
from starlette.responses import Response

from sync_server.domain.catalogue import Catalogue
from sync_server.domain.kpi import Kpis, share
from sync_server.service import figures, queries
from sync_server.service.figures import Counts, Hour, Worst
from sync_server.service.queries import LogFilter
from sync_server.service.server import Server
from sync_server.service.store import reading

from . import shown
from .days import Days, chosen
from .manager import framed, server_of, spoken_by
from .pages import mark, need_name, words_of
from .rows import Row, row

LAST_ROWS = 8
WORTH_TELLING_S = 5  # a median wait that moved less is as before
ENOUGH_BEFORE = 20  # completed visits before these days; fewer make no comparison


class Compared(Struct, frozen=True):
    """How figures moved against the same days of the four weeks before; None: not known, or not at all."""

    first_contact_points: int | None = None
    median_wait_s: float | None = None


class Answer(Struct, frozen=True):
    """All that the page tells."""

    kpis: Kpis
    counts: Counts
    compared: Compared
    hours: list[Hour]
    worst: Worst | None
    rows: list[Row]


async def today(request: Request) -> Response:
    server = server_of(request)
    shop = server.shop
    now = shop.clock()
    days = chosen(request, shop.catalogue.day(now))
    answer = await asyncio.to_thread(_read, server, days, now)
    language = spoken_by(request)
    words = words_of(language)
    target_s = shop.catalogue.times.service_level_s
    return framed(
        request,
        "today.html",
        "today",
        days=days,
        at=shop.catalogue.local(now),
        answer=answer,
        picture=picture(answer, shop.catalogue, language),
        greeted=_greeted(answer.counts, words.within(target_s), language),
        worst=_worst(answer, shop.catalogue, language),
        level=words.say(
            "manager.access.level",
            share=shown.percent(answer.kpis.service_level, language),
            when=words.within(target_s),
        ),
        legend=words.say("manager.plot.legend", when=words.within(target_s)),
        target_s=target_s,
    )


def _greeted(counts: Counts, when: str, language: str) -> str:
    """`112 visits, 81 % greeted within a minute.`"""
    words = words_of(language)
    visits = words.say("manager.answer.visits", counts.visits)
    if not counts.greetable:
        return words.say("manager.answer.not_ended", visits=visits)
    part = shown.percent(share(counts.greeted, counts.greetable), language)
    return shown.unbroken(words.say("manager.answer.greeted", visits=visits, share=part, when=when))


def _worst(answer: Answer, catalogue: Catalogue, language: str) -> Markup | str:
    """The hour that stands out, and for which need; nothing if none does."""
    if answer.worst is None:
        return ""
    words = words_of(language)
    hour = next(hour for hour in answer.hours if hour.hour == answer.worst.hour)
    between = {"from": str(hour.hour), "to": str(hour.hour + 1)}
    sentence = mark(
        words, "warm", "manager.answer.worst_hour", {"clock": shown.lasted(hour.middle)}, **between
    )
    need = need_name(catalogue, answer.worst.need, words)
    return sentence + " " + mark(words, "warm", "manager.answer.worst_need", {"need": need})


def _read(server: Server, days: Days, now: int) -> Answer:
    with reading(server.folder.store) as db:
        return answer_of(db, server.shop.catalogue, days, now)


def answer_of(db: sqlite3.Connection, catalogue: Catalogue, days: Days, now: int) -> Answer:
    first, last = days.each[0], days.each[-1]
    target_s = catalogue.times.service_level_s
    visits = figures.lines(db, days.each)
    counts = figures.counts(visits, target_s, now)
    before = figures.counts(figures.lines(db, days.before), target_s, now)
    logged = queries.visit_log(db, LogFilter(from_day=first, to_day=last), LAST_ROWS)
    return Answer(
        kpis=queries.report(db, catalogue, first, last, now),
        counts=counts,
        compared=compared(counts, before),
        hours=figures.hours(visits, catalogue),
        worst=figures.worst_hour(visits, catalogue, target_s),
        rows=[row(line, catalogue, now) for line in logged],
    )


def compared(these: Counts, before: Counts) -> Compared:
    """How these days differ from those before, where there were enough of both to say."""
    if before.completed < ENOUGH_BEFORE or not these.completed:
        return Compared()
    solved = share(these.first_contact, these.completed) or 0
    solved_before = share(before.first_contact, before.completed) or 0
    moved_s = (these.median_wait_s or 0) - (before.median_wait_s or 0)
    return Compared(
        first_contact_points=round(100 * solved) - round(100 * solved_before) or None,
        median_wait_s=moved_s if abs(moved_s) >= WORTH_TELLING_S else None,
    )


def picture(answer: Answer, catalogue: Catalogue, language: str) -> dict[str, object]:
    """What `waits.js` draws: seconds and hours, and the words on the axes."""
    say = words_of(language).say
    return {
        "hours": to_builtins(answer.hours),
        "target": catalogue.times.service_level_s,
        "worst": answer.worst.hour if answer.worst else None,
        "alt": say("manager.plot.alt"),
        "inWords": say("manager.plot.minutes", n=0),
        "minutes": say("manager.plot.minutes_axis"),
        "hour": say("manager.plot.hour_axis"),
    }
