"""One pytest session with all quick tests collected: measures them, then runs mutants of functions.

Nothing is collected or imported again for a mutant: a forked child exchanges the code of one function, runs
the tests that call it, and ends at the first that fails.
"""

import gc
import importlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import hypothesis
import pytest

from . import children
from .call_map import ROOT, CallMap, Tracer, digest
from .mutations import Module, Mutant

QUICK = ("tests/unit", "tests/contract")
PYTEST = ["-s", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", "-p", "no:terminal"]
PYTEST += ["-o", "addopts=--import-mode=importlib --strict-markers"]
EXAMPLES = 25  # of a hypothesis test: as many as fit into the time of a mutant


class Session:
    """The plugin: `use` is called with it as soon as all tests are collected."""

    def __init__(self, use: Callable[["Session"], None]) -> None:
        self._use = use
        self.properties: set[str] = set()  # the hypothesis tests
        self.items: dict[str, pytest.Item] = {}
        self._on_report: Callable[[pytest.TestReport], None] = lambda _: None
        self._factory: Any = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = {item.nodeid: item for item in session.items}
        for item in session.items:
            if fewer_examples(item):
                self.properties.add(item.nodeid)
        self._factory = session.config._tmp_path_factory  # type: ignore[attr-defined]
        self._use(self)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._on_report(report)

    def run(
        self, tests: Iterable[str], on_report: Callable[[pytest.TestReport], None], scratch: Path
    ) -> None:
        """Runs `tests` in this process, in this order."""
        scratch.mkdir(parents=True)
        self._factory._basetemp = scratch
        self._on_report = on_report
        items = [self.items[test] for test in tests]
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def collect(use: Callable[[Session], None], paths: Iterable[str] = QUICK) -> int:
    """Collects the tests of `paths`, then calls `use`."""
    return int(pytest.main([*PYTEST, *paths], plugins=[Session(use)]))


def fewer_examples(item: pytest.Item) -> bool:
    """Makes a hypothesis test try the same few examples each time, without shrinking; whether it is one."""
    test: Any = getattr(item, "obj", None)
    old = getattr(test, "_hypothesis_internal_use_settings", None)
    case: Any = getattr(item.parent, "obj", None)
    if old is None and isinstance(getattr(case, "settings", None), hypothesis.settings):
        case.settings = _quick(case.settings)
    elif old is not None:
        target = getattr(test, "__func__", test)
        target._hypothesis_internal_use_settings = _quick(old)
    else:
        return False
    return True


def _quick(old: hypothesis.settings) -> hypothesis.settings:
    return hypothesis.settings(
        old,
        max_examples=min(old.max_examples, EXAMPLES),
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )


# --- measuring -----------------------------------------------------------------------------------


def measure(
    session: Session, call_map: CallMap, folders: Iterable[str], at_once: int, scratch: Path
) -> list[str]:
    """Brings `call_map` up to date; the tests that fail without any mutant."""
    files: dict[str, list[str]] = {}
    for test in session.items:
        files.setdefault(test.split("::")[0], []).append(test)
    for gone in call_map.files.keys() - files.keys():
        call_map.forget(gone)
        del call_map.files[gone]
    now = {file: digest(ROOT / file) for file in files}
    stale = [file for file in files if call_map.files.get(file) != now[file]]
    failed: list[str] = []

    def trace(file: str) -> Callable[[Callable[[Any], None]], None]:
        def work(answer: Callable[[Any], None]) -> None:
            answer(_traced(session, files[file], Tracer(folders), scratch / file.replace("/", "-")))

        return work

    jobs = (children.Job(file, trace(file), 300) for file in stale)
    for file, answer in children.run(jobs, at_once):
        if not isinstance(answer, dict):
            raise RuntimeError(f"{file} {answer} while it was measured")
        call_map.forget(file)
        call_map.files[file] = now[file]
        for test, (calls, seconds, ok) in answer.items():
            call_map.seconds[test] = seconds
            if ok:
                call_map.calls[test] = calls
            else:
                failed.append(test)
    call_map.properties = session.properties
    call_map.save()
    return failed


def _traced(
    session: Session, tests: list[str], tracer: Tracer, scratch: Path
) -> dict[str, tuple[list[str], float, bool]]:
    found: dict[str, tuple[list[str], float, bool]] = {}
    bad: set[str] = set()

    def on_report(report: pytest.TestReport) -> None:
        if report.failed:
            bad.add(report.nodeid)

    for number, test in enumerate(tests):
        before = _processor_s()
        tracer.start()
        session.run([test], on_report, scratch / str(number))
        tracer.stop()
        found[test] = (sorted(tracer.called), _processor_s() - before, test not in bad)
    return found


def _processor_s() -> float:
    """Processor time of this process and of those it started: unlike real time the same on a busy machine."""
    return sum(os.times()[:4])


# --- mutants of functions -------------------------------------------------------------------------


def functions(modules: Iterable[Module]) -> dict[tuple[str, str], list[FunctionType]]:
    """Every function object of `modules`, by file and by `name:first line`."""
    for module in modules:
        importlib.import_module(module.name)
    files = {module.file for module in modules}
    found: dict[tuple[str, str], list[FunctionType]] = {}
    gc.unfreeze()  # tests/conftest.py froze all that was collected, and a frozen object is not listed
    for thing in gc.get_objects():
        # Not isinstance: it asks a weak proxy for its object, which may be gone.
        if type(thing) is FunctionType and thing.__code__.co_filename in files:
            found.setdefault((thing.__code__.co_filename, _key(thing.__code__)), []).append(thing)
    return found


def _key(code: CodeType) -> str:
    return f"{code.co_qualname}:{code.co_firstlineno}"


def code_of(module: CodeType, scope: str) -> CodeType | None:
    """The code of the function `scope` within the code of its module."""
    waiting = [module]
    while waiting:
        code = waiting.pop()
        if _key(code) == scope:
            return code
        waiting += [part for part in code.co_consts if isinstance(part, CodeType)]
    return None


def try_function(
    session: Session,
    module: Module,
    mutant: Mutant,
    targets: list[FunctionType],
    tests: list[str],
    scratch: Path,
) -> Callable[[Callable[[Any], None]], None]:
    """Work for a child: answers the test that noticed the mutant, or "" where none did."""

    def work(answer: Callable[[Any], None]) -> None:
        try:
            code = code_of(module.compiled(mutant), mutant.scope)
            for target in targets:
                target.__code__ = code
        except (SyntaxError, ValueError, TypeError):
            answer("(no code)")

        def on_report(report: pytest.TestReport) -> None:
            if report.failed:
                answer(report.nodeid)

        session.run(tests, on_report, scratch)
        answer("")

    return work


class Scratch:
    """A folder for the tests' files, emptied as children end."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="mutants-"))
        self._next = 0

    def new(self) -> Path:
        self._next += 1
        return self.path / str(self._next)

    def drop(self, path: Path) -> None:
        shutil.rmtree(path, ignore_errors=True)
