"""Draws the packages and what each imports: writes docs/pictures/rooms.svg and a table in architecture.md.

`python docs/generate/rooms.py` reads every import with `ast`. A room is a package of the product; its parts
are the folders and modules directly in it. A room or part is drawn above everything that it imports.
"""

import ast
import functools
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "develop" / "architecture.md"
PICTURE = ROOT / "docs" / "pictures" / "rooms.svg"
PACKAGES = ("kiosk", "staff_app", "assets", "sync_server")
BEGIN, END = "<!-- rooms, made by docs/generate/rooms.py -->", "<!-- end of rooms -->"

Graph = dict[str, set[str]]  # a name, and the names that it imports

WIDTH, MARGIN, GAP, SPACE = 1080, 20, 26, 40
CHARACTER, CHIP_HEIGHT, CHIP_GAP, PADDING, TITLE = 7.3, 22, 7, 12, 44
STYLE = """\
text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#22303c}
text.name{font-size:15px;font-weight:700}text.note{font-size:10px;fill:#5b6b78}
.room{fill:#f4f7f9;stroke:#8fa3b2;stroke-width:1.2}.part{fill:#fff;stroke:#c3d0d9}
.arrow{stroke:#6f8798;stroke-width:1.4;fill:none;marker-end:url(#tip)}"""


@functools.cache  # reading all files takes a while
def imports() -> Graph:
    """Every module of the product, as a dotted name, and the modules that it imports."""
    files = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    }
    found: Graph = {}
    for module, path in files.items():
        found[module] = set()
        here = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                named = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = ".".join(here[: len(here) - node.level + 1]) if node.level else ""
                base = ".".join(filter(None, (base, node.module)))
                named = [f"{base}.{alias.name}" for alias in node.names]
                named = [name if name in files else base for name in named]
            else:
                continue
            found[module].update(name for name in named if name in files and name != module)
    return found


def room_of(module: str) -> str:
    """`kiosk`, or a package of `sync_server`; the small modules directly in `sync_server` are in no room."""
    parts = module.split(".")
    if parts[0] != "sync_server":
        return parts[0]
    return "/".join(parts[:2]) if ROOT.joinpath(*parts[:2]).is_dir() else "sync_server"


def part_of(module: str) -> str:
    """The folder or module directly in the module's room; empty for the room's own __init__.py."""
    inner = module.split(".")[len(room_of(module).split("/")) :]
    if not inner:
        return ""
    folder = ROOT.joinpath(*room_of(module).split("/"), inner[0]).is_dir()
    return f"{inner[0]}/" if folder else f"{inner[0]}.py"


def folded(graph: Graph, name_of: dict[str, str]) -> Graph:
    """The graph of the modules' groups. `name_of` maps a module to its group; other modules are left out."""
    found: Graph = {name: set() for name in name_of.values()}
    for module, group in name_of.items():
        found[group] |= {name_of[other] for other in graph[module] if other in name_of} - {group}
    return found


def reachable(graph: Graph, start: str) -> set[str]:
    seen: set[str] = set()
    todo = list(graph[start])
    while todo:
        if (name := todo.pop()) not in seen:
            seen.add(name)
            todo += graph[name]
    return seen


def reduced(graph: Graph) -> Graph:
    """Without the imports that follow from others (transitive reduction), so that few arrows are enough."""
    far = {name: reachable(graph, name) for name in graph}
    return {
        name: {other for other in others if not any(other in far[via] for via in others - {other})}
        for name, others in graph.items()
    }


def levels(graph: Graph) -> list[list[str]]:
    """Rows from the top: each name is above all that it imports. Names that import each other share a row."""
    far = {name: reachable(graph, name) for name in graph}
    depth: dict[str, int] = {}

    def depth_of(name: str) -> int:
        if name not in depth:
            circle = {other for other in far[name] if name in far[other]} | {name}
            below = {other for member in circle for other in graph[member]} - circle
            deepest = max((depth_of(other) + 1 for other in sorted(below)), default=0)
            depth.update(dict.fromkeys(circle, deepest))
        return depth[name]

    rows: dict[int, list[str]] = {}
    for name in sorted(graph):
        rows.setdefault(depth_of(name), []).append(name)
    return [rows[n] for n in sorted(rows, reverse=True)]


class Box:
    """One room of the picture: its size follows from its parts."""

    def __init__(self, room: str, graph: Graph, uses: Iterable[str]) -> None:
        self.room = room
        self.note = "→ " + (
            ", ".join(name.removeprefix("sync_server/") for name in sorted(uses)) or "nothing"
        )
        parts = {module: part_of(module) for module in graph if room_of(module) == room and part_of(module)}
        self.rows = levels(folded(graph, parts))
        self.least = 2 * PADDING + max(
            len(room) * 9.2, len(self.note) * 6.1, *(_chip(part) for row in self.rows for part in row)
        )
        self.x = self.y = self.width = self.height = 0.0
        self.lines: list[list[str]] = []

    def place(self, x: float, y: float, width: float) -> None:
        self.x, self.y, self.width = x, y, width
        self.lines = [line for row in self.rows for line in _wrapped(row, width - 2 * PADDING)]
        self.height = TITLE + len(self.lines) * (CHIP_HEIGHT + CHIP_GAP) + PADDING - CHIP_GAP

    def svg(self) -> Iterator[str]:
        yield _rect("room", self.x, self.y, self.width, self.height)
        yield _text("name", self.x + PADDING, self.y + 20, self.room)
        yield _text("note", self.x + PADDING, self.y + 35, self.note)
        y = self.y + TITLE
        for line in self.lines:
            x = self.x + PADDING
            for part in line:
                yield _rect("part", x, y, _chip(part), CHIP_HEIGHT)
                yield _text("chip", x + 7, y + 15, part)
                x += _chip(part) + CHIP_GAP
            y += CHIP_HEIGHT + CHIP_GAP


def _chip(part: str) -> float:
    return round(len(part) * CHARACTER + 14, 1)


def _rect(kind: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="5"/>'


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(text)}</text>'


def _wrapped(row: list[str], width: float) -> list[list[str]]:
    """A row of parts on as many lines as they need."""
    lines: list[list[str]] = [[]]
    for part in row:
        if lines[-1] and sum(_chip(p) + CHIP_GAP for p in [*lines[-1], part]) - CHIP_GAP > width:
            lines.append([])
        lines[-1].append(part)
    return lines


def picture() -> str:
    """The SVG: a row for each level, an arrow for each import that does not follow from others."""
    graph = imports()
    rooms = folded(graph, {module: room_of(module) for module in graph if room_of(module) != "sync_server"})
    rows = [[Box(room, graph, rooms[room]) for room in row] for row in levels(rooms)]
    y = float(MARGIN)
    for row in rows:
        spare = WIDTH - 2 * MARGIN - GAP * (len(row) - 1) - sum(box.least for box in row)
        x = float(MARGIN)
        for box in row:
            box.place(round(x), round(y), round(box.least + spare / len(row)))
            x += box.width + GAP
        y += max(box.height for box in row) + SPACE
    size = f"{WIDTH} {round(y - SPACE + MARGIN)}"
    wide, high = size.split()
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" width="{wide}" height="{high}">',
            "<title>The packages of Welkom, and what each imports</title>",
            f"<style>{STYLE}</style>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
            'orient="auto"><path d="M0 0L8 4L0 8z" fill="#6f8798"/></marker></defs>',
            f'<rect width="{wide}" height="{high}" fill="#fff"/>',
            *_arrows(rows, reduced(rooms)),
            *(line for row in rows for box in row for line in box.svg()),
            "</svg>",
            "",
        ]
    )


def _arrows(rows: list[list[Box]], rooms: Graph) -> Iterator[str]:
    """From the lower edge of a box to the upper edge of another, through the gaps of the rows in between."""
    at = {box.room: n for n, row in enumerate(rows) for box in row}
    boxes = {box.room: box for row in rows for box in row}
    taken: dict[tuple[int, float], int] = {}  # how many arrows go through a gap already
    for room, uses in sorted(rooms.items()):
        for other in sorted(uses):
            upper, lower = boxes[room], boxes[other]
            between = range(at[room] + 1, at[other])
            start = _within(upper, lower.x + lower.width / 2)
            if not between:
                start = _within(upper, _within(lower, upper.x + upper.width / 2))
            points = [(start, upper.y + upper.height)]
            for n in between:
                gap = min(_gaps(rows[n]), key=lambda x: abs(x - points[-1][0]))
                shift = taken[n, gap] = taken.get((n, gap), -1) + 1
                x = gap + (shift + 1) // 2 * 8 * (-1 if shift % 2 else 1)
                top = rows[n][0].y
                points += [(x, top - SPACE / 4), (x, top + max(box.height for box in rows[n]) + SPACE / 4)]
            points.append((_within(lower, points[-1][0]), lower.y))
            if between:
                points[0] = (_within(upper, points[1][0]), points[0][1])
            yield f'<path class="arrow" d="M{"L".join(f"{x:g} {y:g}" for x, y in points)}"/>'


def _gaps(row: list[Box]) -> list[float]:
    """The middle of each gap between the boxes of a row, and of the margins beside them."""
    return [MARGIN / 2, *(box.x + box.width + GAP / 2 for box in row[:-1]), WIDTH - MARGIN / 2]


def _within(box: Box, x: float) -> float:
    """The nearest place to `x` on an edge of the box."""
    return min(max(x, box.x + 20), box.x + box.width - 20)


def table() -> str:
    """A line for each folder with modules: what it does, by the docstring of its package."""
    folders = sorted({_folder(module) for module in imports()})
    lines = [
        f"| `{folder}` | {_about(folder)} |" for folder in folders if any((ROOT / folder).glob("[!_]*.py"))
    ]
    return "\n".join(["| folder | what it does |", "|---|---|", *lines])


def _folder(module: str) -> str:
    path = ROOT.joinpath(*module.split("."))
    return str((path if path.is_dir() else path.parent).relative_to(ROOT))


def _about(folder: str) -> str:
    """The first paragraph of the package's docstring."""
    text = ast.get_docstring(ast.parse((ROOT / folder / "__init__.py").read_text("utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def written(page: str) -> str:
    """The page with its table made again."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest:
        raise SystemExit(f"{PAGE}: the marks of the rooms are missing")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    PICTURE.write_text(picture(), "utf-8")
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
