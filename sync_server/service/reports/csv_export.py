"""Writes the visit log as CSV."""

import csv
import io
import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sync_server.service.storage import visit_log
from sync_server.service.storage.visit_log import LogFilter

PIECE_CHARACTERS = 32_768
LONGEST_REST_S = 1.0

# Where a cell begins: at the start of the text. A spreadsheet that splits at semicolons, as Dutch and Finnish
# ones do, also begins one after each of these characters, and removes the quotes that follow.
_FORMULA = re.compile(r"""(^|[;\t\r\n]"*)(?=[=+\-@\t\r])""")
_FORMULA_IN_ROW = re.compile(r"""[;\t\r\n]"*[=+\-@\t\r]""")  # where `;` also begins each cell


Read = Callable[[], AbstractContextManager[sqlite3.Connection]]


def visit_log_csv(read: Read, log_filter: LogFilter) -> Iterator[str]:
    """The text piece by piece: a heading line, then one line a visit, day by day, the oldest first.

    Each day is read at once and sent then: while the client receives it, however slowly, nothing is read.
    `read` opens a connection. After each day it rests for as long as the day has taken: an export of years
    leaves half of the processor's time to the ops.
    """
    with read() as db:
        days = visit_log.days(db, log_filter)
        columns = visit_log.columns(db)
    yield _lines([columns])
    for day in days:
        began = time.perf_counter()
        with read() as db:
            text = _lines(visit_log.lines_of_day(db, log_filter, day))
        time.sleep(min(time.perf_counter() - began, LONGEST_REST_S))
        for start in range(0, len(text), PIECE_CHARACTERS):
            yield text[start : start + PIECE_CHARACTERS]


def _lines(rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(map(_escape_formulas, rows))
    return text.getvalue()


def _escape_formulas(row: Sequence[Any]) -> Sequence[Any]:
    """A spreadsheet runs a cell that begins like a formula. With a quote before it, it is text.

    Hardly any row has such a cell, so all cells of a row are searched at once.
    """
    texts = [cell for cell in row if isinstance(cell, str)]
    if _FORMULA_IN_ROW.search(";" + ";".join(texts)) is None:
        return row
    return [_FORMULA.sub(r"\1'", cell) if isinstance(cell, str) else cell for cell in row]
