"""The marks of a picture, drawn by the server as SVG: it needs no script, prints as it is shown, and is
as sharp on a phone as on paper.

Places and lengths are percent of the drawing's width and height, so that it fits every width while its texts
keep their size.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from msgspec import Struct

LEFT, RIGHT, TOP, BOTTOM = 12.0, 100.0, 6.0, 88.0  # the area of a plot; its labels are left of it and below
ROW = 48  # px, of a row of bars
GRID = 4  # lines of a scale, at most


class Bar(Struct, frozen=True):
    """`kind` is a class of the style, here and below; `shape` is how the template tells marks apart."""

    shape: ClassVar[str] = "bar"

    kind: str
    x: float
    y: float
    width: float
    height: float


class Rule(Struct, frozen=True):
    shape: ClassVar[str] = "rule"

    kind: str
    x1: float
    y1: float
    x2: float
    y2: float


class DotShape(Struct, frozen=True):
    """`r` in px."""

    shape: ClassVar[str] = "dot"

    kind: str
    x: float
    y: float
    r: int = 5


class Label(Struct, frozen=True):
    """`anchor` says which end of the text is at the place: start, middle or end."""

    shape: ClassVar[str] = "label"

    text: str
    x: float
    y: float
    anchor: str = "middle"
    kind: str = ""


Mark = Bar | Rule | DotShape | Label


class Drawing(Struct, frozen=True):
    """`said` is what it shows, in words. `height` in px."""

    shape: ClassVar[str] = "drawing"

    said: str
    height: int
    marks: list[Mark]


class BarRow(Struct, frozen=True):
    """A bar in parts, with its name and what stands at its end above it."""

    name: str
    end: str
    bars: list[Bar]


class Bars(Struct, frozen=True):
    """Bars below each other, each with its texts. Long texts wrap, so the texts are no part of a drawing."""

    shape: ClassVar[str] = "bars"

    rows: list[BarRow]


class Entry(Struct, frozen=True):
    """One entry of a legend: a mark of this kind, and what it means. `shape` is bar, dot, line or dashes."""

    shape: str
    kind: str
    text: str


class Table(Struct, frozen=True):
    """The same in figures. The first cell of each row is its heading.

    `links` are for each row the address of its visits in the log; empty where the log has no filter for them.
    """

    head: list[str]
    rows: list[list[str]]
    links: list[str] = []


class Picture(Struct, frozen=True):
    """A card of the page. Without a `drawing` there is too little to draw, and `note` says why."""

    name: str
    title: str
    legend: list[Entry]
    drawing: Drawing | Bars | None
    table: Table
    note: str = ""


class Scale(Struct, frozen=True):
    """From 0 to `top` on the height of a plot."""

    top: float
    ticks: list[float]

    def y(self, value: float) -> float:
        """The place of a value, in percent of the drawing's height."""
        return BOTTOM - (BOTTOM - TOP) * min(value, self.top) / self.top


def scale_to(highest: float) -> Scale:
    """A scale that holds `highest`, with round steps."""
    steps = (0.5, 1, 2, 5, 10, 15, 20, 30, 50, 60, 100, 120, 200, 300, 500, 1000, 2000, 5000, 10_000, 50_000)
    step = next((one for one in steps if highest <= GRID * one), highest / GRID)
    count = max(1, -int(-highest // step))
    return Scale(step * count, [step * n for n in range(count + 1)])


def grid(scale: Scale, texts: Sequence[str]) -> list[Mark]:
    """The lines of a scale, with the texts of its ticks."""
    marks: list[Mark] = []
    for tick, text in zip(scale.ticks, texts, strict=True):
        marks.append(Rule("grid", LEFT, scale.y(tick), RIGHT, scale.y(tick)))
        marks.append(Label(text, LEFT - 2, scale.y(tick) + 1.5, "end"))
    return marks


def bands(count: int) -> list[tuple[float, float]]:
    """The left edge and the width of `count` bands beside each other on a plot."""
    width = (RIGHT - LEFT) / max(1, count)
    return [(LEFT + width * at, width) for at in range(count)]


def band_labels(texts: Sequence[str], every: int = 1) -> list[Mark]:
    """The texts below the bands, of every so many."""
    places = bands(len(texts))
    return [
        Label(text, x + width / 2, 98)
        for at, (text, (x, width)) in enumerate(zip(texts, places, strict=True))
        if at % every == 0
    ]


def bar_row(name: str, end: str, parts: Iterable[tuple[str, float]]) -> BarRow:
    """A row of parts one after the other; a part is its kind and its share of the width."""
    bars, x = [], 0.0
    for kind, share in parts:
        if share > 0:
            bars.append(Bar(kind, 100 * x, 5, 100 * share, 90))
        x += share
    return BarRow(name, end, bars)
