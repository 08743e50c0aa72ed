"""Draws the diagram and the table in docs/reference/visit.md from the transitions in the code.

`python docs/generate/visit_diagram.py` replaces what is between the marks; people write the rest of the page.
"""

import re
import sys
from itertools import groupby
from pathlib import Path

PAGE = Path(__file__).parents[1] / "reference" / "visit.md"
sys.path.insert(0, str(PAGE.parents[2]))

from sync_server.domain.visit.transitions import TRANSITIONS  # noqa: E402
from sync_server.domain.visit.visit import ENDED, State  # noqa: E402

Line = tuple[str, str, list[str]]  # state, state after, what leads there


def _lines() -> list[Line]:
    order = [None, *State]
    rows = sorted(
        ((before, after, event.__struct_config__.tag) for (before, event), after in TRANSITIONS.items()),
        key=lambda row: (order.index(row[0]), order.index(row[1])),
    )
    return [
        (before.value if before else "", after.value, [str(event) for _, _, event in group])
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
        mark = f"<!-- {name}, made by docs/generate/visit_diagram.py -->"
        end = f"<!-- end of {name} -->"
        page, found = re.subn(
            f"{re.escape(mark)}.*?{re.escape(end)}",
            f"{mark}\n{made}\n{end}".replace("\\", r"\\"),
            page,
            flags=re.DOTALL,
        )
        if found != 1:
            raise SystemExit(f"{PAGE}: the marks of the {name} are missing")
    return page


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text("utf-8")), "utf-8")
