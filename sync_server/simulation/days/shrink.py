"""Shrinks a violation: finds a shorter script that still shows it, and tells it as a story."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from .plan import ZONE, Outcome, Plan
from .runner import run_plan
from .script import ITEMS_A_DAY

SECONDS = 45.0
MAX_LINES = 60  # of a story, the last ones


def shortest(found: Outcome, seconds: float = SECONDS, run: Callable[[Plan], Outcome] = run_plan) -> Outcome:
    """The shortest script found within that time that violates the same invariant.

    Leaves items out in smaller and smaller pieces (delta debugging: Zeller, Hildebrandt, "Simplifying and
    Isolating Failure-Inducing Input", 2002). Each item has its own seed, so the others do what they did.
    """
    assert found.violation is not None
    invariant = found.violation.invariant
    until = time.monotonic() + seconds
    best = replace(found, plan=replace(found.plan, days=found.violation.day + 1))

    def rerun(keep: list[int]) -> Outcome | None:
        outcome = run(replace(best.plan, keep=frozenset(keep)))
        same = outcome.violation is not None and outcome.violation.invariant == invariant
        return outcome if same else None

    pieces = 2
    while time.monotonic() < until:
        items = [item.number for item in best.items]
        shorter = next(_first(items, pieces, rerun, until), None)
        if shorter is not None and len(shorter.items) < len(items):
            best, pieces = shorter, max(2, pieces - 1)
        elif pieces < len(items):
            pieces = min(len(items), pieces * 2)
        else:
            break
    return best


def _first(
    items: list[int], pieces: int, rerun: Callable[[list[int]], Outcome | None], until: float
) -> Iterator[Outcome]:
    """Outcomes that still show the violation with one piece left out, the earliest piece first."""
    size = -(-len(items) // pieces)
    for start in range(0, len(items), size):
        if time.monotonic() > until:
            return
        if (outcome := rerun(items[:start] + items[start + size :])) is not None:
            yield outcome


def story(outcome: Outcome) -> Iterator[str]:
    """What happened, line by line. The last line is the command that repeats it."""
    violation, plan = outcome.violation, outcome.plan
    assert violation is not None
    broken = f"invariant {violation.invariant}" if violation.invariant else "a fault nobody expected"
    yield f"Shop {plan.shop} of seed {plan.seed}, day {violation.day}: {broken}"
    if len(outcome.items) > MAX_LINES:
        yield f"  ({len(outcome.items) - MAX_LINES} things before that)"
    for item in outcome.items[-MAX_LINES:]:
        who = f" {item.who}" if item.who else ""
        yield f"  day {item.number // ITEMS_A_DAY}, {item.at:7.3f} s: {item.kind}{who}"
    at = datetime.fromtimestamp(violation.at_ms / 1000, ZONE)
    yield f"  {at:%Y-%m-%d %H:%M:%S}: {violation.story}"
    yield "To repeat it:"
    yield f"  {command(plan)}"


def command(plan: Plan) -> str:
    """The command that runs this plan again."""
    words = ["welkom", "simulate", f"--days {plan.days}", f"--seed {plan.seed}", f"--shop {plan.shop}"]
    words += ["--faults"] if plan.faults else []
    words += [f"--keep {_as_ranges(plan.keep)}"] if plan.keep is not None else []
    return " ".join(words)


def items_of(text: str) -> frozenset[int]:
    """The item numbers in `--keep`, such as `3,17-20`. Raises ValueError."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def _as_ranges(numbers: frozenset[int]) -> str:
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
