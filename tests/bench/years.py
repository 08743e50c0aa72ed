"""Measures the manager's pages on a log of a hundred thousand visits, and of five years with two million.

python -m tests.bench.years [VISITS …]
"""

import contextlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import requests

from assets.paths import DEMO_STORE
from sync_server.service.auth import managers
from sync_server.service.reports.exports.formats import Format
from sync_server.service.reports.exports.process import CHILD
from sync_server.service.storage.connection import connect
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.upkeep.create_store import make_store
from sync_server.simulation.demo.processes import free_port
from sync_server.store_clock import wall_clock

from . import past, store
from .fleet import PASSWORD, sign_in

SMALL, LARGE = 100_000, 2_000_000
TIMES_A_DAY = 3  # of the simulated week, so that two million visits are five years
ROUNDS = 20
CATEGORIES = ("report_ms", "log_page_ms")


def measure(work: Path, sizes: tuple[int, ...] = (SMALL, LARGE)) -> dict[str, Any]:
    """The figures by the number of visits, and how many times as long the pages take with the most."""
    found = {}
    for visits in sizes:
        say(f"a store of {visits:,} visits")
        found[str(visits)] = _of_store(work / f"years-{visits}", visits)
        shutil.rmtree(work / f"years-{visits}")
    first, last = found[str(sizes[0])], found[str(sizes[-1])]
    ratio = {
        category: {page: round(last[category][page]["p95"] / one["p95"], 2) for page, one in pages.items()}
        for category, pages in first.items()
        if category in CATEGORIES
    }
    return {**found, "ratio": ratio}


def say(what: str) -> None:
    print(f"years: {what}", file=sys.stderr, flush=True)


def reached(figures: dict[str, Any]) -> dict[str, bool]:
    """What is to be reached with two million visits."""
    large = figures[str(LARGE)]
    slowest = {category: max(page["p95"] for page in large[category].values()) for category in CATEGORIES}
    ratios = [ratio for pages in figures["ratio"].values() for ratio in pages.values()]
    return {
        "report_p95_at_most_100_ms": slowest["report_ms"] <= 100,
        "log_page_p95_at_most_100_ms": slowest["log_page_ms"] <= 100,
        "pages_at_most_1.5_times_as_long_with_20_times_the_visits": max(ratios) <= 1.5,
        "server_ready_at_most_2_s": large["server_ready_s"] <= 2,
        "ping_during_export_at_most_20_ms": max(
            each["worst"] for each in large["ping_during_export_ms"].values()
        )
        <= 20,
        "export_memory_at_most_300_mb": max(each["memory_mb"] for each in large["whole_export"].values())
        <= 300,
    }


def _of_store(path: Path, visits: int) -> dict[str, Any]:
    began = time.monotonic()
    folder = make_store(path, "Bench", PASSWORD, DEMO_STORE)
    written = past.fill(path, visits, TIMES_A_DAY)
    past.keep_summaries(path, wall_clock())
    made_s = time.monotonic() - began
    figures = {"visits": written, "made_s": round(made_s, 1), **of_made(folder)}
    return {**figures, **_whole_export(folder, path.parent)}


def of_made(folder: DataDir) -> dict[str, Any]:
    """The figures of a store that is made."""
    sync, web = free_port(), free_port()
    device = store.add_device(folder, "kiosk", "pings", f"tcp://127.0.0.1:{sync}")
    pinger = folder.path / "pings.json"
    pinger.write_bytes(msgspec.json.encode(device))
    began = time.monotonic()
    with store.server(folder, sync, web):
        ready_s = time.monotonic() - began
        http, address = sign_in(f"http://127.0.0.1:{web}"), f"http://127.0.0.1:{web}/manager"
        pages = {
            category: {name: _times(http, address, page) for name, page in wanted.items()}
            for category, wanted in zip(CATEGORIES, (_reports(), _log_pages()), strict=True)
        }
        size = (folder.path / "store.db").stat().st_size
        return {
            "store_mb": round(size / 1e6),
            "server_ready_s": round(ready_s, 2),
            **pages,
            **_exports(http, address, pinger),
        }


def _today() -> date:
    return datetime.now().astimezone().date()


def _reports() -> dict[str, str]:
    yesterday = _today() - timedelta(days=1)
    pages = {span: f"report?span={span}&day={yesterday}" for span in ("day", "week", "month", "year")}
    return {**pages, "five years": f"report?from={yesterday.year - 5}-01-01&to={yesterday}"}


def _log_pages() -> dict[str, str]:
    yesterday = _today() - timedelta(days=1)
    return {
        "first": "log",
        "page 1000": "log?page=1000",
        "page 1001": "log?page=1000 next",
        "need": "log?need=repair",
        "need, page 100": "log?need=repair&page=100",
        "employee": "log?employee=maya",
        "state": "log?state=no_show",
        "resolution": "log?resolution=not_solved",
        "date": f"log?from={yesterday - timedelta(days=30)}&to={yesterday}",
        "weekday and hour": "log?weekday=6&hour=14",
        "ordered": f"log?from={yesterday - timedelta(days=60)}&to={yesterday}&sort=wait_s",
        "ticket": "log?search=A-12",
        "word": "log?search=charger",
    }


def _times(http: requests.Session, address: str, page: str) -> dict[str, float]:
    """How long the page takes, ms. The first time does not count: it reads what the later ones find.

    `next` after it is the page to which it has a link.
    """
    page, _, following = page.partition(" ")
    url, times = f"{address}/{page}", []
    if following:
        link = re.search(r'rel="next" href="([^"]+)"', http.get(url, timeout=120).text)
        url = f"{address}/log{html.unescape(link[1])}" if link else url  # a short log has no such page
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        http.get(url, timeout=120).raise_for_status()
        times.append((time.perf_counter() - began) * 1000)
    known = sorted(times[1:])
    return {"p50": round(known[len(known) // 2], 1), "p95": round(known[int(len(known) * 0.95)], 1)}


def _exports(http: requests.Session, address: str, pinger: Path) -> dict[str, Any]:
    """The beats of a device while a year is exported, in each format."""
    today = _today()
    found = {}
    for kind in Format:
        with _pings(pinger) as pings:
            began, size = time.monotonic(), 0
            url = f"{address}/log.{kind}?from={today - timedelta(days=365)}&to={today}"
            with http.get(url, stream=True, timeout=900) as answer:
                answer.raise_for_status()
                for piece in answer.iter_content(65_536):
                    size += len(piece)
            took = time.monotonic() - began
            times = sorted(json.loads(pings.communicate(timeout=30)[0]))
        found[kind.value] = {
            "export_s": round(took, 1),
            "export_mb": round(size / 1e6, 1),
            "p50": round(times[len(times) // 2], 2),
            "p99": round(times[int(len(times) * 0.99)], 2),
            "worst": round(times[-1], 2),
            "count": len(times),
        }
    return {"ping_during_export_ms": found}


def _whole_export(folder: DataDir, work: Path) -> dict[str, Any]:
    """Every visit in each format: how much memory the process takes, and how large the file is."""
    found = {}
    for kind in Format:
        place, out = work / f"export-{kind}", work / f"visits.{kind}"
        place.mkdir()
        command = [sys.executable, "-m", CHILD, kind, str(folder.store), str(place)]
        with out.open("wb") as file, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=file) as process:
            assert process.stdin is not None
            process.stdin.write(b"{}")
            process.stdin.close()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"the export as {kind} failed")
        found[kind.value] = {
            "memory_mb": round(used.ru_maxrss / 1000, 1),
            "cpu_s": round(used.ru_utime + used.ru_stime, 1),
            "file_mb": round(out.stat().st_size / 1e6),
        }
        out.unlink()
    return {"whole_export": found}


@contextlib.contextmanager
def _pings(file: Path) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.pings", str(file)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(20)


def use_made(path: Path) -> DataDir:
    """A store made before, which may have no manager yet."""
    folder = DataDir(path)
    with contextlib.closing(connect(folder.store)) as db:
        if not managers.has_manager(db):
            managers.add_first(db, managers.hash_manager_password(PASSWORD, "Bench"), wall_clock())
    return folder


if __name__ == "__main__":
    if sys.argv[1:2] == ["--made"]:
        print(json.dumps(of_made(use_made(Path(sys.argv[2]))), indent=2))
    else:
        with tempfile.TemporaryDirectory(prefix="welkom-bench-") as place:
            wanted = tuple(map(int, sys.argv[1:])) or (SMALL, LARGE)
            print(json.dumps(measure(Path(place), wanted), indent=2))
