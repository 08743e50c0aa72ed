"""What one node of the tree can be exchanged for: the operators of the mutation run."""

import ast
import copy
from collections.abc import Iterator

COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Div,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitXor: ast.BitAnd,
}
OPPOSITE = {"min": "max", "max": "min", "any": "all", "all": "any"}


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 60 else text[:57] + "..."


NONE = ast.Constant(None)


def replacements(
    node: ast.AST, parent: ast.AST, field: str, import_time: bool
) -> Iterator[tuple[str, ast.AST | None]]:
    """What `node` can be exchanged for, each with words for the report."""
    match node:
        case ast.Compare():
            for i, op in enumerate(node.ops):
                new_op = COMPARE[type(op)]()
                ops = [*node.ops[:i], new_op, *node.ops[i + 1 :]]
                new: ast.AST = ast.Compare(node.left, ops, node.comparators)
                yield f"{_short(node)} -> {_short(new)}", new
        case ast.BoolOp():
            new = ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
            yield f"{_short(node)} -> {_short(new)}", new
        case ast.UnaryOp(op=ast.Not()):
            yield f"{_short(node)} -> {_short(node.operand)}", node.operand
        case ast.UnaryOp(op=ast.USub()):
            yield f"{_short(node)} -> {_short(node.operand)}", node.operand
        case ast.BinOp() if type(node.op) in ARITHMETIC:
            new = ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)
            yield f"{_short(node)} -> {_short(new)}", new
        case ast.Constant(value=bool(value)):
            yield f"{value} -> {not value}", ast.Constant(not value)
        case ast.Constant(value=int(number) | float(number)):
            yield f"{number} -> {number + 1}", ast.Constant(number + 1)
        case ast.Constant(value=str(text)) if not isinstance(parent, ast.JoinedStr | ast.FormattedValue):
            yield f"{_short(node)} -> 'XX{text[:30]}XX'", ast.Constant(f"XX{text}XX")
        case ast.Constant(value=bytes(data)):
            yield f"{_short(node)} -> XX", ast.Constant(b"XX" + data + b"XX")
        case ast.JoinedStr() if field != "format_spec":
            yield f"{_short(node)} -> XX", ast.JoinedStr([ast.Constant("XX"), *node.values])
        case ast.Name() if node.id in OPPOSITE and isinstance(node.ctx, ast.Load):
            yield f"{node.id} -> {OPPOSITE[node.id]}", ast.Name(OPPOSITE[node.id], ast.Load())
        case ast.Lambda() if not _is_none(node.body):
            yield f"{_short(node)} -> None", ast.Lambda(node.args, NONE)
        case ast.AugAssign():
            yield f"{_short(node)} -> pass", ast.Pass()
            if type(node.op) in ARITHMETIC:
                new = ast.AugAssign(node.target, ARITHMETIC[type(node.op)](), node.value)
                yield f"{_short(node)} -> {_short(new)}", new
        case ast.Assign() | ast.AnnAssign(value=ast.expr()) if not import_time:
            if not _is_none(node.value):
                new = copy.copy(node)
                new.value = NONE
                yield f"{_short(node)} -> None", new
        case ast.Return(value=ast.expr()) if not _is_none(node.value):
            yield f"{_short(node)} -> return None", ast.Return(NONE)
        case ast.Expr(value=ast.Call() | ast.Await() | ast.Yield() | ast.YieldFrom()):
            yield f"{_short(node)} -> pass", ast.Pass()
        case ast.Raise() | ast.Delete():
            yield f"{_short(node)} -> pass", ast.Pass()
        case ast.Break():
            yield "break -> continue", ast.Continue()
        case ast.Continue():
            yield "continue -> break", ast.Break()
        case ast.For() | ast.AsyncFor() | ast.comprehension() if not isinstance(node, ast.AsyncFor):
            new = copy.copy(node)
            new.iter = ast.Tuple([], ast.Load())
            yield f"... in {_short(node.iter)} -> in ()", new
        case ast.Call():
            yield from _call_changes(node)
        case ast.Set() | ast.List() | ast.Tuple() | ast.Dict():
            yield from _without_one(node, parent, field, import_time)
    if field in ("test", "ifs") and not isinstance(node, ast.Compare | ast.UnaryOp | ast.BoolOp):
        yield f"{_short(node)} -> not {_short(node)}", ast.UnaryOp(ast.Not(), node)  # type: ignore[arg-type]


def _is_none(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _call_changes(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    for i, value in enumerate(node.args):
        if not isinstance(value, ast.Starred | ast.Constant):
            args: list[ast.expr] = [*node.args[:i], NONE, *node.args[i + 1 :]]
            new = ast.Call(node.func, args, node.keywords)
            yield f"{_short(node)} -> argument {i + 1} None", new
    for i, keyword in enumerate(node.keywords):
        rest = [*node.keywords[:i], *node.keywords[i + 1 :]]
        name = f"{keyword.arg}=" if keyword.arg else "**"
        yield f"{_short(node)} -> without {name}", ast.Call(node.func, node.args, rest)


def _without_one(
    node: ast.Set | ast.List | ast.Tuple | ast.Dict, parent: ast.AST, field: str, import_time: bool
) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Dict):
        for i, (key, _) in enumerate(zip(node.keys, node.values, strict=True)):
            rest = ast.Dict([*node.keys[:i], *node.keys[i + 1 :]], [*node.values[:i], *node.values[i + 1 :]])
            yield f"{{...}} without {_short(key) if key else '**'}", rest
        return
    if len(node.elts) < 2 or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load) or field == "slice":
        return
    if isinstance(node, ast.Tuple) and not import_time and not isinstance(parent, ast.Compare | ast.Call):
        return
    for i, element in enumerate(node.elts):
        rest_of = copy.copy(node)
        rest_of.elts = [*node.elts[:i], *node.elts[i + 1 :]]
        yield f"{_short(node)} without {_short(element)}", rest_of
