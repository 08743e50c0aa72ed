"""Writes the visit log as CSV."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sync_server.service.reports.visit_log import LogFilter

from . import days
from .days import Read

# Excel takes a file for UTF-8 only if it begins with this mark. Scripts read it as "utf-8-sig";
# pandas, R and DuckDB skip it by themselves.
BOM = "\ufeff"

# Where a cell begins: at the start of the text. A spreadsheet that splits at semicolons, as Dutch and Finnish
# ones do, also begins one after each of these characters, and removes the quotes that follow.
_FORMULA = re.compile(r"""(^|[;\t\r\n]"*)(?=[=+\-@\t\r])""")
_FORMULA_IN_ROW = re.compile(r"""[;\t\r\n]"*[=+\-@\t\r]""")  # where `;` also begins each cell


def visit_log_csv(read: Read, log_filter: LogFilter) -> Iterator[str]:
    """The text: the mark and a heading line, then the lines of each day, the oldest visit first."""
    yield BOM + _lines([days.columns(read)])
    for rows in days.rows_of_days(read, log_filter):
        yield _lines(rows)


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
