"""Removes descriptions of shoppers and the links of their tickets from a store, when they are due.

WORDS and LINK name every place of the store that holds them; `docs/shop/privacy.md` explains them.
Times, outcomes and figures stay, so the log can be replayed as before.

No byte of a description may remain in the file. SQLite overwrites a row in its place if its size stays
the same, and leaves a copy where it moves a row. So descriptions are only in the log, which grows at its
end and never moves rows, and they are replaced by the same number of bytes.
"""

import sqlite3

from sync_server.service.auth.errors import AccountError

DESCRIPTION_MS = 86_400_000  # name and looks of a shopper, notes, comments: a day after the end
LINK_MS = 3_600_000  # the link of a ticket: an hour after the end
ANSWERS_KEPT_MS = 92 * 86_400_000  # longer than any device is offline and still comes back with ops
FOREVER = 1 << 62  # a time after all others, ms
NO_DIGEST = bytes(16)  # replaces the digest of an op whose contents are due

Place = tuple[str, str, str]  # table, what to set, in which of its rows


def _body(without: str) -> str:
    """The new body, with spaces at its end: JSON allows them, and it is as long as the old one."""
    return f"body = printf('%-*s', length(CAST(body AS BLOB)), {without})"


_WITH_NOTE = "('completed', 'corrected', 'found_completed')"
# The plus makes SQLite find the few events of a visit by its id, instead of all events of a kind.
WORDS: tuple[Place, ...] = (
    ("visits", "described = 0", "1"),
    ("visit_events", _body("json_remove(body, '$.alias', '$.colour', '$.place')"), "+event = 'opened'"),
    ("visit_events", _body("json_set(body, '$.note', '')"), "+event IN ('noted', 'handed_over')"),
    ("visit_events", _body("json_remove(body, '$.note')"), f"+event IN {_WITH_NOTE}"),
    ("visit_events", _body("json_remove(body, '$.comment')"), "+event = 'rated'"),
    ("webhook_events", _body("json_remove(body, '$.data.visit.words')"), "1"),
)
LINK: tuple[Place, ...] = (
    ("visits", "linked = 0", "1"),
    ("visit_events", _body("json_remove(body, '$.link')"), "+event = 'opened'"),
)
# These refusals repeat what a device had sent.
_REPEATS = "('unknown_need', 'unknown_place', 'unknown_colour', 'unknown_language', 'malformed')"


def forget(db: sqlite3.Connection, now: int, keep_ms: int = DESCRIPTION_MS) -> int:
    """Removes what is due from visits and events. Returns how many visits had some. `now` in ms UTC."""
    touched = 0
    for places, has, after_ms in ((WORDS, "described", keep_ms), (LINK, "linked", LINK_MS)):
        due = db.execute(
            f"SELECT visit_id FROM visits WHERE (described OR linked) AND {has} AND ended_at <= ?",
            (now - after_ms,),
        )
        visits = [row[0] for row in due]
        _remove(db, places, visits)
        touched += len(visits)
    return touched


def forget_answers(db: sqlite3.Connection, now: int, keep_ms: int = DESCRIPTION_MS) -> list[str]:
    """Removes what the results of ops still hold of their contents. Returns their ids.

    That an op was done or refused stays until `drop_answers`, so that it never has a second effect.
    """
    forgotten = db.execute(
        f"UPDATE ops SET digest = ?, about = CASE WHEN refusal IN {_REPEATS}"
        " THEN printf('%*s', length(CAST(about AS BLOB)), '') ELSE about END"
        " WHERE digest <> ? AND at <= ? RETURNING op_id",
        (NO_DIGEST, NO_DIGEST, now - keep_ms),
    )
    return [row[0] for row in forgotten]


TOO_OLD = "op_id < ? AND at < ?"


def kept_since(now: int) -> tuple[str, int]:
    """Results are kept from this id on, and from this time (ms UTC) on."""
    before = now - ANSWERS_KEPT_MS
    return f"{before:012x}", before  # an id begins with the ms in which it was made


def too_old(op_id: str, now: int) -> bool:
    """Whether results of ops as old as this id are removed, so that nobody knows if this one was done.

    Ids begin with the time at which they were made (`ticket.uuid7`) by our clock, which never runs backwards.
    """
    return op_id < kept_since(now)[0]


def drop_answers(db: sqlite3.Connection, now: int) -> list[str]:
    """Removes the results of ops that are `too_old` and were done as long ago. Returns their ids."""
    gone = db.execute(f"DELETE FROM ops WHERE {TOO_OLD} RETURNING op_id", kept_since(now))
    return [op_id for (op_id,) in gone.fetchall()]


def erase(db: sqlite3.Connection, day: str, ticket: str) -> None:
    """Removes the description of a shopper and their link at once. Raises AccountError for an unknown ticket.

    A visit that is open goes on, with its ticket only. The digests of all ops are removed too: a digest
    does not say whose op it is of, and names could be tried against one of an earlier version.
    """
    row = db.execute("SELECT visit_id FROM visits WHERE day = ? AND ticket = ?", (day, ticket)).fetchone()
    if row is None:
        raise AccountError(f"there was no ticket {ticket} on {day}; --day names another day")
    _remove(db, WORDS + LINK, [row[0]])
    _remove_digests(db)


def remove_all(db: sqlite3.Connection) -> None:
    """Removes the descriptions and links of all visits, for a backup, which is kept for longer."""
    _remove(db, WORDS + LINK, None)
    _remove_digests(db)


def _remove_digests(db: sqlite3.Connection) -> None:
    forget_answers(db, FOREVER, 0)


def _remove(db: sqlite3.Connection, places: tuple[Place, ...], visits: list[str] | None) -> None:
    """Applies `places` to these visits; to all for None."""
    for table, setting, rows in places:
        if visits is None:
            db.execute(f"UPDATE {table} SET {setting} WHERE {rows}")
        else:
            db.executemany(
                f"UPDATE {table} SET {setting} WHERE {rows} AND visit_id = ?", ((v,) for v in visits)
            )
