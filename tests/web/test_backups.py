"""Repairs and backups from the pages: what they say and do, with visits open, in one shop."""

import asyncio
import io
import threading
import zipfile

import requests

from sync_server.service.server import Server, serve
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.storage.device_rows import DeviceRow
from sync_server.service.sync.device_reports import DeviceTrouble
from sync_server.service.upkeep.backup_set import backups
from sync_server.simulation.demo.processes import free_port
from sync_server.web.app import make_app
from tests.fake_clock import FakeClock

from .running_server import PASSWORD, TIMEOUT_S, RunningServer
from .steps import form_field, sign_in, sign_in_once, text_of

BACKUPS = "/manager/backups"
REPAIRS = "/manager/repairs"


def press(running: RunningServer, http: requests.Session, path: str, **fields: str) -> requests.Response:
    """Sends the form that is on some page of the manager."""
    token = form_field(http.get(running.address + REPAIRS))
    return http.post(running.address + path, {"token": token, **fields}, allow_redirects=False)


def confirm(running: RunningServer, http: requests.Session, password: str = PASSWORD) -> requests.Response:
    return press(running, http, "/manager/confirm?next=/manager/today", password=password)


def test_the_page_names_what_is_wrong_and_mends_it(running: RunningServer, http: requests.Session) -> None:
    sign_in_once(running, http)
    folder = running.server.data_dir
    folder.server_key.chmod(0o644)
    old = folder.path / "before-restore-20200101T000000Z"
    old.mkdir()
    text = text_of(http.get(running.address + REPAIRS))
    assert "Others who use the shop’s computer can read server.key." in text
    assert "There is no kiosk yet." in text
    for action in ("fix_modes", "remove_replaced", "back_up", "look"):
        answer = press(running, http, f"{REPAIRS}/{action}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{REPAIRS}?{action}")
        assert http.get(running.address + answer.headers["location"]).status_code == 200
    assert folder.server_key.stat().st_mode & 0o077 == 0
    assert not old.exists()
    assert backups(folder.path / "backups")
    assert press(running, http, f"{REPAIRS}/make_coffee").status_code == 404


def test_two_computers_with_one_device_file_stand_on_every_page_until_it_is_paired_again(
    running: RunningServer, http: requests.Session
) -> None:
    sign_in_once(running, http)
    server = running.server
    device = running.run(server.devices.enrol("kiosk", "Front", "k" * 40))
    row = DeviceRow(device.device_id, device.kind, device.name, device.letter, device.public_key)
    reports, at = server.device_handler.device_reports, server.device_handler._steady()
    running.call(lambda: reports.duplicated(row, at, DeviceTrouble.TWICE))
    assert "Two computers use the same device file: Front." in text_of(
        http.get(running.address + "/manager/log")
    )
    answer = press(running, http, f"{REPAIRS}/pair_again", device=device.device_id)
    assert answer.headers["location"].startswith("/manager/devices/codes/")
    assert "Front" in text_of(http.get(running.address + answer.headers["location"]))
    assert "Two computers" not in text_of(http.get(running.address + "/manager/log"))
    assert press(running, http, f"{REPAIRS}/pair_again", device=device.device_id).status_code == 400


def test_a_backup_is_made_listed_checked_and_downloaded(
    running: RunningServer, http: requests.Session
) -> None:
    sign_in_once(running, http)
    assert press(running, http, BACKUPS).headers["location"] == f"{BACKUPS}?made"
    made = backups(running.server.backup_scheduler.backups_dir)[0]
    assert press(running, http, f"{BACKUPS}/{made.name}/check").status_code == 303
    assert "Read through just now: sound" in text_of(http.get(running.address + BACKUPS))
    one = f"{running.address}{BACKUPS}/{made.name}"
    running.clock.after(601)  # the password was typed too long ago
    assert (
        http.get(f"{one}/download", allow_redirects=False).headers["location"].startswith("/manager/confirm")
    )
    assert confirm(running, http, "wrong").status_code == 401
    assert confirm(running, http).status_code == 303
    archive = zipfile.ZipFile(io.BytesIO(http.get(f"{one}/download").content))
    assert {name.partition("/")[2] for name in archive.namelist()} == {path.name for path in made.iterdir()}
    assert archive.read(f"{made.name}/store.toml") == (made / "store.toml").read_bytes()
    (made / "store.db").write_bytes(b"damaged")
    press(running, http, f"{BACKUPS}/{made.name}/check")
    assert "Damaged: use another one." in text_of(http.get(running.address + BACKUPS))
    refused = press(running, http, f"{BACKUPS}/{made.name}/restore")
    assert (refused.status_code, "could not be put back" in text_of(refused)) == (400, True)
    assert http.get(f"{running.address}{BACKUPS}/..%2Fstore.db/download").status_code == 404


def test_words_about_a_shopper_are_erased_by_a_tap(running: RunningServer, http: requests.Session) -> None:
    sign_in_once(running, http)
    running.clock.after(601)
    ticket = running.open("repair")
    page = f"/manager/visits/{ticket.visit_id}/erase"
    assert press(running, http, page).headers["location"].startswith("/manager/confirm")
    confirm(running, http)
    assert ticket.code in text_of(http.get(running.address + page))
    assert http.get(ticket.url).status_code == 200
    assert press(running, http, page).status_code == 303
    assert http.get(ticket.url).status_code == 404  # the link is among what is removed
    assert press(running, http, "/manager/visits/none/erase").status_code == 404


def test_diagnostics_are_one_file(running: RunningServer, http: requests.Session) -> None:
    sign_in_once(running, http)
    told = http.get(f"{running.address}{REPAIRS}/diagnostics.json").json()
    assert told["figures"]
    assert told["settings"]["store"]["name"] == "…"


def test_a_backup_is_put_back_while_visits_are_open(
    folder: DataDir, clock: FakeClock, http: requests.Session
) -> None:
    """The server starts again by itself, with the backup's store and a new epoch; the old one is kept."""
    servers: list[Server] = []
    started = threading.Semaphore(0)
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    def ready(server: Server) -> None:
        servers.append(server)
        started.release()

    ports = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    serving = serve(folder, make_app, ports[0], ports[1], ready, stop, "")
    thread = threading.Thread(target=loop.run_until_complete, args=(serving,), daemon=True)
    thread.start()
    try:
        assert started.acquire(timeout=TIMEOUT_S)
        running = RunningServer(servers[0], loop, clock)
        sign_in(running, http)
        running.open("repair")
        press(running, http, BACKUPS)
        made = backups(folder.path / "backups")[0]
        clock.after(1)
        running.open("repair")
        page = f"{BACKUPS}/{made.name}/restore"
        assert "1 visit since then is lost" in text_of(http.get(running.address + page))
        assert "2 shoppers are in line" in text_of(http.get(running.address + page))
        epoch = running.server.processor.epoch
        assert press(running, http, page).status_code == 200
        assert started.acquire(timeout=TIMEOUT_S)
        running = RunningServer(servers[1], loop, clock)
        assert servers[1].restored.problem == ""
        assert len(running.call(lambda: list(running.server.processor.floor.open_visits()))) == 1
        assert running.server.processor.epoch != epoch
        assert http.get(running.address + BACKUPS, allow_redirects=False).status_code == 303  # to the sign-in
        sign_in(running, http)
        assert "The shop is as it was on" in text_of(http.get(running.address + BACKUPS))
        assert len(list(folder.path.glob("before-restore-*"))) == 1
        assert press(running, http, "/manager/restart").status_code == 200
        assert started.acquire(timeout=TIMEOUT_S)
        assert servers[2].restored is None
        with reading(folder.store) as db:
            found = db.execute("SELECT count(*) FROM audit_log WHERE action = 'restored'").fetchone()
        assert found == (1,)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(TIMEOUT_S)
        loop.close()
    assert not thread.is_alive()
