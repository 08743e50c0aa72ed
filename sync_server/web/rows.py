"""A line of the visit log as the pages show it: in the store's time, with names instead of codes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from sync_server.domain.catalogue import Catalogue


class Row(Struct, frozen=True):
    """Durations in seconds. `over` says that the wait was longer than the need's target."""

    ticket: str
    need: str
    came: datetime
    wait_s: float
    over: bool
    quoted_low_s: float | None
    quoted_high_s: float | None
    employee: str | None
    service_s: float | None
    state: str
    resolution: str | None
    tip: bool
    ces: int | None
    comment: str | None


def row(line: Mapping[str, Any], catalogue: Catalogue, now: int) -> Row:
    """The row of one line of `visit_log`; whoever is still in line has waited until `now`."""
    need = catalogue.need(line["need"])
    employee = catalogue.employee(line["employee"]) if line["employee"] else None
    target_s = need.target_wait_s if need else catalogue.times.service_level_s
    came = round(datetime.fromisoformat(line["created_at"]).timestamp() * 1000)
    wait_s = (
        (now - came) / 1000 if line["serving_at"] is None and line["ended_at"] is None else line["wait_s"]
    )
    return Row(
        ticket=line["ticket"],
        need=line["need"],
        came=catalogue.local(came),
        wait_s=wait_s,
        over=wait_s > target_s,
        quoted_low_s=line["quoted_low_s"],
        quoted_high_s=line["quoted_high_s"],
        employee=employee.name if employee else line["employee"],
        service_s=line["service_s"],
        state=line["state"],
        resolution=line["resolution"],
        tip=line["tip"] is not None,
        ces=line["ces"],
        comment=line["comment"],
    )
