"""Writes the visit log as CSV."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sync_server.service.reports.visit_log import LogFilter

from .exports import days
from .exports.days import Read

PIECE_CHARACTERS = 32_768

# Where a cell begins: at the start of the text. A spreadsheet that splits at semicolons, as Dutch and Finnish
# ones do, also begins one after each of these characters, and removes the quotes that follow.
_FORMULA = re.compile(r"""(^|[;\t\r\n]"*)(?=[=+\-@\t\r])""")
_FORMULA_IN_ROW = re.compile(r"""[;\t\r\n]"*[=+\-@\t\r]""")  # where `;` also begins each cell


def visit_log_csv(read: Read, log_filter: LogFilter) -> Iterator[str]:
    """The text piece by piece: a heading line, then one line a visit, day by day, the oldest first."""
    yield _lines([days.columns(read)])
    for rows in days.rows_of_days(read, log_filter):
        text = _lines(rows)
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
