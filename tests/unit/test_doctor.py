"""`examine` finds each fault with its remedy, and nothing else."""

import json
import os
import re
import shutil
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from msgspec.structs import replace

from sync_server.device.app.system_check import missing_requirements
from sync_server.service.admin import client
from sync_server.service.admin.commands import ServerState
from sync_server.service.config.load import load_settings
from sync_server.service.net import tls
from sync_server.service.privacy.replaced_stores import ReplacedStores
from sync_server.service.storage.connection import connect
from sync_server.service.storage.data_dir import DataDir, DataDirError, DataDirLock, running_server
from sync_server.service.upkeep import doctor
from sync_server.service.upkeep.backup import back_up
from sync_server.service.upkeep.contents import BACKUP_LATE_MS, UNSEEN_MS
from sync_server.service.upkeep.doctor import examine
from tests.store_rows import empty_store_file

NOW = time.time_ns() // 1_000_000
STATE = ServerState("http://127.0.0.1:1", None, None)


@pytest.fixture
def well(folder, monkeypatch) -> Iterator[DataDir]:
    """A store without findings; its server seems to run."""
    for kind, name in (("kiosk", "Front"), ("staff", "Maya's")):
        client.add_device(folder, kind, name, "tcp://x:1")
    change(folder, "UPDATE employees SET pin_hash = 'x'")
    text = folder.settings.read_text("utf-8").replace("[store]", '[store]\npublic_url = "http://localhost:1"')
    folder.settings.write_text(text.replace("Europe/Amsterdam", "UTC"), "utf-8")
    monkeypatch.setattr(doctor, "running_server", lambda _folder: 1)
    monkeypatch.setattr(client, "describe_server", lambda _folder: STATE)
    answers(monkeypatch, {"unwell": None})
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield folder
    monkeypatch.undo()
    time.tzset()


def answers(monkeypatch, body) -> None:
    class Answer:
        @staticmethod
        def json():
            return body

    monkeypatch.setattr(requests.Session, "get", lambda *_, **__: Answer)


def change(folder: DataDir, sql: str, *values) -> None:
    db = connect(folder.store)
    db.execute(sql, values)
    db.close()


def log_line(folder: DataDir, seq: int, at: int, body: str) -> None:
    values = (seq, "day_closed", "system", at, body)
    change(
        folder, "INSERT INTO visit_events (seq, event, actor, at_server, body) VALUES (?,?,?,?,?)", *values
    )


def found(folder: DataDir, now: int = NOW) -> list[str]:
    findings = examine(folder, now)
    assert all("; " in finding.text or "\n" in finding.text for finding in findings), findings
    return [finding.about for finding in findings]


def test_a_store_that_is_well_has_nothing_to_find(well):
    assert examine(well, NOW) == []


def test_a_new_store_needs_its_first_things(folder, monkeypatch):
    monkeypatch.setattr(doctor, "_ports", lambda _settings: ())  # for users of this computer
    assert found(folder) == ["server", "phones", "devices", "devices", "pins"]


def test_a_wrong_line_of_the_settings_is_named_and_the_rest_still_looked_at(well):
    text = re.sub(r"(?m)^name = .*$", "name = 3", well.settings.read_text("utf-8"), count=1)
    well.settings.write_text(text, "utf-8")
    well.server_key.write_text("{}")
    assert found(well) == ["settings", "keys"]


def test_keys_that_others_can_read_are_named(well):
    (well.path / "tls.pem").write_text("-----BEGIN PRIVATE KEY-----")
    (well.path / "chain.pem").write_text("-----BEGIN CERTIFICATE-----")
    for name in ("tls.pem", "chain.pem", "store.toml"):
        (well.path / name).chmod(0o644)
    well.server_key.chmod(0o640)
    well.store.chmod(0o604)
    well.lock.chmod(0o644)
    well.path.chmod(0o755)
    texts = [finding.text for finding in examine(well, NOW)]
    names = [text.partition(": ")[0].rpartition("/")[2] for text in texts]
    assert names == [well.path.name, "server.key", "tls.pem", "lock", "store.db"]
    assert texts[0].endswith(f"`chmod 700 {well.path}`")
    assert texts[1].endswith(f"`chmod 600 {well.server_key}`")


def test_a_servers_key_that_is_broken_is_named(well):
    well.server_key.write_text("{}")
    assert found(well) == ["keys"]


def test_a_disk_that_is_nearly_full_is_named(well, monkeypatch):
    monkeypatch.setattr(doctor, "MIN_FREE_BYTES", 1 << 60)
    assert found(well) == ["space"]


def test_a_server_that_cannot_save_or_does_not_answer_is_named(well, monkeypatch):
    answers(monkeypatch, {"unwell": "the disk is full; free some space"})
    (finding,) = examine(well, NOW)
    assert finding.text == "the server is not well: the disk is full; free some space"
    answers(monkeypatch, "what?")
    assert found(well) == ["server"]
    monkeypatch.setattr(client, "describe_server", no_answer)
    assert found(well) == ["server"]


def no_answer(folder: DataDir) -> ServerState:
    raise DataDirError(f"{folder.path}: a server is running here but does not answer; start it again")


def test_a_nightly_backup_that_failed_is_named(well, monkeypatch):
    state = replace(STATE, backup_problem="/mnt/usb: No space left on device; free some space")
    monkeypatch.setattr(client, "describe_server", lambda _folder: state)
    (finding,) = examine(well, NOW)
    assert finding.about == "backups"
    assert finding.text == "the nightly backup failed: /mnt/usb: No space left on device; free some space"


def test_a_port_that_another_program_has_is_named_while_no_server_runs(well, monkeypatch):
    monkeypatch.setattr(doctor, "running_server", running_server)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = well.settings.read_text("utf-8")
        text = text.replace('web = "127.0.0.1:0"', f'web = "127.0.0.1:{port}"')
        well.settings.write_text(text, "utf-8")
        assert found(well) == ["server", "ports"]


def test_pages_that_phones_cannot_reach_are_a_finding(well):
    text = well.settings.read_text("utf-8").replace("http://localhost:1", "http://192.168.1.10:8350")
    well.settings.write_text(text, "utf-8")
    assert found(well) == ["phones"]


def test_a_clock_that_cannot_be_right_is_named(well, monkeypatch):
    assert "clock" in found(well, 86_400_000)
    body = json.dumps({"event": "day_closed", "still_here": 0})
    log_line(well, 1, NOW + 600_000, body)
    assert found(well) == ["clock"]
    assert found(well, NOW + 600_000) == []
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    assert found(well, NOW + 600_000) == ["clock"]


def test_a_device_unseen_for_long_is_a_finding_unless_it_was_revoked(well):
    change(well, "UPDATE devices SET seen_at = ? WHERE kind = 'kiosk'", NOW - UNSEEN_MS - 1)
    (finding,) = examine(well, NOW)
    assert finding.text.startswith("Front (front) was last seen 7 days ago")
    client.add_device(well, "kiosk", "Other", "tcp://x:1")
    client.run(well, "revoke_device", device_id="front")
    assert found(well) == []


def test_a_store_that_lacks_what_its_backup_has_is_named(well):
    into = well.path / "backups"
    back_up(well, into, NOW)
    assert found(well) == []
    change(well, "UPDATE epochs SET epoch = 'made-up'")
    [finding] = examine(well, NOW)
    assert finding.about == "backups"
    assert f"welkom restore {into}" in finding.text


def test_a_night_without_a_backup_is_named(well):
    change(well, "UPDATE epochs SET began_at = ?", NOW - BACKUP_LATE_MS - 1)
    assert found(well) == ["backups"]
    back_up(well, well.path / "backups", NOW - BACKUP_LATE_MS - 1)
    assert found(well) == ["backups"]
    back_up(well, well.path / "backups", NOW - BACKUP_LATE_MS)
    assert found(well) == []
    change(well, "UPDATE epochs SET began_at = 1")
    settings = well.settings.read_text("utf-8")
    assert load_settings(well.settings).backup.at
    well.settings.write_text(settings + '\n[backup]\nat = ""\nfolder = "elsewhere"\n', "utf-8")
    assert found(well) == []


def test_an_unsound_or_missing_store_is_a_finding(well):
    log_line(well, 5, 1, "{}")
    assert found(well) == ["seq"]
    change(well, "DELETE FROM _sqlite_migrations")
    assert found(well) == ["older"]
    well.store.write_bytes(b"no database" * 1000)
    assert found(well) == ["file"]
    well.store.unlink()
    assert found(well) == ["store"]


def test_a_write_ahead_log_that_grew_is_named(well, monkeypatch):
    monkeypatch.setattr(doctor, "MAX_WAL_BYTES", -1)
    assert found(well) == ["store"]


def test_finding_the_running_server_changes_no_file(folder):
    assert running_server(folder) is None
    with DataDirLock(folder):
        assert running_server(folder) == os.getpid()
    assert running_server(folder) is None
    folder.lock.unlink()
    assert running_server(folder) is None
    assert not folder.lock.exists()


def test_a_computer_without_display_sound_or_libraries_is_a_finding(tmp_path):
    cards = tmp_path / "cards"
    assert len(missing_requirements({}, lambda _name: None, cards)) == 3
    cards.write_text("--- no soundcards ---")
    assert len(missing_requirements({"DISPLAY": ":0"}, lambda name: name, cards)) == 1
    cards.write_text(" 0 [PCH]: HDA-Intel")
    assert missing_requirements({"WAYLAND_DISPLAY": "w"}, lambda name: name, cards) == []
    (text,) = missing_requirements({"DISPLAY": ":0"}, lambda name: name if name == "GL" else None, cards)
    assert "apt install libmtdev1" in text


def test_an_old_replaced_store_is_a_finding(well):
    for name in ("20260101T000000Z", "20260101T000000Z-2", "by-somebody"):
        path = well.path / f"before-restore-{name}"
        path.mkdir()
        empty_store_file(path / "store.db")
        ReplacedStores(well).apply_retention(
            NOW
        )  # the server does that each minute; it changes the directory's time
        assert found(well) == ["aside"]
        shutil.rmtree(path)
    moment = datetime.fromtimestamp(NOW / 1000, UTC) - timedelta(hours=23)
    (well.path / f"before-restore-{moment:%Y%m%dT%H%M%SZ}").mkdir()
    assert found(well) == []


def test_a_certificate_that_ends_soon_or_cannot_be_used_is_named(well):
    tls.make_certificate(well, "Shop", ["localhost"], datetime.now(UTC))
    names = f'tls_cert = "{tls.CERTIFICATE}"\ntls_key = "{tls.KEY}"\n'
    text = well.settings.read_text("utf-8").replace("[server]\n", f"[server]\n{names}")
    well.settings.write_text(text, "utf-8")
    assert found(well) == []
    ends = int(tls.valid_until(well.path / tls.CERTIFICATE).timestamp() * 1000)
    (finding,) = [f for f in examine(well, ends - 86_400_000) if f.about == "certificate"]
    assert "is valid until" in finding.text
    (well.path / tls.KEY).write_text("no key")
    assert found(well) == ["certificate"]
