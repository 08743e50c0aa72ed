"""Lists every fault and attack that the tests make: `make reliability` writes docs/develop/reliability.md.

Each such test has a mark that says what it does and what the result is:
@pytest.mark.fault("what is done", "what happened"), or attack. A contract test compares the page with
the marks. People write the text above the tables.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).parents[1] / "develop" / "reliability.md"
TESTS = PAGE.parents[2] / "tests"
KINDS = {
    "fault": ("Faults", "What fails by itself in a shop."),
    "attack": ("Attacks", "What somebody does on purpose, with or without a device of the shop."),
}
BEGIN, END = "<!-- tests, made by docs/generate/reliability.py -->", "<!-- end of tests -->"

Line = tuple[str, str, str]  # what is done, what happened, which test


def lines(kind: str) -> Iterator[Line]:
    """The marks of this kind, in the order of the files and of their tests."""
    for path in sorted(TESTS.rglob("test_*.py")):
        text = path.read_text("utf-8")
        if f"mark.{kind}(" not in text:
            continue  # to parse every test takes seconds
        for test in ast.parse(text).body:
            if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef):
                for mark in test.decorator_list:
                    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == f"pytest.mark.{kind}":
                        done, happened = (ast.literal_eval(argument) for argument in mark.args)
                        yield done, happened, f"{path.relative_to(TESTS)}::{test.name}"


def made() -> str:
    """A section with a table for each kind of mark."""
    parts = []
    for kind, (title, about) in KINDS.items():
        parts += [
            f"## {title}",
            "",
            about,
            "",
            "| what is done | what happened | shown by |",
            "|---|---|---|",
        ]
        parts += [f"| {done} | {happened} | `{test}` |" for done, happened, test in lines(kind)]
        parts.append("")
    return "\n".join(parts)


def written(page: str) -> str:
    """The page with its tables made again; people write the rest of it."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest:
        raise SystemExit(f"{PAGE}: the marks of the tables are missing")
    return f"{before}{BEGIN}\n\n{made()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
