"""Writes the tables of docs/reference/waits.md from what `make waits` measured.

`make waits` first, then `python docs/generate/waits.py`, which replaces what is between the marks; people
write the rest of the page.
"""

import json
import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "reference" / "waits.md"
BUILD = PAGE.parents[2] / "build"
Scores = dict[str, Any]


def scores(found: dict[str, Scores]) -> str:
    """The estimators on the real queues, and the range of what our bracket holds by need and hour."""
    lines = _head("estimate", "MAE s", "bias s", "holds %", "width s", "interval score")
    for name, by_fold in sorted(found.items(), key=lambda item: item[1]["all"]["interval_score"]):
        s = by_fold["all"]
        bold = "**" if name.startswith("Welkom") else ""
        lines.append(f"| {bold}{name}{bold} | {_figures(s, 'mae', 'bias')} | {_rest(s)} |")
    total = found["Welkom"]["all"]["n"]
    held = [100 * s["held"] for s in found["Welkom"]["strata"].values()]
    return "\n".join(
        (
            *lines,
            "",
            f"Mean of the three folds, {total:,} waits. In each need and each hour with at least 300 waits,",
            f"the bracket of Welkom holds {min(held):.1f} to {max(held):.1f} %.",
        )
    )


def shop(found: dict[str, dict[str, Scores]]) -> str:
    """What was told in the simulated shop, beside the plain formula."""
    told = ("visits", "n", "MAE s", "holds %", "width s", "interval score")
    lines = _head(*told, "formula: MAE s", "holds %", "interval score")
    for name, group in found.items():
        said, plain = group["told"], group["plain formula"]
        formula = f"{plain['mae']:.1f} | {100 * plain['held']:.1f} | {plain['interval_score']:.0f}"
        lines.append(f"| {name} | {said['n']:,} | {said['mae']:.1f} | {_rest(said)} | {formula} |")
    return "\n".join(lines)


def _head(*columns: str) -> list[str]:
    return [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]


def _figures(score: Scores, *names: str) -> str:
    return " | ".join(f"{score[name]:.1f}" for name in names)


def _rest(score: Scores) -> str:
    return f"{100 * score['held']:.1f} | {score['width']:.0f} | {score['interval_score']:.0f}"


def written(page: str, name: str, source: str, table: str) -> str:
    """The page with the table `name` made again."""
    mark = f"<!-- {name}, made by docs/generate/waits.py from build/{source} -->"
    pattern = re.escape(mark) + r"\n.*?" + re.escape(f"<!-- end of {name} -->")
    new, count = re.subn(pattern, lambda _: f"{mark}\n{table}\n<!-- end of {name} -->", page, flags=re.S)
    if not count:
        raise SystemExit(f"{PAGE}: the marks of {name} are missing")
    return new


def main() -> None:
    page = PAGE.read_text("utf-8")
    for name, source, make in (("scores", "waits.json", scores), ("shop", "waits-shop.json", shop)):
        found = json.loads((BUILD / source).read_text("utf-8"))
        page = written(page, name, source, make(found))
    PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
