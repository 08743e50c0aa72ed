"""The figures as docs/reference/figures.md defines them in SQL, over the visit log or its CSV."""

import csv
import math
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sync_server.domain.kpi import KPIS

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "figures.md"


def definitions() -> dict[str, str]:
    """The SQL of each figure that is in the visit log."""
    lines = PAGE.read_text("utf-8").split("## Definitions")[1].split("\n## ")[0].splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| `")
    ]
    return {name.strip("`"): sql.strip("`") for name, _, sql in rows if sql.startswith("`")}


def figures_of(db: sqlite3.Connection, days: tuple[str, str], target_s: float, now: int) -> dict[str, Any]:
    """Every figure of these days, from the view or table `visit_log`, as `welkom report --json` has them."""
    at = datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds")
    values = {"target_s": target_s, "now": at, "first": days[0], "last": days[1]}
    found: dict[str, Any] = {}
    for name, sql in definitions().items():
        rows = db.execute(
            f"SELECT {sql} FROM visit_log WHERE day BETWEEN :first AND :last", values
        ).fetchall()
        if name.endswith("_s") and name != "service_level_target_s":
            found[name] = median_and_p90([value for (value,) in rows if value is not None])
        else:
            found[name] = _rounded(name, rows[0][0] if rows else target_s)
    found["service_level_target_s"] = target_s
    return found


def _rounded(name: str, value: float | None) -> float | None:
    if name in {"arrived", "completed", "cancelled", "no_show", "removed", "expired", "left", "quick"}:
        return value or 0  # the sum of no rows is empty
    return None if value is None else round(value, {"nps": 1, "ces": 3}.get(name, 4))


def median_and_p90(values: list[float]) -> dict[str, float | int | None]:
    """Median and 90th percentile, interpolated linearly."""
    known = sorted(values)
    if not known:
        return {"median": None, "p90": None, "n": 0}

    def at(share: float) -> float:
        place = share * (len(known) - 1)
        low = math.floor(place)
        high = min(low + 1, len(known) - 1)
        return round(known[low] + (known[high] - known[low]) * (place - low), 3)

    return {"median": at(0.5), "p90": at(0.9), "n": len(known)}


def database_of_csv(text: Iterable[str]) -> sqlite3.Connection:
    """The exported visit log as a table of this name."""
    heading, *lines = csv.reader("".join(text).removeprefix("\ufeff").splitlines())
    db = sqlite3.connect(":memory:")
    db.execute(f"CREATE TABLE visit_log ({', '.join(f'{name} NUMERIC' for name in heading)})")
    db.executemany(
        f"INSERT INTO visit_log VALUES ({', '.join('?' * len(heading))})",
        [[cell or None for cell in line] for line in lines],
    )
    return db


def differences(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """The figures that differ. The last digit may, because one is computed from ms and one from s."""
    return [
        f"{name}: {found[name]} is not {expected[name]}"
        for name in KPIS
        if name in found and not _alike(found[name], expected[name])
    ]


def _alike(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a["n"] == b["n"] and all(_alike(a[key], b[key]) for key in ("median", "p90"))
    return (a is None and b is None) or (a is not None and b is not None and abs(a - b) < 0.0011)
