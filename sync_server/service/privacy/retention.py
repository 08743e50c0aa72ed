"""What must not outlive its use: all words about a shopper, and the link of their ticket.

Here stands every place of the store that holds such words; `docs/privacy.md` says it for people.
Times, outcomes and figures stay, so the log can be replayed as before.

No byte of them may remain in the file. SQLite overwrites a row that keeps its size where it stands, and
leaves copies where it moves rows. So words stand only in the log, which grows at its end and therefore moves
none, and what is put in their place fills the same number of bytes.
"""

import sqlite3

from .accounts import AccountError

DESCRIPTION_MS = 86_400_000  # how a shopper is called and spotted, notes, comments: a day after the end
LINK_MS = 3_600_000  # a ticket's link: an hour after the end
ANSWERS_KEPT_MS = 92 * 86_400_000  # longer than any device is away from its server and comes back with taps
FOREVER = 1 << 62  # an instant after everything
NO_DIGEST = bytes(16)  # stands for the digest of an op whose words are gone

Place = tuple[str, str, str]  # table, what to set, in which of its rows


def _body(without: str) -> str:
    """JSON may end in spaces: the new body is as long as the old one."""
    return f"body = printf('%-*s', length(CAST(body AS BLOB)), {without})"


# The plus keeps SQLite from looking at all events of a kind: a visit's own few are found by its id.
WORDS: tuple[Place, ...] = (
    ("visits", "described = 0", "1"),
    ("visit_events", _body("json_remove(body, '$.alias', '$.colour', '$.place')"), "+event = 'opened'"),
    ("visit_events", _body("json_set(body, '$.note', '')"), "+event IN ('noted', 'handed_over')"),
    ("visit_events", _body("json_remove(body, '$.note')"), "+event = 'completed'"),
    ("visit_events", _body("json_remove(body, '$.comment')"), "+event = 'rated'"),
)
LINK: tuple[Place, ...] = (
    ("visits", "linked = 0", "1"),
    ("visit_events", _body("json_remove(body, '$.link')"), "+event = 'opened'"),
)
# These answers repeat what a device had sent.
_REPEATS = "('unknown_need', 'unknown_place', 'unknown_colour', 'unknown_language', 'malformed')"


def forget(db: sqlite3.Connection, now: int, keep_ms: int = DESCRIPTION_MS) -> int:
    """Removes what is due from the visits and from the log's own lines; how many visits it touched."""
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
    """Removes what answered ops still tell of what was said; their ids.

    That an op was answered, and how, stays until `drop_answers`: it never has a second effect.
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
    """Answers are kept from this id on, and from this time on."""
    before = now - ANSWERS_KEPT_MS
    return f"{before:012x}", before  # with the ms it was made in an id begins


def too_old(op_id: str, now: int) -> bool:
    """Whether the answer of an op of this id is kept no more: of one unknown, nobody can tell if it was done.

    Ids begin with the time they were made at (`ticket.uuid7`), by our clock, which never runs backwards.
    """
    return op_id < kept_since(now)[0]


def drop_answers(db: sqlite3.Connection, now: int) -> list[str]:
    """Removes the answers of ops that are `too_old`, and that we have had for as long; their ids."""
    gone = db.execute(f"DELETE FROM ops WHERE {TOO_OLD} RETURNING op_id", kept_since(now))
    return [op_id for (op_id,) in gone.fetchall()]


def erase(db: sqlite3.Connection, day: str, ticket: str) -> None:
    """Removes all words about a shopper at once, and their link. Raises AccountError.

    A visit that is still open goes on, by its ticket alone. The fingerprints of ops go with them, all
    of them: none says whose words it is of, and a name can be tried against it.
    """
    row = db.execute("SELECT visit_id FROM visits WHERE day = ? AND ticket = ?", (day, ticket)).fetchone()
    if row is None:
        raise AccountError(f"there was no ticket {ticket} on {day}; --day names another day")
    _remove(db, WORDS + LINK, [row[0]])
    _remove_fingerprints(db)


def remove_all(db: sqlite3.Connection) -> None:
    """Removes all words and links of all visits, for a copy that is kept for longer."""
    _remove(db, WORDS + LINK, None)
    _remove_fingerprints(db)


def _remove_fingerprints(db: sqlite3.Connection) -> None:
    forget_answers(db, FOREVER, 0)


def _remove(db: sqlite3.Connection, places: tuple[Place, ...], visits: list[str] | None) -> None:
    """Of all visits for None."""
    for table, setting, rows in places:
        if visits is None:
            db.execute(f"UPDATE {table} SET {setting} WHERE {rows}")
        else:
            db.executemany(
                f"UPDATE {table} SET {setting} WHERE {rows} AND visit_id = ?", ((v,) for v in visits)
            )
