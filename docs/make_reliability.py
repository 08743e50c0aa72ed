"""Lists every fault and attack that the tests make: `make reliability` writes docs/reliability.md.

Each such test says in its marks what it does and what came of it:
@pytest.mark.fault("what is done", "what happened"), or attack. A test compares the page with them.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).with_name("reliability.md")
TESTS = PAGE.parents[1] / "tests"
KINDS = {
    "fault": ("Faults", "What breaks by itself in a shop."),
    "attack": ("Attacks", "What somebody does on purpose, with or without a device of the shop."),
}
HEAD = """\
# Reliability

Every fault and attack that the tests make, and what happened. This page is written by `make reliability` from
the tests themselves; one that no longer holds fails, and a page that differs from them fails too. After every
one of them with a store `welkom verify` finds it sound: no gap in the log, the tables as the log tells them.

[limits.md](limits.md) has the numbers.

`make torture SECONDS=45` does the worst of it at once, to real processes under load: the server killed with
kill -9 again and again, three kiosks and six tablets in turn, links cut, tablets stopped and let go on, the
disk full and slow. It ends with one line of JSON: how many ops were `acknowledged`, how many of those are
`missing` from the store or were done twice (`duplicates`), how many shoppers were `helped` all the same, the
server's `kills`, the links' `cuts`, and after how many seconds without any of it all devices and the server
agreed and nobody waited whom somebody free could help (`converged_s`), the time included that
the programs killed last took to start (`up_s`); who was `last_to_agree`, and why not before. `links` and
`disk` say by which means: network namespaces and a small tmpfs where they are allowed (to root, or in a user
namespace), a loopback proxy and a limit on the size of files elsewhere. `started_later` counts how often the
server found no room to start on and ended with exit code 75, to be started again; `ended_by_itself` names
every other program that ended without having been killed, of which there must be none.
"""

Line = tuple[str, str, str]  # what is done, what happened, which test


def lines(kind: str) -> Iterator[Line]:
    """The marks of this kind, in the order of the files and of the tests in them."""
    for path in sorted(TESTS.rglob("test_*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for test in tree.body:
            if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef):
                for mark in test.decorator_list:
                    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == f"pytest.mark.{kind}":
                        done, happened = (ast.literal_eval(argument) for argument in mark.args)
                        yield done, happened, f"{path.relative_to(TESTS)}::{test.name}"


def made() -> str:
    """The whole page."""
    parts = [HEAD]
    for kind, (title, about) in KINDS.items():
        parts.append(f"## {title}\n\n{about}\n\n| what is done | what happened | shown by |\n|---|---|---|")
        parts += [f"| {done} | {happened} | `{test}` |" for done, happened, test in lines(kind)]
        parts[-1] += "\n"
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(made(), "utf-8")
