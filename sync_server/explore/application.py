"""The web application: Datasette on the store's file, which it opens read-only."""

from pathlib import Path
from typing import Any

from datasette.app import Datasette
from datasette.plugins import pm
from starlette.middleware.trustedhost import TrustedHostMiddleware

from sync_server.service.storage.connection import reading

from . import plugin
from .hidden import hidden_tables
from .questions import canned_queries

HOSTS = ["127.0.0.1", "localhost"]  # a page of another site must not read the store under a name of its own
LONGEST_QUERY_MS = 10_000
DOCS = "docs/reference/visit-log.md has the meaning of each column. Times are in UTC, durations in seconds."


def make_application(store: Path, name: str) -> Any:
    """The application for this store's file. `name` is the shop's."""
    if not pm.is_registered(plugin):
        pm.register(plugin)
    # Only here: imported before Datasette's other parts, it would not be registered as their plugin.
    from datasette import handle_exception

    handle_exception.rich = None  # else each mistake in somebody's SQL prints a traceback in the terminal
    datasette = Datasette(
        [str(store)],
        metadata=_metadata(store, name),
        settings={
            "allow_download": False,  # the file has the secrets in it
            "sql_time_limit_ms": LONGEST_QUERY_MS,
            "default_page_size": 50,
            "suggest_facets": False,  # each would go through the whole log
        },
    )
    return TrustedHostMiddleware(datasette.app(), allowed_hosts=HOSTS)


def _metadata(store: Path, name: str) -> dict[str, Any]:
    database = store.stem
    with reading(store) as db:
        hidden = hidden_tables(db)
    tables: dict[str, Any] = {
        "visit_log": {
            "title": "The visit log",
            "description": f"One row a visit. {DOCS}",
            "sort_desc": "created_at",
            "facets": ["state"],
        },
        "visit_events": {"description": "Every event of every visit, as it was logged. It is never changed."},
        "visits": {"description": "The table behind the visit log: times are milliseconds since 1970."},
        "presence_log": {"description": "Each change of an employee's presence."},
        "kiosk_sessions": {"description": "How far shoppers came at the kiosks: counted by day."},
        "opened_pages": {"description": "Visits whose page was opened on a phone."},
        "arrivals": {"description": "People who came through a door, by quarter of an hour."},
    }
    for table in hidden:
        tables[table] = {"hidden": True, "allow": False}
    return {
        "title": name,
        "description": "Read-only: nothing can be changed here.",
        "databases": {
            database: {
                "description_html": f'Begin with <a href="/{database}/visit_log">the visit log</a>, one row a'
                " visit, or with one of the questions: each has a chart.",
                "tables": tables,
                "queries": canned_queries(database),
            }
        },
    }
