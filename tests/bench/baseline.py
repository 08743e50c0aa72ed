"""Measures floor_ms: what the way of a tap takes with SQLite and ZeroMQ alone, without Welkom.

One process commits to its own SQLite file (FULL) and sends over CURVE. A second one commits to its own file
(FULL) and sends on over CURVE. A third one notes when it arrives.

    python -m tests.bench.baseline first|middle|last KEYS FOLDER PORT COUNT
"""

import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import zmq

WARM_UP = 100
BODY = b"x" * 300  # about as long as an op


def _database(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE IF NOT EXISTS lines (n INTEGER PRIMARY KEY, body BLOB)")
    return db


def _dealer(keys: dict[str, str], port: int) -> "zmq.Socket[bytes]":
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.curve_serverkey = keys["public"].encode()
    socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
    socket.connect(f"tcp://127.0.0.1:{port}")
    return socket


def first(keys: dict[str, str], folder: Path, port: int, count: int) -> list[int]:
    socket, db, sent = _dealer(keys, port), _database(folder / "first.db"), []
    socket.send(b"first")
    socket.recv()
    for _ in range(count):
        sent.append(time.monotonic_ns())
        db.execute("INSERT INTO lines (body) VALUES (?)", (BODY,))
        socket.send(BODY)
        socket.recv()
    return sent


def middle(keys: dict[str, str], folder: Path, port: int, count: int) -> list[int]:
    socket = zmq.Context.instance().socket(zmq.ROUTER)
    socket.curve_server = True
    socket.curve_publickey, socket.curve_secretkey = keys["public"].encode(), keys["secret"].encode()
    socket.bind(f"tcp://127.0.0.1:{port}")
    db, who = _database(folder / "middle.db"), {}
    while len(who) < 2:
        peer, body = socket.recv_multipart()
        who[body] = peer
    socket.send_multipart([who[b"first"], b"go"])
    for _ in range(count):
        _, body = socket.recv_multipart()
        db.execute("INSERT INTO lines (body) VALUES (?)", (body,))
        socket.send_multipart([who[b"last"], body])
        socket.recv_multipart()  # the last one has received it
        socket.send_multipart([who[b"first"], b"next"])
    _flush(socket)
    return []


def last(keys: dict[str, str], _folder: Path, port: int, count: int) -> list[int]:
    socket, seen = _dealer(keys, port), []
    socket.send(b"last")
    for _ in range(count):
        socket.recv()
        seen.append(time.monotonic_ns())
        socket.send(b"seen")
    _flush(socket)
    return seen


def _flush(socket: "zmq.Socket[bytes]") -> None:
    """Returns when the last frame is sent: the end of the process would discard it."""
    socket.close(linger=10_000)
    socket.context.term()


def measure(work: Path, port: int, count: int) -> list[float]:
    """The times of `count` rounds in ms, sorted."""
    public, secret = zmq.curve_keypair()
    keys = json.dumps({"public": public.decode(), "secret": secret.decode()})
    (work / "baseline").mkdir()
    sides = {
        side: subprocess.Popen(
            [sys.executable, "-m", "tests.bench.baseline", side, keys, str(work / "baseline"), str(port),
             str(count + WARM_UP)],
            stdout=subprocess.PIPE, text=True,
        )
        for side in ("middle", "last", "first")
    }  # fmt: skip
    out = {side: json.loads(process.communicate(timeout=120)[0]) for side, process in sides.items()}
    times = [(b - a) / 1e6 for a, b in zip(out["first"], out["last"], strict=True)][WARM_UP:]
    return sorted(times)


if __name__ == "__main__":
    side, keys, folder, port, count = sys.argv[1:]
    work = {"first": first, "middle": middle, "last": last}[side]
    print(json.dumps(work(json.loads(keys), Path(folder), int(port), int(count))))
