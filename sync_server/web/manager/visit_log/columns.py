"""The columns of the log's table: which there are, and which somebody has chosen."""

from collections.abc import Sequence

# In the order in which they are shown. Each has its heading in `column.*` and its cell in the template.
COLUMNS = (
    "need",
    "created_at",
    "wait_s",
    "quoted",
    "employee",
    "service_s",
    "visit_s",
    "resolution",
    "ces",
    "source",
    "language",
    "party_size",
    "offers",
    "handovers",
    "goodwill_cents",
)
USUAL = ("need", "created_at", "wait_s", "quoted", "employee", "service_s", "resolution", "ces")


def chosen_columns(names: Sequence[str] | None) -> tuple[str, ...]:
    """Those of `names` that there are, in the usual order; the usual ones for none."""
    found = tuple(column for column in COLUMNS if column in (names or ()))
    return found or USUAL
