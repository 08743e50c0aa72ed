"""Draws the visit's life from its one table: `python docs/make_diagrams.py` rewrites docs/visit.md.

What stands between two marks in that file is made here; the rest is written by people.
"""

import re
import sys
from itertools import groupby
from pathlib import Path

PAGE = Path(__file__).with_name("visit.md")
sys.path.insert(0, str(PAGE.parents[1]))

from sync_server.domain.visit import ENDED, TRANSITIONS, State  # noqa: E402

Line = tuple[str, str, list[str]]  # state, state after, what leads there


def _lines() -> list[Line]:
    order = [None, *State]
    rows = sorted(
        ((before, after, event.__struct_config__.tag) for (before, event), after in TRANSITIONS.items()),
        key=lambda row: (order.index(row[0]), order.index(row[1])),
    )
    return [
        (before.value if before else "", after.value, [event for _, _, event in group])
        for (before, after), group in groupby(rows, key=lambda row: row[:2])
    ]


def diagram() -> str:
    """All transitions as a Mermaid state diagram."""
    steps = [f"    {before or '[*]'} --> {after}: {', '.join(events)}" for before, after, events in _lines()]
    ends = [f"    {state.value} --> [*]" for state in State if state in ENDED]
    return "\n".join(["```mermaid", "stateDiagram-v2", *steps, *ends, "```"])


def table() -> str:
    """The same as a table."""
    rows = [
        f"| {f'`{before}`' if before else '–'} | {', '.join(f'`{event}`' for event in events)} | `{after}` |"
        for before, after, events in _lines()
    ]
    return "\n".join(["| in state | what happens | leads to |", "|---|---|---|", *rows])


def drawn(page: str) -> str:
    """The page with everything between marks made anew."""
    for name, made in (("diagram", diagram()), ("table", table())):
        mark = f"<!-- {name}, made by docs/make_diagrams.py -->"
        end = f"<!-- end of {name} -->"
        page, found = re.subn(
            f"{re.escape(mark)}.*?{re.escape(end)}",
            lambda _, text=f"{mark}\n{made}\n{end}": text,
            page,
            flags=re.DOTALL,
        )
        if found != 1:
            raise SystemExit(f"{PAGE}: the marks of the {name} are missing")
    return page


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text("utf-8")), "utf-8")
