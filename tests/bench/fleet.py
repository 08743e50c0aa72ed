"""Measures a server with 1,000 connected devices: how long ops take, its memory and processor time.

20 kiosks and 40 tablets are used, in one process; 940 more tablets are only connected, in two others. First
it is quiet. Then a backup, retention and the CSV of 50,000 visits run again and again, and 200 pages follow
the visits. At the end the server is killed and started again.

`python -m tests.bench.fleet` runs this part of `make bench` alone.
"""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import requests

from sync_server.protocol.device_file import DeviceFile
from sync_server.service.auth import pins
from sync_server.service.auth.server_key import load_server_key, new_pair
from sync_server.service.clock import steady_clock
from sync_server.service.storage.connection import connect, transaction
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.upkeep.create_store import make_store
from sync_server.simulation.demo.processes import free_port

from . import past, store

KIOSKS, EMPLOYEES, IDLE_TABLETS = 20, 40, 940
IDLE_PROCESSES = 2  # ZeroMQ has at most 1,023 sockets in one process
PAST_VISITS = 50_000
PHONE_PAGES, MANAGER_PAGES = 190, 10
OPS_PER_S = 30.0
QUIET_S, LOADED_S = 12.0, 15.0
LEAST_S = 4.0  # on a busy machine both are shorter, so that all together takes at most LIMIT_S
LIMIT_S = 90.0
AFTER_S = 20.0  # of it for what follows: the load stops, the server starts again
KINDS = ("answer_ms", "tap_to_offer_ms")
PASSWORD = "bench-password"


def measure(work: Path) -> dict[str, Any]:
    before, ends = Machine(), time.monotonic() + LIMIT_S - AFTER_S

    def as_time_allows(wanted: float) -> float:
        return max(LEAST_S, min(wanted, (ends - time.monotonic()) / 2))

    say(f"a store of {PAST_VISITS} visits")
    folder, files = create(work)
    clients: list[Client] = []
    figures: dict[str, Any] = {"devices": len(files)}
    sync, web = free_port(), free_port()
    files = [msgspec.structs.replace(file, server=f"tcp://127.0.0.1:{sync}") for file in files]
    with contextlib.ExitStack() as cleanup:
        server = cleanup.enter_context(running(folder, sync, web))
        used = KIOSKS + EMPLOYEES
        idle = [files[used + n :: IDLE_PROCESSES] for n in range(IDLE_PROCESSES)]
        for number, part in enumerate([files[:used], *idle]):
            clients.append(cleanup.enter_context(Client(work, part, number)))
        active = clients[0]
        say("connects")
        for client in clients:
            client.ask("connect")
        active.ask("sign_in")
        say("quiet")
        figures["quiet"] = run(server, active, clients[1:], as_time_allows(QUIET_S))
        say("loaded")
        links = active.ask("wait_in_line", PHONE_PAGES)["links"]
        with load(folder, web, links) as done:
            figures["loaded"] = run(server, active, clients[1:], as_time_allows(LOADED_S))
        figures["loaded"] |= done
        say("killed")
        figures["back"] = restart(cleanup, server, folder, sync, web, clients)
    return {**figures, "machine": before.since()}


def say(what: str) -> None:
    print(f"fleet: {what}", file=sys.stderr, flush=True)


def reached(figures: dict[str, Any]) -> dict[str, bool]:
    """Which aims a fleet of 1,000 devices has reached."""
    quiet, loaded = figures["quiet"], figures["loaded"]
    return {
        "fleet_quiet_p99_at_most_10_ms": max(quiet[kind]["p99"] for kind in KINDS) <= 10,
        "fleet_loaded_p99_at_most_25_ms": max(loaded[kind]["p99"] for kind in KINDS) <= 25,
        "fleet_loaded_p99_9_at_most_60_ms": max(loaded[kind]["p99_9"] for kind in KINDS) <= 60,
        "fleet_memory_at_most_300_mb": max(quiet["server_rss_mb"], loaded["server_rss_mb"]) <= 300,
        "fleet_back_at_most_5_s": figures["back"]["back_max_s"] <= 5,
    }


def create(work: Path) -> tuple[DataDir, list[DeviceFile]]:
    """A store with a past, its employees' PINs, and its devices. Kiosks come first."""
    template = work / "fleet.toml"
    template.write_text(store.settings(EMPLOYEES) + WAIT, "utf-8")
    folder = make_store(work / "fleet", "Bench", PASSWORD, template)
    past.fill(folder.path, PAST_VISITS)
    past.keep_summaries(folder.path, time.time_ns() // 1_000_000)
    server_key, _ = load_server_key(folder.server_key)
    hashed = pins.hash_pin(store.PIN, 6)
    files = []
    with contextlib.closing(connect(folder.store)) as db, transaction(db):
        for number in range(KIOSKS + EMPLOYEES + IDLE_TABLETS):
            kind = "kiosk" if number < KIOSKS else "staff"
            public, secret = new_pair()
            # There are letters for 600 devices: the idle tablets share none, and never give out a ticket.
            letter = f"{chr(65 + number // 26 % 26)}{chr(65 + number % 26)}" + ("" if number < 600 else "*")
            name = f"d{number}"
            files.append(DeviceFile(name, kind, name, letter, "", server_key, public, secret))
            db.execute(
                "INSERT INTO devices (device_id, kind, name, letter, public_key, enrolled_at)"
                " VALUES (?,?,?,?,?,0)",
                (name, kind, name, letter, public),
            )
        _set_pins(db, hashed)
    return folder, files


WAIT = f"""
[[skills]]
code = "nobody"
text = {store.WORD}
[[needs]]
code = "wait"
icon = "bulb"
text = {store.WORD}
skills = ["nobody"]
[[employees]]
id = "absent"
name = "Absent"
skills = ["nobody"]
"""


def _set_pins(db: sqlite3.Connection, hashed: str) -> None:
    for number in range(EMPLOYEES):
        employee = f"e{number}"
        if not pins.has_employee(db, employee):
            raise RuntimeError(f"{employee} is missing")
        pins.set_pin(db, employee, hashed, 1)


# --- processes -------------------------------------------------------------------------------------


@contextlib.contextmanager
def running(folder: DataDir, sync: int, web: int) -> Iterator[psutil.Process]:
    """The server, until the block ends or it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.fleet_server", "server", "--data", str(folder.path),
         "--sync", f"127.0.0.1:{sync}", "--web", f"127.0.0.1:{web}", "--enrol", ""],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Ready"):
                break
        else:
            raise RuntimeError("the server did not start")
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield psutil.Process(process.pid)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(20)


class Client:
    """A process with some of the devices."""

    def __init__(self, work: Path, files: list[DeviceFile], number: int) -> None:
        path, mode = work / f"client-{number}.json", "idle" if number else "active"
        path.write_bytes(msgspec.json.encode(files))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.fleet_client", str(path), mode],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.usage = psutil.Process(self._process.pid)

    def ask(self, *command: Any) -> Any:
        self.tell(*command)
        return self.answer()

    def tell(self, *command: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()


# --- measuring -------------------------------------------------------------------------------------


class Machine:
    """How busy the machine is, with what is not ours as well."""

    def __init__(self) -> None:
        self._load = os.getloadavg()[0]
        self._times, self._at = psutil.cpu_times(), time.monotonic()
        self._own = self._own_s()

    @staticmethod
    def _own_s() -> float:
        return sum(os.times()[:4])

    def since(self) -> dict[str, float]:
        now, seconds = psutil.cpu_times(), time.monotonic() - self._at
        busy = (
            seconds * (psutil.cpu_count() or 1)
            - (now.idle - self._times.idle)
            - (now.iowait - self._times.iowait)
        )
        others = max(0.0, busy - (self._own_s() - self._own))
        return {
            "seconds": round(seconds, 1),
            "load_before": round(self._load, 2),
            "processors": psutil.cpu_count() or 1,
            "used_by_others": round(others / seconds, 2),
        }


def run(server: psutil.Process, active: Client, others: list[Client], seconds: float) -> dict[str, Any]:
    def cpu(used: list[psutil.Process]) -> float:
        times = [process.cpu_times() for process in used]
        return sum(float(each.user + each.system) for each in times)

    processes = {"server": [server], "clients": [active.usage, *(client.usage for client in others)]}
    before, began = {name: cpu(used) for name, used in processes.items()}, time.monotonic()
    load = Machine()
    found = active.ask("run", seconds, OPS_PER_S)
    took = time.monotonic() - began
    if found["refused"]:
        raise RuntimeError(f"{found['refused']} ops were refused")
    return {
        "answer_ms": percentiles(found["answer"]),
        "tap_to_offer_ms": percentiles(found["tap_to_offer"]),
        "updates_per_tablet_per_s": round(found["updates"] / (KIOSKS + EMPLOYEES) / took, 1),
        "server_rss_mb": round(server.memory_info().rss / 1e6, 1),
        **{
            f"{name}_cpu_percent": round(100 * (cpu(used) - before[name]) / took, 1)
            for name, used in processes.items()
        },
        "load": os.getloadavg()[0],
        "used_by_machine": load.since()["used_by_others"],
    }


def percentiles(times: list[float]) -> dict[str, float]:
    """p50, p99 and p99.9 of sorted times, and how many there are."""

    def at(share: float) -> float:
        return round(times[min(len(times) - 1, int(len(times) * share))], 2)

    return {"p50": at(0.5), "p99": at(0.99), "p99_9": at(0.999), "count": len(times)}


@contextlib.contextmanager
def load(folder: DataDir, web: int, links: list[str]) -> Iterator[dict[str, int]]:
    """Backups, exports and live pages, until the block ends; how many of each."""
    done = {"backups": 0, "exports": 0, "exported_rows": 0}
    address = f"http://127.0.0.1:{web}"
    http = sign_in(address)
    cookie = "; ".join(f"{name}={value}" for name, value in http.cookies.get_dict().items())
    paths = [f"/v/{link}/events" for link in links] + ["/manager/now/events"] * MANAGER_PAGES
    pages = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.fleet_pages", "127.0.0.1", str(web), cookie],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert pages.stdin is not None
    pages.stdin.write(json.dumps(paths) + "\n")
    pages.stdin.flush()
    assert pages.stdout is not None
    pages.stdout.readline()  # all pages are live
    over = threading.Event()

    def back_up() -> None:
        command = [sys.executable, "-m", "sync_server.cli", "backup", str(folder.path / "backups")]
        while not over.is_set():
            process = subprocess.Popen(
                ["nice", *command, "--keep", "1", "--data", str(folder.path)], stdout=subprocess.DEVNULL
            )
            while process.poll() is None and not over.wait(0.1):
                pass
            if process.poll() is None:
                process.terminate()
            done["backups"] += process.wait(20) == 0

    def export() -> None:
        while not over.is_set():
            rows = 0
            with http.get(f"{address}/manager/log.csv", stream=True, timeout=60) as answer:
                answer.raise_for_status()
                for piece in answer.iter_content(65_536):
                    rows += piece.count(b"\r\n")
                    if over.is_set():
                        return
            done["exports"] += 1
            done["exported_rows"] = rows

    threads = [threading.Thread(target=work) for work in (back_up, export)]
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        over.set()
        closed = json.loads(pages.communicate(timeout=20)[0])["closed"]
        for thread in threads:
            thread.join(60)
    if closed:
        raise RuntimeError(f"{closed} pages were closed by the server")


def sign_in(address: str) -> requests.Session:
    http = requests.Session()
    form = http.get(f"{address}/manager/sign-in", timeout=20).text
    token = re.search(r'name="token" value="([^"]+)"', form)
    assert token is not None
    fields = {"token": token[1], "password": PASSWORD}
    answer = http.post(f"{address}/manager/sign-in", fields, allow_redirects=False, timeout=20)
    assert answer.status_code == 303
    return http


def restart(
    cleanup: contextlib.ExitStack,
    server: psutil.Process,
    folder: DataDir,
    sync: int,
    web: int,
    clients: list[Client],
) -> dict[str, float]:
    """Kills the server, starts it again at once, and waits until all devices are back."""
    killed = steady_clock()
    server.kill()
    for client in clients:
        client.tell("back", killed)
    cleanup.enter_context(running(folder, sync, web))
    started = steady_clock()
    times = sorted(time for client in clients for time in client.answer()["back_ms"])
    return {
        "server_start_s": round((started - killed) / 1000, 2),
        "back_p50_s": round(times[len(times) // 2] / 1000, 2),
        "back_max_s": round(times[-1] / 1000, 2),
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="welkom-bench-") as place:
        print(json.dumps(measure(Path(place)), indent=2))
