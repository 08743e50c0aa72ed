"""`make waits`: scores the wait estimate and its rivals on real queues; JSON, also in build/waits.json."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import msgspec

from assets.paths import DEMO_STORE
from sync_server.service.config.load import load_settings

from . import shop
from .calls import CALLS, FOLDS, Call, read
from .estimators import BASELINES, OURS
from .replay import Asked, Named, Runner, replay
from .score import mean_of, score, strata

OUT = Path("build/waits.json")
SHOP_OUT = Path("build/waits-shop.json")


def scores(
    days: dict[str, list[Call]], kinds: Sequence[type[Named]], folds: dict[str, tuple[str, str]]
) -> dict:
    """By estimator: its score in each fold, their mean (`all`), and by need and hour over all folds."""
    found: dict[str, dict] = {kind.name: {} for kind in kinds}
    asked: dict[str, list[Asked]] = {kind.name: [] for kind in kinds}
    for fold, ends in folds.items():
        runners = [Runner(kind()) for kind in kinds]
        replay(days, ends, runners)
        for kind, runner in zip(kinds, runners, strict=True):
            found[kind.name][fold] = score(runner.asked)
            asked[kind.name] += runner.asked
    for name, by_fold in found.items():
        by_fold["all"] = mean_of(list(by_fold.values()))
        by_fold["strata"] = strata(asked[name])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=Path, default=CALLS, help="other calls, in the same form")
    parser.add_argument("--fold", choices=sorted(FOLDS), help="one fold only")
    parser.add_argument("--days", metavar="FIRST..LAST", help="another fold: its first and last day")
    parser.add_argument("--ours", action="store_true", help="without the rivals")
    parser.add_argument("--shop", type=int, metavar="DAYS", help="days of a simulated shop instead")
    parser.add_argument("--visits", type=int, default=220, help="with --shop: on a day (220)")
    options = parser.parse_args()
    if options.shop:
        catalogue = load_settings(DEMO_STORE).catalogue()
        show(shop.scores(shop.live(catalogue, options.shop, options.visits, seed=1)), SHOP_OUT)
        return
    folds = {options.fold: FOLDS[options.fold]} if options.fold else FOLDS
    if options.days:
        first, _, last = options.days.partition("..")
        folds = {options.days: (first, last)}
    kinds: tuple[type[Named], ...] = OURS if options.ours else (*OURS, *BASELINES)
    show(scores(read(options.calls), kinds, folds), OUT)


def show(found: dict, out: Path) -> None:
    """Prints it as JSON, and writes it to a file."""
    text = json.dumps(msgspec.to_builtins(found), indent=2, ensure_ascii=False) + "\n"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, "utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
