"""The schema of `store.db`, as a list of named steps. Released steps never change; new ones follow.

Times are milliseconds since 1970 in UTC. The view `visit_log` is for people and SQL tools: its
column names are stable and described in `docs/visit-log.md`.
"""

import time
from uuid import uuid4

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

migrations = Migrations("welkom")


@migrations()
def first_schema(db: Database) -> None:
    db.table("visit_events").create(
        {
            "seq": int,
            "visit_id": str,
            "rev": int,
            "event": str,
            "actor": str,
            "device_id": str,
            "at_device": int,
            "at_server": int,
            "body": str,
        },
        pk="seq",
        not_null={"event", "actor", "at_server", "body"},
        strict=True,
    )
    db.table("visit_events").create_index(["visit_id", "rev"], unique=True)
    db.table("visit_events").create_index(["event", "at_server"])
    db.table("visits").create(
        {
            "visit_id": str,
            "ticket": str,
            "day": str,
            "source": str,
            "device_id": str,
            "language": str,
            "need": str,
            "priority": int,
            "party_size": int,
            "alias": str,
            "colour": str,
            "place": str,
            "link": str,
            "state": str,
            "rev": int,
            "resolution": str,
            "employee": str,
            "created_at": int,
            "offered_at": int,
            "accepted_at": int,
            "serving_at": int,
            "ended_at": int,
            "held_ms": int,
            "handled_ms": int,
            "quoted_low_s": float,
            "quoted_median_s": float,
            "quoted_high_s": float,
            "expected_s": float,
            "offers": int,
            "handovers": int,
            "alerted_at": int,
            "notes": str,
            "goodwill_cents": int,
            "gift": str,
            "tip": str,
            "nps": int,
            "ces": int,
            "comment": str,
        },
        pk="visit_id",
        not_null={"ticket", "day", "source", "need", "state", "rev", "created_at"},
        strict=True,
    )
    db.table("visits").create_index(["day", "ticket"], unique=True)
    db.table("visits").create_index(["day", "created_at"])
    db.table("visits").create_index(["ended_at"])
    db.table("visits").create_index(["link"])
    db.table("employees").create(
        {"id": str, "name": str, "skills": str, "pin_hash": str, "pin_set_at": int},
        pk="id",
        not_null={"name", "skills"},
        strict=True,
    )
    db.table("presence_log").create(
        {"seq": int, "employee": str, "presence": str, "at": int},
        pk=("seq", "employee"),
        not_null={"presence", "at"},
        strict=True,
    )
    db.table("presence_log").create_index(["at"])
    db.table("needs").create(
        {
            "code": str,
            "text": str,
            "icon": str,
            "under": str,
            "skills": str,
            "prefer": str,
            "priority": int,
            "target_wait_s": float,
            "target_service_s": float,
        },
        pk="code",
        not_null={"text"},
        strict=True,
    )
    db.table("devices").create(
        {
            "device_id": str,
            "kind": str,
            "name": str,
            "letter": str,
            "public_key": str,
            "enrolled_at": int,
            "revoked_at": int,
        },
        pk="device_id",
        not_null={"kind", "name", "letter", "public_key", "enrolled_at"},
        strict=True,
    )
    db.table("devices").create_index(["public_key"], unique=True)
    db.table("devices").create_index(["letter"], unique=True)
    db.table("feedback").create(
        {"seq": int, "visit_id": str, "at": int, "ces": int, "nps": int, "comment": str},
        pk="seq",
        not_null={"visit_id", "at"},
        foreign_keys=[("visit_id", "visits", "visit_id")],
        strict=True,
    )
    db.table("ops").create(
        {"op_id": str, "digest": bytes, "refusal": str, "about": str, "at": int},
        pk="op_id",
        not_null={"digest", "at"},
        strict=True,
    )
    db.table("accounts").create(
        {"name": str, "password_hash": str, "set_at": int},
        pk="name",
        not_null={"password_hash", "set_at"},
        strict=True,
    )
    db.create_view("visit_log", VISIT_LOG)


@migrations()
def when_devices_were_seen(db: Database) -> None:
    db.table("devices").add_column("seen_at", int)


@migrations()
def accounts_have_roles(db: Database) -> None:
    """Accounts by name and role, tokens for other programs, and wrong PINs that outlive a restart."""
    db.execute("ALTER TABLE accounts ADD COLUMN role TEXT NOT NULL DEFAULT 'manager'")
    db.table("tokens").create(
        {"name": str, "token_hash": str, "made_at": int},
        pk="name",
        not_null={"token_hash", "made_at"},
        strict=True,
    )
    db.table("tokens").create_index(["token_hash"], unique=True)
    db.table("tries").create(
        {"who": str, "wrong": int, "at": int, "until": int},
        pk="who",
        not_null={"wrong", "at", "until"},
        strict=True,
    )


def _iso(column: str) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', {column} / 1000.0, 'unixepoch') AS {column}"


def _seconds(expression: str, name: str) -> str:
    return f"round(({expression}) / 1000.0, 3) AS {name}"


VISIT_LOG = f"""
SELECT
    visit_id, ticket, day, source, device_id, language, need, priority, party_size,
    state, resolution,
    CASE WHEN state = 'completed' THEN
        handovers = 0 AND resolution NOT IN
            ('referred', 'repair_booked', 'appointment_booked', 'not_solved')
    END AS first_contact_resolved,
    employee,
    {_iso("created_at")},
    {_iso("offered_at")},
    {_iso("accepted_at")},
    {_iso("serving_at")},
    {_iso("ended_at")},
    {_seconds("coalesce(serving_at, ended_at) - created_at", "wait_s")},
    {_seconds("accepted_at - created_at", "greet_s")},
    {_seconds("accepted_at - offered_at", "response_s")},
    {_seconds("serving_at - accepted_at", "walk_s")},
    {_seconds("ended_at - serving_at - held_ms", "service_s")},
    {_seconds("held_ms", "held_s")},
    {_seconds("ended_at - created_at", "visit_s")},
    quoted_low_s, quoted_median_s, quoted_high_s,
    offers, handovers, goodwill_cents, tip, nps, ces, comment, rev
FROM visits
"""


@migrations()
def ops_to_forget(db: Database) -> None:
    """Which answered ops still tell of what was said: few of many, found at once."""
    db.execute(f"CREATE INDEX idx_ops_to_forget ON ops (at) WHERE digest <> x'{'00' * 16}'")


@migrations()
def epochs(db: Database) -> None:
    """A store begins a new epoch when it is restored: what was known of its lost future is void."""
    db.table("epochs").create(
        {"n": int, "epoch": str, "began_at": int, "from_seq": int},
        pk="n",
        not_null={"epoch", "began_at", "from_seq"},
        strict=True,
    )
    db.table("epochs").insert({"epoch": uuid4().hex, "began_at": time.time_ns() // 1_000_000, "from_seq": 0})


@migrations()
def late_taps_and_leftovers(db: Database) -> None:
    """When a tap that had to wait was, and which visits nobody ended: those have no time with a shopper."""
    db.table("visit_events").add_column("ahead_ms", int)
    db.table("visit_events").add_column("happened_at", int)
    db.table("visits").add_column("left_open", int, not_null_default=0)
    view = VISIT_LOG.replace("comment, rev\n", "comment, rev, left_open\n")
    for column in ("service_s", "visit_s"):
        known = next(line for line in VISIT_LOG.splitlines() if line.endswith(f" AS {column},"))
        value = known.strip().removesuffix(f" AS {column},")
        view = view.replace(known, f"    CASE WHEN NOT left_open THEN {value} END AS {column},")
    db.execute("DROP VIEW visit_log")
    db.create_view("visit_log", view)


@migrations()
def words_only_in_the_log(db: Database) -> None:
    """What is said about a shopper stands in one place, the log; a link is looked up on the floor."""
    db.table("visits").add_column("described", int, not_null_default=0)
    db.table("visits").add_column("linked", int, not_null_default=0)
    db.execute(
        "UPDATE visits SET linked = link IS NOT NULL, described = alias IS NOT NULL OR colour IS NOT NULL"
        " OR place IS NOT NULL OR comment IS NOT NULL OR notes <> '[]'"
    )
    (view,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'visit_log'").fetchone()
    comment = (
        "(SELECT json_extract(body, '$.comment') FROM feedback JOIN visit_events USING (seq)"
        " WHERE feedback.visit_id = visits.visit_id ORDER BY seq DESC LIMIT 1) AS comment"
    )
    db.execute("DROP VIEW visit_log")
    db.execute("DROP INDEX idx_visits_link")
    db.execute("DROP INDEX idx_visits_ended_at")
    for column in ("alias", "colour", "place", "notes", "comment", "link"):
        db.execute(f"ALTER TABLE visits DROP COLUMN {column}")
    db.execute("ALTER TABLE feedback DROP COLUMN comment")
    db.execute("CREATE INDEX idx_visits_to_forget ON visits (ended_at) WHERE described OR linked")
    db.table("feedback").create_index(["visit_id"])
    db.execute(view.replace(", comment, rev", f", {comment}, rev"))
