"""Reads what the shop can learn from: visits not solved or not easy, by need; what a tip was good for; words.

Nothing here is about one employee.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from sync_server.domain.share import Share
from sync_server.service.reports import visit_log

LOW_EFFORT = 2  # of 5: hard or very hard
EASY_EFFORT = 4
_HARD = f"resolution = 'not_solved' OR ces <= {LOW_EFFORT}"
_SOLVED_LATER = (  # as a manager has corrected it: its follow-up is done
    "corrections > 0 AND EXISTS (SELECT 1 FROM visit_events e WHERE e.visit_id = visits.visit_id"
    " AND e.event = 'corrected' AND json_extract(e.body, '$.because') = 'solved_later')"
)
_TROUBLED = f"({_HARD} OR root_cause IS NOT NULL OR {_SOLVED_LATER})"
_OPEN = f"({_HARD}) AND NOT followed_up AND NOT ({_SOLVED_LATER})"


class NeedLearning(Struct, frozen=True):
    """What the visits of one need say.

    `not_solved` is of the completed ones and `hard` of those that were rated. `left_easy` is of those who
    left the line before anybody came and answered: they found it easy, so perhaps they helped themselves.
    """

    need: str
    visits: int
    not_solved: Share
    hard: Share
    left_easy: Share

    @property
    def troubled(self) -> int:
        """How many were not solved, or hard; a visit that was both counts twice."""
        return self.not_solved.part + self.hard.part


class TipLearning(Struct, frozen=True):
    """A care tip: how often it was given, and which share of those who answered then found it easy."""

    tip: str
    given: int
    easy: Share


class Learning(Struct, frozen=True):
    """What some days say.

    `troubled` counts the visits that were not solved, or hard, or solved later, and `open` those of them that
    wait for somebody to look into them. `lines` are the latest of them as lines of the visit log, first those
    that wait. `causes` are the reasons that managers found, and how often, the most frequent first.
    `good_words` are those of visits that were easy and have a comment that is still stored.
    """

    visits: int
    not_solved: int
    hard: int
    troubled: int
    open: int
    causes: list[tuple[str, int]]
    needs: list[NeedLearning]
    tips: list[TipLearning]
    lines: list[dict[str, Any]]
    good_words: list[dict[str, Any]]


def read_learning(db: sqlite3.Connection, from_day: str, to_day: str, most: int) -> Learning:
    """What the days from `from_day` to `to_day` say, with `most` lines of each kind at most."""
    between = {"from": from_day, "to": to_day}
    needs = sorted(_needs(db, between), key=lambda need: (-need.troubled, -need.visits, need.need))
    counted = "SELECT count(*) FROM visits WHERE day BETWEEN :from AND :to AND"
    troubled, waiting = (
        db.execute(f"{counted} {which}", between).fetchone()[0] for which in (_TROUBLED, _OPEN)
    )
    causes = db.execute(
        "SELECT root_cause, count(*) FROM visits WHERE day BETWEEN :from AND :to AND root_cause IS NOT NULL"
        " GROUP BY root_cause ORDER BY count(*) DESC, root_cause",
        between,
    ).fetchall()
    return Learning(
        visits=sum(need.visits for need in needs),
        not_solved=sum(need.not_solved.part for need in needs),
        hard=sum(need.hard.part for need in needs),
        troubled=troubled,
        open=waiting,
        causes=causes,
        needs=needs,
        tips=list(_tips(db, between)),
        lines=_lines(db, between, _TROUBLED, most, f"NOT ({_OPEN}), "),
        good_words=[
            line
            for line in _lines(
                db, between, f"ces >= {EASY_EFFORT} AND (described OR linked) AND described", most
            )
            if line["comment"]
        ],
    )


def _needs(db: sqlite3.Connection, between: dict[str, str]) -> Iterator[NeedLearning]:
    left = "state = 'cancelled' AND accepted_at IS NULL AND ces IS NOT NULL"
    sql = f"""
        SELECT need, count(*), sum(resolution IS 'not_solved'), sum(state = 'completed'),
            sum(ces <= {LOW_EFFORT}), count(ces), sum({left} AND ces >= {EASY_EFFORT}), sum({left})
        FROM visits WHERE day BETWEEN :from AND :to GROUP BY need
    """
    for need, visits, not_solved, completed, hard, rated, left_easy, left_rated in db.execute(sql, between):
        yield NeedLearning(
            need,
            visits,
            Share(not_solved, completed),
            Share(hard or 0, rated),
            Share(left_easy or 0, left_rated or 0),
        )


def _tips(db: sqlite3.Connection, between: dict[str, str]) -> Iterator[TipLearning]:
    sql = f"""
        SELECT tip, count(*), coalesce(sum(ces >= {EASY_EFFORT}), 0), count(ces) FROM visits
        WHERE day BETWEEN :from AND :to AND tip IS NOT NULL GROUP BY tip ORDER BY count(*) DESC, tip
    """
    for tip, given, easy, rated in db.execute(sql, between):
        yield TipLearning(tip, given, Share(easy, rated))


def _lines(
    db: sqlite3.Connection, between: dict[str, str], condition: str, most: int, first: str = ""
) -> list[dict[str, Any]]:
    """The latest lines of the visit log with this condition over the table of visits, in order of `first`."""
    found = db.execute(
        f"SELECT visit_id FROM visits WHERE day BETWEEN :from AND :to AND {condition}"
        f" ORDER BY {first}day DESC, created_at DESC, rowid DESC LIMIT :most",
        {**between, "most": most},
    ).fetchall()
    return [line for (visit_id,) in found if (line := visit_log.visit(db, visit_id)) is not None]
