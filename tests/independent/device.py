"""A device of the sync protocol, as docs/reference/protocol.md says, for one conversation at a time.

It waits for each answer, so it never has more than one op on the way.
"""

import json
import secrets
import time
from collections.abc import Callable
from typing import Any

import zmq

from .enrolment import Identity

PROTOCOL = 1
PING_S = 2.0
Row = dict[str, Any]


class Refused(Exception):
    """The store refused an op or a sign-in; `code` is why, `about` what it is about."""

    def __init__(self, refusal: Row) -> None:
        super().__init__(f"{refusal['code']}: {refusal.get('about', '')}")
        self.code = refusal["code"]
        self.about = refusal.get("about", "")


class Fault(Exception):
    """The store could not read a frame."""


class Device:
    """Connects at once. `close` it, or use it as a context manager."""

    def __init__(self, me: Identity, give_up_s: float = 30.0) -> None:
        self._give_up_s = give_up_s
        self._socket = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.linger = 0
        self._socket.curve_serverkey = me.server_key.encode()
        self._socket.curve_publickey = me.public_key.encode()
        self._socket.curve_secretkey = me.secret_key.encode()
        self._socket.connect(me.server)
        self._letter = me.letter
        self._pinged_at = 0.0
        self._heard_at = time.monotonic()
        self.live = False  # whether the snapshot of this conversation is there
        self.n = self.at = self.last_ticket = 0
        self.visits: dict[str, Row] = {}
        self.people: dict[str, Row] = {}
        self.quotes: dict[str, Row] = {}
        self.catalogue: Row = {}
        self.answers: dict[str, Row] = {}
        self.signed_in: dict[str, Row] = {}
        self._hello()
        self.until(lambda: True)

    def __enter__(self) -> "Device":
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    # --- what a person does --------------------------------------------------------------------------

    def sign_in(self, employee: str, pin: str) -> None:
        """Raises Refused."""
        request = self.new_id()
        self._send({"type": "sign_in", "request": request, "employee": employee, "pin": pin})
        self.until(lambda: request in self.signed_in)
        self._raise_refusal(self.signed_in[request])

    def do(self, op: str, **fields: Any) -> str:
        """Submits one op and waits for its answer; the op's id. Raises Refused or Fault."""
        op_id = self.new_id()
        self.submit(op_id, {"op": op, **fields})
        return op_id

    def submit(self, op_id: str, op: Row) -> None:
        """Submits an op under this id and waits for its answer. Raises Refused or Fault."""
        self.answers.pop(op_id, None)
        self._send({"type": "submit", "op_id": op_id, "at_device": int(time.time() * 1000), "op": op})
        self.until(lambda: op_id in self.answers)
        self._raise_refusal(self.answers[op_id])

    def next_ticket(self) -> str:
        self.last_ticket += 1
        return f"{self._letter}-{self.last_ticket}"

    def new_id(self) -> str:
        """A UUIDv7 without dashes, with the time of the server."""
        now = self.at + int((time.monotonic() - self._heard_at) * 1000)
        low, high = secrets.randbits(62), secrets.randbits(12)
        return f"{now << 80 | 0x7 << 76 | high << 64 | 0x2 << 62 | low:032x}"

    @staticmethod
    def new_link() -> str:
        return secrets.token_urlsafe(16)

    def has(self, visit_id: str, field: str) -> bool:
        """Whether this field of the visit has come."""
        return field in self.visits[visit_id]

    # --- the wire ------------------------------------------------------------------------------------

    def until(self, condition: Callable[[], bool]) -> None:
        """Reads until the device is live and the condition holds. Raises TimeoutError or Fault."""
        deadline = time.monotonic() + self._give_up_s
        while not (self.live and condition()):
            if time.monotonic() > deadline:
                raise TimeoutError("the store did not do it in time")
            if time.monotonic() - self._pinged_at > PING_S:
                self._pinged_at = time.monotonic()
                self._send({"type": "ping", "echo": self.n})
            if self._socket.poll(100):
                self._read(json.loads(self._socket.recv()))

    def _hello(self) -> None:
        self.live = False
        self._send({"type": "hello", "protocol": PROTOCOL, "lenient": True})

    def _send(self, message: Row) -> None:
        self._socket.send(json.dumps(message).encode())

    def _read(self, message: Row) -> None:
        if "at" in message:
            self.at, self._heard_at = message["at"], time.monotonic()
        match message["type"]:
            case "snapshot":
                self.live, self.n, self.last_ticket = True, message["n"], message["last_ticket"]
                self.catalogue = message.get("catalogue", self.catalogue)
                self.visits, self.people, self.quotes = {}, {}, {}
                self._keep(message)
            case "update" if message["n"] == self.n + 1:
                self.n = message["n"]
                self._keep(message)
            case "update" | "who_are_you" if self.live:
                self._hello()  # it has missed something, or the server has started again
            case "answer":
                self.answers[message["op_id"]] = message
            case "signed_in":
                self.signed_in[message["request"]] = message
            case "fault":
                raise Fault(message["reason"])

    def _keep(self, message: Row) -> None:
        self.visits |= {row["visit_id"]: row for row in message.get("visits", [])}
        self.people |= {row["id"]: row for row in message.get("people", [])}
        self.quotes |= {row["need"]: row for row in message.get("quotes", [])}
        for gone in message.get("gone", []):
            self.visits.pop(gone, None)

    @staticmethod
    def _raise_refusal(answer: Row) -> None:
        if answer.get("refusal"):
            raise Refused(answer["refusal"])
