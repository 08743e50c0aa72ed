"""How much the server takes from others, and keeps for them. `docs/limits.md` explains each number.

What a message may hold is bounded where it is described: in `domain/ops.py` and `protocol/wire.py`.
"""

import contextlib
import resource

# --- connections of devices ---
MOST_WITHOUT_KEY = 256  # connections that have not shown a key yet
MOST_OF_ONE_DEVICE = 4  # connections of the same device
HANDSHAKE_MS = 3000  # for the whole handshake
BACKLOG = 512  # connections the system holds until the server takes them, at each port
QUEUE = 200  # messages waiting in a connection, each way

# --- messages of devices ---
MOST_FRAMES = 16  # of one message, which should have one; whoever sends more is kept out for a while
KEPT_OUT_S = 60.0
MESSAGES_A_SECOND = 500  # of one device, in the long run
MESSAGES_AT_ONCE = 1500  # of one device, after a while of silence
COUNTS_AS_ONE = 8192  # bytes of a message; no op is as large, and a larger one counts as several
SIGN_INS_UNDER_WAY = 2  # of one device
OPS_WAITING = 20_000  # not yet on the disk

# --- the pages ---
WEB_CONNECTIONS = 500
WEB_AT_ONCE = 64  # taken in one go: while a crowd comes in, devices have their turn in between
WEB_REQUEST_S = 10.0  # for a whole request, from the moment there is none
WEB_IDLE_S = 5  # between two requests
WEB_HEAD_BYTES = 16_384

WARNINGS_ALIKE = 20  # a minute, in the log: whoever causes them on purpose fills no disk with them

OPEN_FILES = 16_384  # asked of the system at the start: each connection is an open file


def open_files() -> None:
    """Takes as many open files as the system grants, up to OPEN_FILES."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
