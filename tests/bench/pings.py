"""A device that asks for nothing but beats: prints how long each took, in ms, when standard input is closed.

python -m tests.bench.pings FILE
"""

import json
import sys
import threading
import time
from pathlib import Path

import msgspec
import zmq

from sync_server.protocol import messages as msg
from sync_server.protocol.device_file import DeviceFile
from sync_server.protocol.wire import encode

EVERY_S = 0.02
LONGEST_MS = 5000


def run(file: DeviceFile) -> list[float]:
    """The times until standard input is closed."""
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.curve_serverkey = file.server_key.encode()
    socket.curve_publickey = file.public_key.encode()
    socket.curve_secretkey = file.secret_key.encode()
    socket.connect(file.server)
    socket.send(encode(msg.Hello(msg.PROTOCOL)))
    while b'"type":"snapshot"' not in socket.recv()[:40]:
        pass
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    print("ready", flush=True)
    times = []
    for number in range(sys.maxsize):
        if over.wait(EVERY_S):
            break
        sent = time.perf_counter()
        socket.send(encode(msg.Ping(number)))
        while socket.poll(LONGEST_MS) and b'"type":"beat"' not in socket.recv()[:40]:
            pass
        times.append((time.perf_counter() - sent) * 1000)
    return times


if __name__ == "__main__":
    print(json.dumps(run(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=DeviceFile))))
