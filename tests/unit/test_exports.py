"""The visit log as JSON lines, workbook and Parquet: the same rows as in the view."""

import contextlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import openpyxl
import pyarrow.parquet as pq
import pytest

from sync_server.domain import ops
from sync_server.service.reports import visit_log
from sync_server.service.reports.exports import days
from sync_server.service.reports.exports.days import Read
from sync_server.service.reports.exports.formats import FORMATS, Format
from sync_server.service.reports.exports.json_lines import visit_log_json_lines
from sync_server.service.reports.exports.parquet import write_parquet
from sync_server.service.reports.exports.xlsx import write_xlsx
from sync_server.service.reports.visit_log import LogFilter
from sync_server.service.storage.connection import reading
from tests.floor_harness import KIOSK, FloorHarness
from tests.store_rows import empty_store_file, write_records

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "http://example.org", "{=1}")


class NotSeekable(io.RawIOBase):
    """As a pipe: it can only be written to."""

    def __init__(self) -> None:
        self.written = io.BytesIO()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self.written.write(data)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Three days with visits of all kinds, and comments that look like formulas."""
    play = FloorHarness()
    for day in range(3):
        play.sign_on("maya")
        for number, words in enumerate(FORMULAS):
            visit_id = play.open_with("maya", "repair", ticket=f"A-{number + 1}")
            play.after(60 + number)
            play.complete("maya", visit_id)
            play.yes(KIOSK, ops.Rate(visit_id, ces=number % 5 + 1, comment=words))
            play.after(10)
        play.yes(KIOSK, ops.Cancel(play.open("buy", ticket="B-1")))
        play.open("buy", ticket="B-2")
        play.after(86_400 if day < 2 else 1)
    path = tmp_path_factory.mktemp("export") / "store.db"
    empty_store_file(path)
    with contextlib.closing(visit_db(path)) as db:
        write_records(db, play.catalogue, play.records)
    return lambda: reading(path)


def visit_db(path: Path) -> Any:
    from sync_server.service.storage.connection import connect

    return connect(path)


def expected(read: Read, **wanted: Any) -> list[dict[str, Any]]:
    with read() as db:
        return visit_log.visit_log(db, LogFilter(**wanted), limit=1000)[::-1]


def as_pipe(write: Any) -> BinaryIO:
    pipe = NotSeekable()
    write(pipe)
    pipe.written.seek(0)
    return pipe.written


def test_json_lines_are_the_rows(read):
    text = b"".join(visit_log_json_lines(read, LogFilter()))
    assert [json.loads(line) for line in text.splitlines()] == expected(read)
    assert text.endswith(b"\n")


def test_json_lines_of_nothing_are_nothing(read):
    assert list(visit_log_json_lines(read, LogFilter(need="nothing"))) == []


def book_of(read: Read, folder: Path, **more: Any) -> openpyxl.Workbook:
    return openpyxl.load_workbook(as_pipe(lambda out: write_xlsx(read, LogFilter(), out, folder, **more)))


def test_a_workbook_has_the_rows_with_times_and_numbers_and_no_formulas(read, tmp_path):
    book = book_of(read, tmp_path)
    assert book.sheetnames == ["visits"]
    names, *lines = book["visits"].iter_rows()
    wanted = expected(read)
    assert [cell.value for cell in names] == list(wanted[0])
    assert len(lines) == len(wanted)
    for line, row in zip(lines, wanted, strict=True):
        for cell, (name, value) in zip(line, row.items(), strict=True):
            assert cell.data_type != "f"
            assert cell.hyperlink is None
            if name in days.TIMES and value is not None:
                time = datetime.fromisoformat(value).replace(tzinfo=None)
                assert abs((cell.value - time).total_seconds()) < 0.01, name
            elif isinstance(value, str):
                assert cell.data_type == "s"
                assert cell.value == value
            else:
                assert cell.value == value, name
    assert list(tmp_path.iterdir()) == []  # nothing that shoppers said stays there


def test_more_rows_than_a_sheet_holds_go_to_the_next(read, tmp_path):
    book = book_of(read, tmp_path, rows_per_sheet=10)
    count = len(expected(read))
    assert book.sheetnames == ["visits", "visits 2", "visits 3"]
    assert sum(sheet.max_row - 1 for sheet in book) == count
    assert all(sheet["A1"].value == "visit_id" for sheet in book)
    tickets = [row[1].value for sheet in book for row in sheet.iter_rows(min_row=2)]
    assert tickets == [row["ticket"] for row in expected(read)]


def test_parquet_has_the_rows_with_types(read):
    table = pq.read_table(as_pipe(lambda out: write_parquet(read, LogFilter(), out)))
    wanted = expected(read)
    assert table.column_names == list(wanted[0])
    for found, row in zip(table.to_pylist(), wanted, strict=True):
        for name, value in row.items():
            if name in days.TIMES and value is not None:
                assert found[name] == datetime.fromisoformat(value).astimezone(UTC), name
            else:
                assert found[name] == value, name
    kinds = {name: str(table.schema.field(name).type) for name in ("created_at", "wait_s", "ces", "ticket")}
    assert kinds == {
        "created_at": "timestamp[ms, tz=UTC]",
        "wait_s": "double",
        "ces": "int64",
        "ticket": "string",
    }


def test_parquet_of_nothing_has_the_columns(read):
    table = pq.read_table(as_pipe(lambda out: write_parquet(read, LogFilter(need="nothing"), out)))
    assert table.num_rows == 0
    assert table.column_names == days.columns(read)


def test_every_format_says_what_it_needs():
    assert set(FORMATS) == set(Format)
    for info in FORMATS.values():
        assert bool(info.library) == bool(info.install)
        assert info.is_there
