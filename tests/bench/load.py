"""Measures ops_per_s: how many ops per second the server does and commits for fifty devices.

One process has fifty connections with a key each, and every connection always has some ops under way. Most
are kiosks whose shoppers come and leave, the others tablets whose employees are offered these visits. They
have no outbox, because only the server is measured.
"""

import secrets
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import zmq

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.visit import ticket
from sync_server.protocol import messages as msg
from sync_server.protocol.device_file import DeviceFile
from sync_server.protocol.wire import encode

from . import store

KIOSKS, TABLETS = 40, 10
UNDER_WAY = 8  # unanswered ops of each device


class BusyDevice:
    """One device that always has ops under way."""

    def __init__(self, file: DeviceFile) -> None:
        self.file = file
        self.number = 0
        self.waiting = 0
        self.answered = 0
        self.visit = ""
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.curve_serverkey = file.server_key.encode()
        self.socket.curve_publickey = file.public_key.encode()
        self.socket.curve_secretkey = file.secret_key.encode()
        self.socket.connect(file.server)
        self.socket.send(encode(msg.Hello(msg.PROTOCOL)))

    def id(self) -> str:
        self.number += 1
        return ticket.uuid7(time.time_ns() // 1_000_000, secrets.token_bytes(10))

    def next_op(self) -> ops.DeviceOp:
        if self.file.kind == "staff":
            away = self.number % 2
            return ops.SetPresence(Presence.ON_BREAK if away else Presence.AVAILABLE)
        if self.visit:
            visit, self.visit = self.visit, ""
            return ops.Cancel(visit)
        self.visit = self.id()
        name = ticket.code(self.file.letter, self.number % 10_000)
        return ops.OpenVisit(self.visit, name, "help", "en", colour="red")

    def fill(self) -> None:
        while self.waiting < UNDER_WAY:
            self.socket.send(encode(msg.Submit(self.id(), 0, self.next_op())))
            self.waiting += 1

    def read(self) -> None:
        while self.socket.getsockopt(zmq.EVENTS) & zmq.POLLIN:
            frame = self.socket.recv()
            if b'"type":"answer"' in frame[:40]:
                self.waiting -= 1
                self.answered += 1


def run(files: list[DeviceFile], seconds: float) -> float:
    """How many ops are answered per second, measured over `seconds` after a second of warm-up."""
    devices = [BusyDevice(file) for file in files]
    poller = zmq.Poller()
    by_socket = {}
    for device in devices:
        poller.register(device.socket, zmq.POLLIN)
        by_socket[device.socket] = device
    for device in devices:
        while b'"type":"snapshot"' not in device.socket.recv()[:40]:
            pass
        if device.file.kind == "staff":
            employee = f"e{files.index(device.file)}"
            device.socket.send(encode(msg.SignIn(device.id(), employee, store.PIN)))
            while b'"type":"signed_in"' not in device.socket.recv()[:40]:
                pass
    for device in devices:
        device.fill()
    started, before = time.monotonic(), 0
    counting = False
    while (now := time.monotonic()) < started + 1 + seconds:
        if not counting and now >= started + 1:
            counting, before, since = True, sum(d.answered for d in devices), now
        for socket, _ in poller.poll(100):
            device = by_socket[socket]
            device.read()
            device.fill()
    return (sum(d.answered for d in devices) - before) / (now - since)


def measure(work: Path, port: int, seconds: float) -> float:
    folder = store.create(work / "load", employees=TABLETS)
    address = f"tcp://127.0.0.1:{port}"
    files = [store.add_device(folder, "staff", f"t{i}", address) for i in range(TABLETS)]
    files += [store.add_device(folder, "kiosk", f"k{i}", address) for i in range(KIOSKS)]
    (work / "load.json").write_bytes(msgspec.json.encode(files))
    with store.server(folder, port):
        out = subprocess.run(
            [sys.executable, "-m", "tests.bench.load", str(work / "load.json"), str(seconds)],
            stdout=subprocess.PIPE, text=True, check=True, timeout=120,
        ).stdout  # fmt: skip
    return float(out)


if __name__ == "__main__":
    given = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=list[DeviceFile])
    print(run(given, float(sys.argv[2])))
