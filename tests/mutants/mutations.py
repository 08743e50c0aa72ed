"""Finds the small changes ("mutants") that can be made to a module, and compiles the module with one of them.

A mutant of a function belongs to that function: its compiled code can be exchanged in a running process.
What runs when the module is imported (constants, tables, default values) belongs to no function: its scope
is "".
"""

import ast
import copy
import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import NamedTuple

from .replacements import replacements

NOT_MUTATED_CALLS = {
    "log",
    "logger",
    "logging",
    "TypeVar",
    "NewType",
    "cast",
}  # log lines; what only mypy reads


class Mutant(NamedTuple):
    path: str
    scope: str
    line: int
    change: str
    number: int  # among the mutants of its module
    key: str  # the same as long as the source of its scope is the same


class Site(NamedTuple):
    """One field of the tree and what it is replaced by."""

    parent: ast.AST
    field: str
    place: int | None  # in a list
    new: ast.AST | None  # None removes it from its list
    mutant: Mutant


class Module:
    """The mutants of one module."""

    def __init__(self, path: Path, root: Path) -> None:
        self.path = path.relative_to(root).as_posix()
        self.name = self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self.file = str(path)
        self.source = path.read_text("utf-8")
        self.tree = ast.parse(self.source)
        self.scopes: set[str] = set()
        self._seen: Counter[tuple[str, str]] = Counter()
        self._sites: list[Site] = []
        for statement in self.tree.body:
            self._statement(statement, "", self._digest(statement))

    @property
    def mutants(self) -> list[Mutant]:
        return [site.mutant for site in self._sites]

    @property
    def imports(self) -> set[str]:
        """The full names of all modules that it may import."""
        package = self.name.rsplit(".", 1)[0]
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                parts = package.split(".")
                base = parts[: len(parts) - node.level + 1] if node.level else []
                name = ".".join([*base, *([node.module] if node.module else [])])
                found |= {name, *(f"{name}.{alias.name}" for alias in node.names)}
        return found

    def compiled(self, mutant: Mutant) -> CodeType:
        """The whole module's code with `mutant` in it. Raises SyntaxError or ValueError."""
        site = self._sites[mutant.number]
        old = getattr(site.parent, site.field)
        if site.place is None:
            setattr(site.parent, site.field, site.new)
        else:
            setattr(site.parent, site.field, _with(old, site.place, site.new))
        try:
            tree = ast.fix_missing_locations(copy.deepcopy(self.tree))
            return compile(tree, self.file, "exec", dont_inherit=True)
        finally:
            setattr(site.parent, site.field, old)

    # --- what is walked, and what is left out ----------------------------------------------------

    def _digest(self, node: ast.AST) -> str:
        text = ast.get_source_segment(self.source, node) or ""
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _statement(self, node: ast.stmt, prefix: str, digest: str) -> None:
        """A statement of the module or of a class."""
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                scope = prefix + node.name
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                self.scopes.add(f"{self.path}:{scope}")
                for value in (*node.args.defaults, *node.args.kw_defaults):
                    if value is not None:
                        self._import_time(node.args, value, digest)
                self._body(node, f"{scope}:{first}", self._digest(node))
            case ast.ClassDef():
                for statement in node.body:
                    if not _is_docstring(statement):
                        self._statement(statement, f"{prefix}{node.name}.", self._digest(statement))
            case ast.Import() | ast.ImportFrom():
                pass
            case ast.If() if "TYPE_CHECKING" in ast.dump(node.test):
                pass
            case ast.Assign(targets=[ast.Name(id="__all__" | "__slots__")]):
                pass
            case ast.Assign(value=ast.Subscript() | ast.BinOp(op=ast.BitOr())):
                self._type_expression(node.value, digest)
            case ast.AnnAssign():
                self._type_expression(node.annotation, digest)
                if node.value is not None:
                    self._import_time(node, node.value, digest)
            case ast.Expr() if _is_docstring(node):
                pass
            case _:
                self._node(node, "", digest)

    def _type_expression(self, node: ast.AST, digest: str) -> None:
        """A type: only the limits that stand in it as calls, such as `Meta(max_length=80)`."""
        for child in ast.walk(node):
            if isinstance(child, ast.Call):
                self._node(child, "", digest)

    def _import_time(self, parent: ast.AST, value: ast.AST, digest: str) -> None:
        for field, index, child in _children(parent):
            if child is value:
                self._place(parent, field, index, child, "", digest)

    def _body(self, function: ast.AST, scope: str, digest: str) -> None:
        body: list[ast.stmt] = function.body  # type: ignore[attr-defined]
        for index, statement in enumerate(body):
            if index or not _is_docstring(statement):
                self._place(function, "body", index, statement, scope, digest)

    def _node(self, node: ast.AST, scope: str, digest: str) -> None:
        """All mutants below `node`."""
        for field, index, child in _children(node):
            if field in ("annotation", "returns", "decorator_list"):
                continue
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                self._body(child, scope, digest)
            else:
                self._place(node, field, index, child, scope, digest)

    def _place(
        self, parent: ast.AST, field: str, index: int | None, node: ast.AST, scope: str, digest: str
    ) -> None:
        call = node.value if isinstance(node, ast.Expr) else node
        if isinstance(call, ast.Call) and _called(call) in NOT_MUTATED_CALLS:
            return
        for change, new in replacements(node, parent, field, scope == ""):
            self._add(Site(parent, field, index, new, self._mutant(_line(node), scope, digest, change)))
        if isinstance(node, ast.Raise):  # the words of an error are for people
            return
        self._node(node, scope, digest)

    def _mutant(self, line: int, scope: str, digest: str, change: str) -> Mutant:
        self._seen[digest, change] += 1
        key = f"{self.path}:{digest}:{change}:{self._seen[digest, change]}"
        return Mutant(self.path, scope, line, change, len(self._sites), key)

    def _add(self, site: Site) -> None:
        self._sites.append(site)


def _line(node: ast.AST) -> int:
    """The line of `node`; a comprehension has none of its own."""
    return node.target.lineno if isinstance(node, ast.comprehension) else int(getattr(node, "lineno", 1))


def _with(old: list[ast.AST], index: int, new: ast.AST | None) -> list[ast.AST]:
    return [*old[:index], *([] if new is None else [new]), *old[index + 1 :]]


def _children(node: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    for field, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            yield field, None, value
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, ast.AST):
                    yield field, index, item


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _called(node: ast.Call) -> str:
    """The first name of what is called: `log` of `log.info(...)`."""
    called: ast.AST = node.func
    while isinstance(called, ast.Attribute):
        if called.attr in ("_log", "log"):
            return "log"
        called = called.value
    return called.id if isinstance(called, ast.Name) else ""
