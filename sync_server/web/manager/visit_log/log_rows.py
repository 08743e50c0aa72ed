"""Turns a line of the visit log into a row for the pages: the store's time, and names instead of codes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from sync_server.domain.catalogue.catalogue import Catalogue


class LogRow(Struct, frozen=True):
    """One visit. Durations are in seconds; None while not known, and of a quick resolution.

    `over_target`: the wait was longer than the need's target.
    """

    visit_id: str
    day: str
    ticket: str
    need: str
    created_at: datetime
    wait_s: float | None
    over_target: bool
    quoted_low_s: float | None
    quoted_high_s: float | None
    employee: str | None
    service_s: float | None
    state: str
    resolution: str | None
    has_tip: bool
    ces: int | None
    comment: str | None
    corrections: int
    visit_s: float | None
    source: str
    language: str
    party_size: int | None
    offers: int | None
    handovers: int | None
    goodwill_cents: int | None


def log_row(line: Mapping[str, Any], catalogue: Catalogue, employees: Mapping[str, str], now: int) -> LogRow:
    """The row of a line of the view `visit_log`. A visit in line has waited until `now`, ms UTC.

    `employees` has the names of all who work or have worked in the store.
    """
    need = catalogue.need(line["need"])
    target_s = need.target_wait_s if need else catalogue.times.service_level_s
    created_at = round(datetime.fromisoformat(line["created_at"]).timestamp() * 1000)
    is_waiting = line["serving_at"] is None and line["ended_at"] is None
    wait_s = (now - created_at) / 1000 if is_waiting else line["wait_s"]
    return LogRow(
        visit_id=line["visit_id"],
        day=line["day"],
        ticket=line["ticket"],
        need=line["need"],
        created_at=catalogue.local(created_at),
        wait_s=wait_s,
        over_target=wait_s is not None and wait_s > target_s,
        quoted_low_s=line["quoted_low_s"],
        quoted_high_s=line["quoted_high_s"],
        employee=employees.get(line["employee"], line["employee"]),
        service_s=line["service_s"],
        state=line["state"],
        resolution=line["resolution"],
        has_tip=line["tip"] is not None,
        ces=line["ces"],
        comment=line["comment"],
        corrections=line["corrections"],
        visit_s=line["visit_s"],
        source=line["source"],
        language=line["language"] or "",
        party_size=line["party_size"],
        offers=line["offers"],
        handovers=line["handovers"],
        goodwill_cents=line["goodwill_cents"],
    )
