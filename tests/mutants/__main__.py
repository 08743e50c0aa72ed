"""Changes the product in many small ways, one at a time, and counts how many the quick tests notice.

python -m tests.mutants                                    # domain, protocol and device
python -m tests.mutants --only sync_server/domain/floor    # one file or folder

Ends with the mutants that no test noticed and the score of each package. Verdicts are saved in
build/mutants: an interrupted run goes on, and a mutant is tried again only after its function or the
tests have changed.
"""

import argparse
import gc
import hashlib
import os
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from . import children, fresh, session
from .call_map import CACHE, ROOT, CallMap, digest
from .mutations import Module, Mutant
from .results import Accepted, Results

BUDGET_S = 5.0  # for the tests of one mutant: the fastest that fit, and all hypothesis tests
PACKAGES = ("sync_server/domain", "sync_server/protocol", "sync_server/device")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", action="append", help=f"a file or folder (default: {', '.join(PACKAGES)})")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants at the same time")
    parser.add_argument("--fresh", action="store_true", help="forget earlier verdicts")
    args = parser.parse_args()
    run = Run([part.removesuffix(".py").strip("/") for part in args.only or PACKAGES], args.jobs, args.fresh)
    run.function_mutants()
    run.import_mutants()
    return run.report()


class Run:
    """One run over `parts`: paths without .py."""

    def __init__(self, parts: list[str], jobs: int, fresh_start: bool) -> None:
        self._jobs = jobs
        self._fresh = fresh_start
        self._all = [Module(path, ROOT) for folder in PACKAGES for path in _files(folder)]
        self._modules = [m for m in self._all if any(_within(m.path, part) for part in parts)]
        outside = [p for part in parts if not part.startswith(PACKAGES) for p in _files(part)]
        self._modules += [Module(path, ROOT) for path in outside]
        if not self._modules:
            raise SystemExit(f"no module in {', '.join(parts)}")
        self._by_path = {module.path: module for module in self._modules}
        tests = [path for folder in session.QUICK for path in (ROOT / folder).rglob("*.py")]
        tests += (ROOT / "tests").glob("*.py")
        helpers = [path for path in tests if not path.name.startswith("test_")]
        names = sorted(scope for module in self._all for scope in module.scopes)
        self._epoch = digest(*helpers) + hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
        self._all_tests = digest(*tests, *Path(__file__).parent.glob("*.py"))
        self._results = Results(self._all_tests, fresh_start)
        self._scratch = session.Scratch()

    # --- mutants of functions --------------------------------------------------------------------

    def function_mutants(self) -> None:
        """Runs them in a process of its own: this one must stay without any module of ours."""
        if self._waiting():
            sys.stdout.flush()
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    code = session.collect(self._in_session)
                finally:
                    sys.stdout.flush()
                    os._exit(code)
            if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
                raise SystemExit("the tests could not be collected")
            self._results = Results(self._all_tests, fresh=False)

    def _waiting(self) -> list[Mutant]:
        return [m for module in self._modules for m in module.mutants if self._results.get(m) is None]

    def _in_session(self, tests: session.Session) -> None:
        call_map = CallMap.load(self._epoch)
        folders = {*PACKAGES, *(str(Path(module.path).parent) for module in self._modules)}
        failing = session.measure(tests, call_map, sorted(folders), self._jobs, self._scratch.new())
        for test in failing:
            print(f"fails without a mutant: {test}")
        targets = session.functions(self._modules)
        gc.collect()
        gc.freeze()  # a child does not copy what it only looks at
        callers = call_map.callers()
        order = KillersFirst(call_map)

        def jobs() -> Iterator[children.Job]:
            for mutant in waiting:
                module = self._by_path[mutant.path]
                chosen = order.sort(mutant, callers.get(f"{mutant.path}:{mutant.scope.split(':')[0]}", ()))
                if not chosen:
                    self._results.put(mutant, "")
                    continue
                objects = targets.get((module.file, mutant.scope), [])
                if not objects:
                    raise RuntimeError(f"{mutant.path} has no function {mutant.scope} that could be changed")
                work = session.try_function(tests, module, mutant, objects, chosen, self._scratch.new())
                yield children.Job(mutant, work, order.limit_s(chosen))

        waiting = [mutant for mutant in self._waiting() if mutant.scope]
        self._collect(jobs(), order, len(waiting), "in functions")

    # --- mutants of what runs at import ----------------------------------------------------------

    def import_mutants(self) -> None:
        waiting = [mutant for mutant in self._waiting() if not mutant.scope]
        if not waiting:
            return
        fresh.import_libraries()
        call_map = CallMap.load(self._epoch)
        order = KillersFirst(call_map)
        users = {module.path: self._tests_near(module, call_map) for module in self._modules}

        def jobs() -> Iterator[children.Job]:
            for mutant in waiting:
                chosen = order.sort(mutant, users[mutant.path])
                stages = order.stages(mutant, chosen)
                work = fresh.try_module(self._by_path[mutant.path], mutant, stages, self._scratch.new())
                yield children.Job(mutant, work, 30 + order.limit_s(chosen))

        self._collect(jobs(), order, len(waiting), "at import")

    def _tests_near(self, module: Module, call_map: CallMap) -> list[str]:
        """Tests of the files that import the module, then those that run a function of it or of its users."""
        direct = [file for file in call_map.files if module.name in Module(ROOT / file, ROOT).imports]
        near = {module.path, *(other.path for other in self._all if module.name in other.imports)}
        calling = {
            t for t, calls in call_map.calls.items() if any(call.split(":")[0] in near for call in calls)
        }
        chosen = [test for test in call_map.calls if test in calling or test.startswith(tuple(direct))]
        return sorted(
            chosen or call_map.calls, key=lambda t: (t.split("::")[0] not in direct, call_map.seconds[t])
        )

    # --- both ------------------------------------------------------------------------------------

    def _collect(self, jobs: Iterator[children.Job], order: "KillersFirst", count: int, where: str) -> None:
        survived = 0
        for done, (mutant, answer) in enumerate(children.run(jobs, self._jobs), 1):
            by = f"({answer})" if answer in (children.TIMED_OUT, children.DIED) else answer
            self._results.put(mutant, by)
            order.killed(mutant, by)
            survived += not by
            if done % 50 == 0 or done == count:
                self._results.save()
                print(f"{done} of {count} mutants {where}, {survived} not noticed", flush=True)
        self._results.save()

    def report(self) -> int:
        self._scratch.drop(self._scratch.path)
        accepted = Accepted()
        noticed: Counter[str] = Counter()
        total: Counter[str] = Counter()
        equal: Counter[str] = Counter()
        survivors: list[str] = []
        for module in self._modules:
            package = _package(module.path)
            lines = module.source.splitlines()
            for mutant in module.mutants:
                verdict = self._results.get(mutant)
                if verdict is None:
                    raise RuntimeError(f"no verdict on {mutant}")
                source = lines[mutant.line - 1]
                if verdict.survived and accepted.has(mutant, source):
                    equal[package] += 1
                    continue
                total[package] += 1
                noticed[package] += not verdict.survived
                if verdict.survived:
                    survivors.append(f"{mutant.path}:{mutant.line}: {mutant.change}")
        unused = accepted.unused(self._by_path)
        lines = [*survivors, ""]
        lines += [f"equivalent.txt has a line that matches no surviving mutant: {entry}" for entry in unused]
        for package in sorted(total):
            score = 100 * noticed[package] / total[package]
            lines.append(
                f"{package}: {score:.1f} % noticed ({noticed[package]} of {total[package]};"
                f" {equal[package]} more change nothing)"
            )
        print("\n".join(lines))
        (CACHE / "report.txt").write_text("\n".join(lines) + "\n", "utf-8")
        return 1 if unused else 0


class KillersFirst:
    """The order in which tests are tried: those that noticed the last mutants near by, then the fastest."""

    def __init__(self, call_map: CallMap) -> None:
        self._call_map = call_map
        self._killers: dict[str, deque[str]] = {}

    def sort(self, mutant: Mutant, tests: Iterable[str]) -> list[str]:
        chosen: dict[str, None] = {}
        seconds = 0.0
        for test in tests:
            seconds += self._call_map.seconds[test]
            if seconds <= BUDGET_S or test in self._call_map.properties:
                chosen[test] = None
        near = [*self._killers.get(mutant.scope, ()), *self._killers.get(mutant.path, ())]
        first = dict.fromkeys(test for test in near if test in chosen)
        return list(first | chosen)

    def stages(self, mutant: Mutant, tests: list[str]) -> list[list[str]]:
        """First the files of recent killers and the module's own test file, then all others."""
        files = {test.split("::")[0] for test in self._killers.get(mutant.path, ())}
        stem = Path(mutant.path).stem
        files |= {test.split("::")[0] for test in tests if stem in test.split("::")[0]}
        return [
            [test for test in tests if test.split("::")[0] in files],
            [test for test in tests if test.split("::")[0] not in files],
        ]

    def limit_s(self, tests: list[str]) -> float:
        return 15 + 10 * sum(self._call_map.seconds[test] for test in tests)

    def killed(self, mutant: Mutant, by: Any) -> None:
        if "::" in by:
            for name, size in ((mutant.scope, 8), (mutant.path, 8)):
                killers = self._killers.setdefault(name, deque(maxlen=size))
                if by in killers:
                    killers.remove(by)
                killers.appendleft(by)


def _within(path: str, part: str) -> bool:
    return path.removesuffix(".py") == part or path.startswith(part + "/")


def _files(part: str) -> list[Path]:
    single = ROOT / f"{part}.py"
    return [single] if single.exists() else sorted((ROOT / part).rglob("*.py"))


def _package(path: str) -> str:
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "sync_server" else parts[0]


if __name__ == "__main__":
    sys.exit(main())
