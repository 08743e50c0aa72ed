"""The log as JSON lines, workbook and Parquet, over the web: each made in a process of its own."""

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
import requests

from sync_server.service.reports.exports import formats, process
from sync_server.service.reports.exports.formats import Format
from sync_server.web.manager.visit_log import exports

from .running_server import RunningServer
from .steps import exporting, sign_in_once, text_of, until
from .test_log import FILTERS, expected_tickets


def get(
    running: RunningServer, http: requests.Session, kind: str, query: str = "", stream: bool = False
) -> requests.Response:
    sign_in_once(running, http)
    return http.get(f"{running.address}/manager/log.{kind}{query}", stream=stream)


ASKED: list[tuple[str, dict[str, Any]]] = [FILTERS[0], FILTERS[3], FILTERS[-1], ("", {})]


def tickets_of(kind: str, content: bytes) -> list[str]:
    if kind == Format.JSON_LINES:
        return [json.loads(line)["ticket"] for line in content.splitlines()]
    if kind == Format.PARQUET:
        return list(pq.read_table(io.BytesIO(content)).column("ticket").to_pylist())
    sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True)["visits"]
    return [row[1] for row in sheet.iter_rows(min_row=2, values_only=True)]


@pytest.mark.parametrize("kind", ["jsonl", "xlsx", "parquet"])
def test_each_format_has_the_visits_that_match(
    running_with_past: RunningServer, http: requests.Session, kind: str
) -> None:
    for query, filters in ASKED:
        answer = get(running_with_past, http, kind, query)
        assert answer.status_code == 200
        wanted = expected_tickets(running_with_past, limit=10_000, **filters)[::-1]
        assert tickets_of(kind, answer.content) == wanted
    assert answer.headers["content-disposition"] == f'attachment; filename="visits.{kind}"'
    folder = running_with_past.server.data_dir.path / process.FOLDER
    assert not folder.exists() or not list(folder.iterdir())


def test_an_unknown_format_is_not_found(running: RunningServer, http: requests.Session) -> None:
    assert get(running, http, "pdf").status_code == 404


@pytest.mark.parametrize(("kind", "extra"), [("xlsx", "welkom[xlsx]"), ("parquet", "welkom[parquet]")])
def test_a_format_without_its_library_says_the_one_command(
    running: RunningServer, http: requests.Session, monkeypatch: pytest.MonkeyPatch, kind: str, extra: str
) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda _name: None)
    sign_in_once(running, http)
    assert f"pip install '{extra}'" in text_of(http.get(running.address + "/manager/log"))
    answer = get(running, http, kind)
    assert answer.status_code == 400
    assert f"pip install '{extra}'" in text_of(answer)


def test_a_disk_without_room_and_too_many_at_once_have_a_sentence(
    running: RunningServer, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "FREE_BYTES", 10**18)
    assert "too little room to make this xlsx file" in text_of(get(running, http, "xlsx"))
    monkeypatch.setattr(exports, "MAX_EXPORTS", 0)
    for kind in Format:
        assert "Please try again in a moment" in text_of(get(running, http, kind))


@pytest.mark.fault("Who downloads the log goes away in the middle", "its process and its files end with it")
@pytest.mark.usefixtures("endless_export")
def test_a_reader_that_goes_away_ends_the_process_and_its_files(
    running_with_past: RunningServer, http: requests.Session
) -> None:
    answer = get(running_with_past, http, "xlsx", stream=True)
    assert answer.raw.read(100_000)
    assert len(exporting()) == 1
    answer.close()
    until(lambda: not exporting())
    folder = running_with_past.server.data_dir.path / process.FOLDER
    until(lambda: not list(folder.iterdir()))


@pytest.mark.fault(
    "The process that makes an export dies", "the download ends as broken, not as a shorter file"
)
def test_a_process_that_dies_breaks_the_download(
    running_with_past: RunningServer, http: requests.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dying.py").write_text("import sys\nprint('half')\nsys.stdout.flush()\nsys.exit(3)\n")
    monkeypatch.setattr(process, "CHILD", "dying")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        assert get(running_with_past, http, "parquet").content


def test_leftovers_of_a_power_cut_are_removed(running: RunningServer) -> None:
    folder = running.server.data_dir.path / process.FOLDER
    folder.mkdir(exist_ok=True)
    (folder / "tmp1").mkdir()
    (folder / "tmp1" / "sheet").write_text("words")
    process.remove_leftovers(running.server.data_dir)
    assert not folder.exists()
