"""The tables of `store.db`, as a list of named steps. Released steps never change; new ones follow.

Times are milliseconds since 1970 in UTC. Views are not changed by new steps: they are in `views.sql`.
"""

from uuid import uuid4

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from sync_server.store_clock import wall_clock

from . import access_tables, api_tables, outside_tables, released_views, report_tables

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
    db.execute(released_views.VISIT_LOG_1)


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


@migrations()
def ops_to_forget(db: Database) -> None:
    """An index of the ops whose digest is not removed yet: few of many."""
    db.execute(f"CREATE INDEX idx_ops_to_forget ON ops (at) WHERE digest <> x'{'00' * 16}'")


@migrations()
def epochs(db: Database) -> None:
    """A restored store begins a new epoch, because devices may know events that the restore has undone."""
    db.table("epochs").create(
        {"n": int, "epoch": str, "began_at": int, "from_seq": int},
        pk="n",
        not_null={"epoch", "began_at", "from_seq"},
        strict=True,
    )
    db.table("epochs").insert({"epoch": uuid4().hex, "began_at": wall_clock(), "from_seq": 0})


@migrations()
def late_taps_and_leftovers(db: Database) -> None:
    """The time of a tap that had to wait, and which visits were left open: those have no service time."""
    db.table("visit_events").add_column("ahead_ms", int)
    db.table("visit_events").add_column("happened_at", int)
    db.table("visits").add_column("left_open", int, not_null_default=0)
    db.execute("DROP VIEW visit_log")
    db.execute(released_views.VISIT_LOG_2)


@migrations()
def words_only_in_the_log(db: Database) -> None:
    """Descriptions of shoppers are in the log only; a ticket's link is looked up on the floor."""
    db.table("visits").add_column("described", int, not_null_default=0)
    db.table("visits").add_column("linked", int, not_null_default=0)
    db.execute(
        "UPDATE visits SET linked = link IS NOT NULL, described = alias IS NOT NULL OR colour IS NOT NULL"
        " OR place IS NOT NULL OR comment IS NOT NULL OR notes <> '[]'"
    )
    db.execute("DROP VIEW visit_log")
    db.execute("DROP INDEX idx_visits_link")
    db.execute("DROP INDEX idx_visits_ended_at")
    for column in ("alias", "colour", "place", "notes", "comment", "link"):
        db.execute(f"ALTER TABLE visits DROP COLUMN {column}")
    db.execute("ALTER TABLE feedback DROP COLUMN comment")
    db.execute("CREATE INDEX idx_visits_to_forget ON visits (ended_at) WHERE described OR linked")
    db.table("feedback").create_index(["visit_id"])
    db.execute(released_views.VISIT_LOG_3)


@migrations()
def letters_come_free(db: Database) -> None:
    """The letter of a revoked device may be given to another one."""
    db.execute("DROP INDEX idx_devices_letter")
    db.execute("CREATE UNIQUE INDEX idx_devices_letter ON devices (letter) WHERE revoked_at IS NULL")


@migrations()
def what_the_employee_said(db: Database) -> None:
    """How long a quick resolution took, as its employee said. Nobody had asked before, so nobody knows."""
    db.table("visits").add_column("said_service_s", int)


@migrations()
def extended_quotes(db: Database) -> None:
    """The longer wait that a shopper was told later, and why."""
    db.table("visits").add_column("extended_low_s", float)
    db.table("visits").add_column("extended_high_s", float)
    db.table("visits").add_column("extended_because", str)


@migrations()
def when_the_clock_was_trusted(db: Database) -> None:
    """A person may say that the computer's clock is right though nothing confirms it."""
    db.table("clock_trusted").create({"at": int}, not_null={"at"}, strict=True)


@migrations()
def shift_plans(db: Database) -> None:
    """Who is planned when, and who imported the plan."""
    db.table("staff_plans").create(
        {
            "n": int,
            "imported_at": int,
            "imported_by": str,
            "file": str,
            "from_day": str,
            "to_day": str,
            "shifts": int,
        },
        pk="n",
        not_null={"imported_at", "imported_by", "file", "from_day", "to_day", "shifts"},
        strict=True,
    )
    db.table("planned_shifts").create(
        {"employee": str, "starts_at": int, "ends_at": int, "plan": int},
        pk=("employee", "starts_at"),
        not_null={"employee", "starts_at", "ends_at", "plan"},
        strict=True,
    )
    db.table("planned_shifts").create_index(["starts_at"])


@migrations()
def corrections(db: Database) -> None:
    """How often the manager corrected what the log says about a visit."""
    db.table("visits").add_column("corrections", int, not_null_default=0)


@migrations()
def summaries_of_periods(db: Database) -> None:
    """Summaries of past days, months and years, which a running server makes. Empty at first."""
    db.table("period_summaries").create(
        {"period": str, "version": str, "summary": bytes},
        pk="period",
        not_null={"version", "summary"},
        strict=True,
    )


@migrations()
def indexes_of_a_long_log(db: Database) -> None:
    """Whatever a page of the log is filtered by, it reads hardly more rows than it shows.

    Only what has ended is in the index of states: it is not touched by each step of a visit.
    """
    db.execute("CREATE INDEX idx_visits_need ON visits (need, day, created_at)")
    db.execute(
        "CREATE INDEX idx_visits_employee ON visits (employee, day, created_at) WHERE employee IS NOT NULL"
    )
    db.execute(
        "CREATE INDEX idx_visits_resolution ON visits (resolution, day, created_at)"
        " WHERE resolution IS NOT NULL"
    )
    db.execute("CREATE INDEX idx_visits_state ON visits (state, day, created_at) WHERE ended_at IS NOT NULL")
    db.execute("CREATE INDEX idx_visits_open ON visits (day, created_at) WHERE ended_at IS NULL")


@migrations()
def walls(db: Database) -> None:
    """Wall displays: screens that show which tickets are called, by a token in the address."""
    db.table("walls").create(
        {
            "n": int,
            "made_at": int,
            "token_hash": str,
            "name": str,
            "language": str,
            "look": str,
            "sound": int,
        },
        pk="n",
        not_null={"made_at", "token_hash", "name", "language", "look", "sound"},
        strict=True,
    )
    db.table("walls").create_index(["token_hash"], unique=True)


@migrations()
def saved_views(db: Database) -> None:
    """What people keep of the visit log: filters by name, and which columns they want to see."""
    db.table("saved_views").create(
        {"n": int, "account": str, "name": str, "query": str, "made_by": str, "made_at": int},
        pk="n",
        not_null={"name", "query", "made_by", "made_at"},
        strict=True,
    )
    db.table("log_columns").create(
        {"account": str, "columns": str}, pk="account", not_null={"columns"}, strict=True
    )
    db.table("visits").create_index(["ticket"])


@migrations()
def settings_history(db: Database) -> None:
    """The texts of `store.toml`, compressed: who saved each, and when. `by` is empty for by hand."""
    db.table("settings_history").create(
        {"n": int, "at": int, "by": str, "version": str, "text": bytes},
        pk="n",
        not_null={"at", "by", "version", "text"},
        strict=True,
    )


api_tables.register(migrations)


@migrations()
def one_index_of_tickets(db: Database) -> None:
    """Finds a ticket's visits in the order of their days, and keeps tickets unique in a day."""
    db.execute("DROP INDEX idx_visits_ticket")
    db.execute("DROP INDEX idx_visits_day_ticket")
    db.table("visits").create_index(["ticket", "day"], unique=True)


access_tables.register(migrations)
outside_tables.register(migrations)
report_tables.register(migrations)
