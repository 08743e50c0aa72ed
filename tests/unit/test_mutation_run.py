"""The mutation run: which changes it makes to a module, and that each is compiled and recognised again."""

import gc
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from sync_server.domain import lateness
from tests.mutants.call_map import ROOT
from tests.mutants.mutations import Module
from tests.mutants.session import code_of, functions

SOURCE = '''"""A module."""

import logging

log = logging.getLogger(__name__)
LIMIT = 3
STATES = {"open", "closed"}


class Queue:
    """A queue."""

    size: int = 0

    @property
    def full(self) -> bool:
        """Whether it is full."""
        return self.size >= LIMIT and not self.ended

    def put(self, item: str, front: bool = False) -> str | None:
        log.info("put %s", item)
        if item is None:
            raise ValueError("no item")
        self.items.insert(0, item)
        return min(item, "z")
'''


@pytest.fixture
def module(tmp_path: Path) -> Module:
    (tmp_path / "queue_module.py").write_text(SOURCE, "utf-8")
    return Module(tmp_path / "queue_module.py", tmp_path)


def changes(module: Module, scope: str) -> list[str]:
    return [mutant.change for mutant in module.mutants if mutant.scope.split(":")[0] == scope]


def test_what_runs_at_import_belongs_to_no_function(module: Module) -> None:
    assert changes(module, "") == [
        "3 -> 4",
        "{'open', 'closed'} without 'open'",
        "{'open', 'closed'} without 'closed'",
        "'open' -> 'XXopenXX'",
        "'closed' -> 'XXclosedXX'",
        "0 -> 1",
        "False -> True",
    ]


def test_a_property_is_changed_like_a_method(module: Module) -> None:
    assert changes(module, "Queue.full") == [
        "return self.size >= LIMIT and (not self.ended) -> return None",
        "self.size >= LIMIT and (not self.ended) -> self.size >= LIMIT or not self.ended",
        "self.size >= LIMIT -> self.size > LIMIT",
        "not self.ended -> self.ended",
    ]


def test_log_lines_and_the_words_of_errors_are_left_alone(module: Module) -> None:
    assert changes(module, "Queue.put") == [
        "item is None -> item is not None",
        "raise ValueError('no item') -> pass",
        "self.items.insert(0, item) -> pass",
        "self.items.insert(0, item) -> argument 2 None",
        "0 -> 1",
        "return min(item, 'z') -> return None",
        "min(item, 'z') -> argument 1 None",
        "min -> max",
        "'z' -> 'XXzXX'",
    ]


def test_each_mutant_is_compiled_and_all_others_stay_out_of_it(module: Module) -> None:
    def constants(code: CodeType) -> list[Any]:
        inner = [part for part in code.co_consts if isinstance(part, CodeType)]
        return [*code.co_consts, code.co_names, code.co_code, *(c for part in inner for c in constants(part))]

    compiled = [constants(module.compiled(mutant)) for mutant in module.mutants]
    assert all(one != other for n, one in enumerate(compiled) for other in compiled[:n])


def test_the_code_of_a_mutated_function_can_be_exchanged(module: Module) -> None:
    namespace: dict[str, Any] = {"__name__": "queue_module"}
    exec(compile(SOURCE, module.file, "exec"), namespace)
    queue = namespace["Queue"]()
    queue.size, queue.ended = 3, False
    assert queue.full
    mutant = next(mutant for mutant in module.mutants if mutant.change.endswith("self.size > LIMIT"))
    code = code_of(module.compiled(mutant), mutant.scope)
    assert code is not None
    namespace["Queue"].full.fget.__code__ = code
    assert not queue.full


def test_a_mutant_keeps_its_key_when_another_function_changes(module: Module, tmp_path: Path) -> None:
    keys = {mutant.change: mutant.key for mutant in module.mutants if mutant.scope.startswith("Queue.full")}
    (tmp_path / "queue_module.py").write_text(SOURCE.replace("insert(0, item)", "append(item)"), "utf-8")
    changed = Module(tmp_path / "queue_module.py", tmp_path).mutants
    assert {m.change: m.key for m in changed if m.scope.startswith("Queue.full")} == keys
    assert {m.key for m in changed} != {m.key for m in module.mutants}


def test_a_function_is_found_although_the_garbage_collector_was_told_to_leave_it_alone() -> None:
    module = Module(ROOT / "sync_server" / "domain" / "lateness.py", ROOT)
    gc.freeze()
    try:
        found = functions([module])
    finally:
        gc.freeze()
    assert {mutant.scope for mutant in module.mutants if mutant.scope} <= {scope for _, scope in found}
    assert [lateness.is_late] in found.values()
