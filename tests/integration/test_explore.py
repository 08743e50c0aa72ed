"""`welkom explore`: the store in Datasette, read-only, without what proves who somebody is."""

import json
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from click.testing import CliRunner

from sync_server.cli import explore, main
from sync_server.explore.hidden import SECRETS, SHOWN, hidden_tables
from sync_server.explore.questions import QUESTIONS
from sync_server.service.storage.connection import connect, reading
from sync_server.service.storage.data_dir import DataDir


@pytest.fixture(scope="module")
def store(finished_store: DataDir, tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    """A store with past days, and a secret in each place that has one."""
    found = DataDir(Path(shutil.copytree(finished_store.path, tmp_path_factory.mktemp("explore") / "store")))
    db = connect(found.store)
    db.execute("INSERT OR REPLACE INTO accounts VALUES ('anna', 'Zq-secret', 1, 'manager')")
    db.execute("INSERT INTO tokens (name, token_hash, made_at) VALUES ('till', 'Zq-secret', 1)")
    db.execute("UPDATE employees SET pin_hash = 'Zq-secret'")
    db.close()
    return found


@pytest.fixture(scope="module")
def address(store: DataDir) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "sync_server.cli",
        "explore",
        "--data",
        str(store.path),
        "--port",
        str(port),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def get(url: str, headers: dict[str, str] | None = None) -> requests.Response:
    with requests.Session() as http:
        http.trust_env = False
        return http.get(url, timeout=30, headers=headers)


def rows(address: str, sql: str) -> list[dict[str, object]]:
    answer = get(f"{address}/store.json?_shape=array&sql={quote(sql)}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_log_is_there_with_its_questions_and_charts(address: str) -> None:
    page = get(f"{address}/store").text
    assert "visit_log" in page
    assert not re.search(r"(src|href)=\"https?://(?!datasette|127)", page)  # nothing comes from elsewhere
    for question in QUESTIONS:
        assert question.title in page
        found = get(f"{address}/store/{question.name}.json?_shape=array&from_day=2000-01-01")
        assert found.status_code == 200, question.name
        if found.json():
            assert {question.x[0], question.y[0]} <= found.json()[0].keys()
        answer = get(f"{address}/store/{question.name}?from_day=2000-01-01").text
        assert "#g.mark=" in answer
        assert "datasette_vega/main" in answer


@pytest.mark.attack("SQL in `welkom explore` asks for hashes of PINs and passwords", "they read as empty")
def test_secrets_read_as_empty_also_in_own_sql(address: str) -> None:
    for table, columns in SECRETS.items():
        for column in columns:
            sql = f"SELECT {column} AS secret, typeof({column}) AS kind FROM {table}"
            assert {row["kind"] for row in rows(address, sql)} <= {"null"}, table
    joined = "SELECT group_concat(x) AS found FROM (SELECT pin_hash AS x FROM employees UNION SELECT"
    assert "Zq-secret" not in json.dumps(rows(address, f"{joined} password_hash FROM accounts)"))
    assert "Zq-secret" not in get(f"{address}/store/employees.json").text


@pytest.mark.attack(
    "SQL in `welkom explore` asks for secrets of webhooks, second factors and tokens", "they read as empty"
)
def test_tables_of_the_server_and_the_file_itself_have_no_page(address: str, store: DataDir) -> None:
    with reading(store.store) as db:
        hidden = hidden_tables(db)
        columns = {table: db.execute(f"SELECT * FROM {table} LIMIT 0").description for table in hidden}
    assert {"accounts", "tokens", "webhook_secrets", "second_factors", "settings_history"} <= hidden
    for table in hidden:
        assert get(f"{address}/store/{table}").status_code in (403, 404), table
        for row in rows(address, f"SELECT * FROM {table}"):
            assert set(row.values()) <= {None}, table
    assert all(columns.values())
    assert get(f"{address}/store.db").status_code in (403, 404)


@pytest.mark.attack("SQL in `welkom explore` changes the store", "refused; the file is opened read-only")
def test_nothing_can_be_changed(address: str, store: DataDir) -> None:
    before = store.store.read_bytes()
    for sql in ("DELETE FROM visits", "UPDATE visits SET ces = 5", "PRAGMA journal_mode = DELETE"):
        assert get(f"{address}/store.json?sql={quote(sql)}").status_code == 400
    assert store.store.read_bytes() == before


@pytest.mark.attack("A web page reads `welkom explore` under a host name of its own", "refused")
def test_another_host_name_is_refused(address: str) -> None:
    assert get(f"{address}/store", headers={"Host": "evil.example"}).status_code == 400


def test_a_port_in_use_and_no_store_have_a_sentence(store: DataDir, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as used:
        port = str(used.getsockname()[1])
        ran = CliRunner().invoke(main, ["explore", "--data", str(store.path), "--port", port])
    assert ran.exit_code == 1
    assert f"port {port} cannot be used" in ran.output
    assert "--port names another one" in ran.output
    ran = CliRunner().invoke(main, ["explore", "--data", str(tmp_path / "none")])
    assert ran.exit_code == 1
    assert "Traceback" not in ran.output


def test_without_its_extra_it_says_the_one_command(store: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explore, "find_spec", lambda _name: None)
    ran = CliRunner().invoke(main, ["explore", "--data", str(store.path)])
    assert ran.exit_code == 1
    assert ran.output == "Error: exploring needs one more part: pip install 'welkom[explore]'\n"


def test_every_column_that_holds_a_hash_is_hidden(store: DataDir) -> None:
    db = sqlite3.connect(store.store)
    sql = "SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) c WHERE m.type = 'table'"
    hashes = {
        (table, column) for table, column in db.execute(sql) if re.search("hash|digest|secret|token", column)
    }
    db.close()
    hidden = {(table, column) for table, columns in SECRETS.items() for column in columns}
    assert {one for one in hashes if one[0] in SHOWN} == hidden
