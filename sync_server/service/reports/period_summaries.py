"""Summaries of past days, months and years, kept in the store: a report of a year reads a few rows.

A kept summary is that of rows which have not changed since: whatever changes a visit removes the summaries of
its day, month and year in the same transaction (`mapping.DROP_SUMMARIES`). What is not kept is made from the
visits when it is asked for.
"""

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from msgspec import DecodeError, Struct, msgpack, structs

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.report import periods
from sync_server.domain.report.people_present import EVERYBODY
from sync_server.domain.report.period_summary import FORMAT, PeriodSummary, merge

from .day_summaries import is_settled, summary_of_day

_COUNTED = ("SELECT coalesce(sum(sessions), 0) FROM kiosk_sessions", "SELECT count(*) FROM opened_pages")
_decode = msgpack.Decoder(PeriodSummary).decode
_encode = msgpack.Encoder().encode


class Made(Struct, frozen=True):
    """A summary to be kept, of what the log holds up to `seq`, and of so many sessions and opened pages."""

    period: str
    seq: int
    counted: int
    summary: bytes


def version_of(catalogue: Catalogue) -> str:
    """What a kept summary depends on beside the rows: another version of it counts as not kept."""
    return f"{FORMAT} {catalogue.store.timezone}"


def summary_of(
    db: sqlite3.Connection, catalogue: Catalogue, first: date, last: date, now: int
) -> PeriodSummary:
    """The summary of the days from `first` to `last`, both included. `now` in ms UTC.

    Days before the store's first one and after today have nothing, so any dates may be asked for.
    """
    kept: list[bytes] = []
    made: list[PeriodSummary] = []
    for part in _parts_of_days(db, catalogue, first, last, now):
        if isinstance(part, bytes):
            kept.append(part)
        else:
            made.append(part)
    return merge([_sum(tuple(kept)), *made])


def summaries_of(
    db: sqlite3.Connection, catalogue: Catalogue, first: date, last: date, now: int
) -> Iterator[PeriodSummary]:
    """The summaries that `summary_of` adds up, for who needs a part of each. They must not be changed."""
    return map(_summary, _parts_of_days(db, catalogue, first, last, now))


_Part = bytes | PeriodSummary  # what is kept, or has just been made


def _parts_of_days(
    db: sqlite3.Connection, catalogue: Catalogue, first: date, last: date, now: int
) -> Iterator[_Part]:
    known = _known_days(db, catalogue, now)
    if known is None:
        return
    begin, end = known
    first, last = max(first, begin.replace(month=1, day=1)), min(last, end)
    for period in periods.cover(first, last):
        yield from _parts(db, catalogue, period, begin, now)


def _parts(
    db: sqlite3.Connection, catalogue: Catalogue, period: str, begin: date, now: int
) -> Iterator[_Part]:
    """What makes up a period: its own summary if that is kept, else those of its parts."""
    if periods.end_of(period) < begin:
        return
    kept = db.execute(
        "SELECT summary FROM period_summaries WHERE period = ? AND version = ?",
        (period, version_of(catalogue)),
    ).fetchone()
    if kept is not None and _read(kept[0]) is not None:
        yield kept[0]
    elif periods.is_day(period):
        yield summary_of_day(db, catalogue, date.fromisoformat(period), now)
    else:
        for part in periods.parts_of(period):
            yield from _parts(db, catalogue, part, begin, now)


def _summary(part: _Part) -> PeriodSummary:
    return (_read(part) or PeriodSummary()) if isinstance(part, bytes) else part


# A page is often asked for again, and to add up a year takes longer than all the rest of its report. What was
# read last is remembered by its very bytes, so it cannot be out of date. Nobody may change it.


@lru_cache(maxsize=128)
def _read(summary: bytes) -> PeriodSummary | None:
    """None for what is no summary: it counts as not kept."""
    try:
        return _decode(summary)
    except DecodeError:
        return None


@lru_cache(maxsize=8)
def _sum(kept: tuple[bytes, ...]) -> PeriodSummary:
    return merge(map(_summary, kept))


def _known_days(db: sqlite3.Connection, catalogue: Catalogue, now: int) -> tuple[date, date] | None:
    """The first day of the log, and today or a later one that a clock which was ahead has left in it.

    None for an empty log.
    """
    first, last = (db.execute(f"SELECT {end}(day) FROM visits").fetchone()[0] for end in ("min", "max"))
    began_at = db.execute("SELECT min(at) FROM presence_log").fetchone()[0]
    days = [day for day in (first, began_at and catalogue.day(began_at)) if day]
    if not days:
        return None
    return date.fromisoformat(min(days)), date.fromisoformat(max(last or "", catalogue.day(now)))


# --- keeping them ------------------------------------------------------------------------------------


def next_to_keep(db: sqlite3.Connection, catalogue: Catalogue, now: int) -> Made | None:
    """The newest summary that can be kept and is not; None where there is none.

    A day can be kept once nobody of it is in the shop any more; a month and a year, once all of their parts
    are kept.
    """
    known = _known_days(db, catalogue, now)
    if known is None:
        return None
    begin, today = known[0], date.fromisoformat(catalogue.day(now))
    rows = db.execute("SELECT period FROM period_summaries WHERE version = ?", (version_of(catalogue),))
    kept = {row[0] for row in rows}
    day = today
    while (day := day - timedelta(days=1)) >= begin:
        for period in periods.periods_with(day.isoformat()):
            if period not in kept and _can_be_kept(db, catalogue, period, kept, (begin, today), now):
                return _make(db, catalogue, period, begin, now)
    return None


def _can_be_kept(
    db: sqlite3.Connection,
    catalogue: Catalogue,
    period: str,
    kept: set[str],
    log_days: tuple[date, date],
    now: int,
) -> bool:
    begin, today = log_days
    if periods.end_of(period) >= today:
        return False
    if periods.is_day(period):
        return is_settled(db, catalogue, date.fromisoformat(period), now)
    return all(part in kept or periods.end_of(part) < begin for part in periods.parts_of(period))


def _make(db: sqlite3.Connection, catalogue: Catalogue, period: str, begin: date, now: int) -> Made:
    seq = db.execute("SELECT coalesce(max(seq), 0) FROM visit_events").fetchone()[0]
    parts = map(_summary, _parts(db, catalogue, period, begin, now))
    return Made(period, seq, _counted(db, period), _encode(merge(parts)))


def keep(db: sqlite3.Connection, catalogue: Catalogue, made: Made) -> bool:
    """Writes a summary, unless something of its period has changed since it was made; whether it has not."""
    changed = db.execute(
        "SELECT 1 FROM visit_events JOIN visits USING (visit_id) WHERE seq > ? AND day BETWEEN ? AND ?",
        (made.seq, str(periods.begin_of(made.period)), str(periods.end_of(made.period))),
    ).fetchone()
    unchanged = changed is None and _counted(db, made.period) == made.counted
    if unchanged:
        db.execute(
            "INSERT OR REPLACE INTO period_summaries (period, version, summary) VALUES (?,?,?)",
            (made.period, version_of(catalogue), made.summary),
        )
    return unchanged


def _counted(db: sqlite3.Connection, period: str) -> int:
    """How many sessions and opened pages a period has: they come without an event. The number only grows."""
    days = str(periods.begin_of(period)), str(periods.end_of(period))
    return sum(db.execute(f"{counted} WHERE day BETWEEN ? AND ?", days).fetchone()[0] for counted in _COUNTED)


# --- checking them -----------------------------------------------------------------------------------


def wrong_summaries(db: sqlite3.Connection, catalogue: Catalogue, now: int) -> Iterator[str]:
    """The periods whose kept summary is not the one of their rows.

    Skills are not compared: those in the settings today may not be those of the day.
    """
    rows = db.execute(
        "SELECT period, summary FROM period_summaries WHERE version = ? ORDER BY length(period) DESC, period",
        (version_of(catalogue),),
    ).fetchall()
    known = _known_days(db, catalogue, now)
    begin = known[0] if known else date.max
    for period, summary in rows:
        if periods.is_day(period):
            right = summary_of_day(db, catalogue, date.fromisoformat(period), now)
        else:
            parts = periods.parts_of(period)
            right = merge(_summary(p) for part in parts for p in _parts(db, catalogue, part, begin, now))
        if _comparable(_read(summary)) != _comparable(right):
            yield period


def _comparable(summary: PeriodSummary | None) -> PeriodSummary | None:
    if summary is None:
        return None
    return structs.replace(summary, people={EVERYBODY: summary.people.get(EVERYBODY, {})})
