"""Runs mutants of what a module does when it is imported: each in a process that has not imported it yet."""

import contextlib
import importlib
import importlib.machinery
import sys
from collections.abc import Callable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest

from .mutations import Module, Mutant
from .session import PYTEST, fewer_examples

# Libraries that the tests import. Imported before the children are forked, they are imported once.
LIBRARIES: tuple[str, ...] = (
    "argon2",
    "babel",
    "click",
    "cryptography",
    "h11",
    "jinja2",
    "msgspec",
    "qrcode",
    "requests",
)
LIBRARIES += ("sqlite_utils", "starlette.applications", "uvicorn", "zeroconf", "zmq.asyncio")


def import_libraries() -> None:
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


class MutatedModule(MetaPathFinder, Loader):
    """Finds one module of ours with other code than its file has."""

    def __init__(self, module: Module, code: CodeType) -> None:
        self._module = module
        self._code = code

    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        if name != self._module.name:
            return None
        spec = ModuleSpec(name, self, origin=self._module.file, is_package=name.endswith("__init__"))
        spec.has_location = True
        return spec

    def create_module(self, _: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, module.__dict__)


class Chosen:
    """A pytest plugin: runs `tests` in this order; answers at the first that fails or cannot be collected."""

    def __init__(self, tests: list[str], answer: Callable[[Any], None], scratch: Path) -> None:
        self._tests = tests
        self._answer = answer
        self._scratch = scratch

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._answer(f"(collecting {report.nodeid})")

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        self._scratch.mkdir(parents=True)
        config._tmp_path_factory._basetemp = self._scratch  # type: ignore[attr-defined]
        found = {item.nodeid: item for item in items}
        items[:] = [found[test] for test in self._tests if test in found]
        for item in items:
            fewer_examples(item)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._answer(report.nodeid)


def try_module(
    module: Module, mutant: Mutant, stages: list[list[str]], scratch: Path
) -> Callable[[Callable[[Any], None]], None]:
    """Work for a child: answers the test that noticed the mutant, or "" where none did."""

    def work(answer: Callable[[Any], None]) -> None:
        try:
            code = module.compiled(mutant)
        except (SyntaxError, ValueError, TypeError):
            answer("(no code)")
        sys.meta_path.insert(0, MutatedModule(module, code))
        for number, tests in enumerate(stages):
            files = list(dict.fromkeys(test.split("::")[0] for test in tests))
            if files:
                ended = pytest.main([*PYTEST, *files], plugins=[Chosen(tests, answer, scratch / str(number))])
                if ended not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                    answer(f"(pytest ended with {ended})")
        answer("")

    return work
