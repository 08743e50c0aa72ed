"""Makes the story of a violation short: leaves out all that it does not need."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from .run import live
from .script import ITEMS_A_DAY
from .shop_life import ZONE, Lived, Plan

SECONDS = 45.0
TOLD = 60  # the last so many things of a long story


def shortest(found: Lived, seconds: float = SECONDS, run: Callable[[Plan], Lived] = live) -> Lived:
    """The shortest life found within that time in which the same invariant is broken.

    Items are left out in ever smaller pieces (delta debugging); each has its own seed, so those
    that stay do what they did.
    """
    assert found.violation is not None
    invariant = found.violation.invariant
    until = time.monotonic() + seconds
    best = replace(found, plan=replace(found.plan, days=found.violation.day + 1))

    def still(keep: list[int]) -> Lived | None:
        lived = run(replace(best.plan, keep=frozenset(keep)))
        same = lived.violation is not None and lived.violation.invariant == invariant
        return lived if same else None

    pieces = 2
    while time.monotonic() < until:
        items = [item.number for item in best.done]
        shorter = next(_first(items, pieces, still, until), None)
        if shorter is not None and len(shorter.done) < len(items):
            best, pieces = shorter, max(2, pieces - 1)
        elif pieces < len(items):
            pieces = min(len(items), pieces * 2)
        else:
            break
    return best


def _first(
    items: list[int], pieces: int, still: Callable[[list[int]], Lived | None], until: float
) -> Iterator[Lived]:
    """Lives with one piece of the items left out, where they still show it. The latest stay longest."""
    size = -(-len(items) // pieces)
    for start in range(0, len(items), size):
        if time.monotonic() > until:
            return
        if (lived := still(items[:start] + items[start + size :])) is not None:
            yield lived


def story(lived: Lived) -> Iterator[str]:
    """What happened, line by line, ending with the command that lets it happen again."""
    violation, plan = lived.violation, lived.plan
    assert violation is not None
    broken = f"invariant {violation.invariant}" if violation.invariant else "a fault nobody expected"
    yield f"Shop {plan.shop} of seed {plan.seed}, day {violation.day}: {broken}"
    if len(lived.done) > TOLD:
        yield f"  ({len(lived.done) - TOLD} things before that)"
    for item in lived.done[-TOLD:]:
        who = f" {item.who}" if item.who else ""
        yield f"  day {item.number // ITEMS_A_DAY}, {item.at:7.3f} s: {item.kind}{who}"
    at = datetime.fromtimestamp(violation.at_ms / 1000, ZONE)
    yield f"  {at:%Y-%m-%d %H:%M:%S}: {violation.story}"
    yield "To repeat it:"
    yield f"  {command(plan)}"


def command(plan: Plan) -> str:
    """The exact command that lives this plan again."""
    words = ["welkom", "simulate", f"--days {plan.days}", f"--seed {plan.seed}", f"--shop {plan.shop}"]
    words += ["--faults"] if plan.faults else []
    words += [f"--keep {_in_words(plan.keep)}"] if plan.keep is not None else []
    return " ".join(words)


def items_of(text: str) -> frozenset[int]:
    """The item numbers in `--keep`, such as `3,17-20`. Raises ValueError."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def _in_words(numbers: frozenset[int]) -> str:
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
