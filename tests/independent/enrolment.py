"""Gets a device's keys, as docs/reference/enrolment.md says: by a typed code, or by digits to approve."""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any

import requests
import zmq

WIRE = 1
CONFUSABLE = str.maketrans("OIL", "011")


class Denied(Exception):
    """The store refused. The text is the code of the refusal."""


@dataclass(frozen=True)
class Identity:
    """What a device knows once it has been let in."""

    device_id: str
    letter: str
    server: str  # tcp://HOST:PORT
    server_key: str
    public_key: str
    secret_key: str


def exchange(method: str, url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One request. Raises Denied."""
    answer = requests.request(method, url, json=body, timeout=10, headers={"Connection": "close"})
    found: dict[str, Any] = answer.json()
    if answer.status_code != 200:
        raise Denied(found["why"])
    return found


def commitment_to(nonce: str) -> str:
    return hashlib.blake2b(bytes.fromhex(nonce), digest_size=32, person=b"welkom-commit").hexdigest()


def digits(kind: str, server_key: str, public_key: str, store_nonce: str, device_nonce: str) -> str:
    text = "\n".join([str(WIRE), kind, server_key, public_key, store_nonce, device_nonce])
    digest = hashlib.blake2b(text.encode(), digest_size=16, person=b"welkom-digits").digest()
    number = f"{int.from_bytes(digest, 'big') % 1_000_000:06}"
    return f"{number[:3]} {number[3:]}"


def proof(code: str, *parts: str) -> str:
    text = "\n".join(["welkom", str(WIRE), *parts])
    return hmac.new(code.encode(), text.encode(), "sha256").hexdigest()


def welcome_proof(code: str, nonce: str, welcome: dict[str, Any]) -> str:
    body = [welcome["wire"], welcome["server_key"], welcome["store"], welcome["enrolled"]]
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return proof(code, "store", nonce, text.encode().hex())


class Enrolment:
    """One attempt of one device at the store whose enrolment port is `address` (host:port)."""

    def __init__(self, kind: str, address: str) -> None:
        self.kind = kind
        self.host = address.rpartition(":")[0]
        self.url = f"http://{address}/enrol"
        public, secret = zmq.curve_keypair()
        self.public_key, self.secret_key = public.decode(), secret.decode()
        self.nonce = secrets.token_hex(32)
        self.request: dict[str, Any] = {}

    def by_code(self, typed: str) -> Identity:
        """Raises Denied, or ValueError where the other side does not know the code."""
        code = "".join(typed.split()).replace("-", "").upper().translate(CONFUSABLE)
        told = proof(code, "device", self.kind, self.public_key, self.nonce)
        welcome = exchange(
            "POST",
            f"{self.url}/code",
            {
                "wire": WIRE,
                "kind": self.kind,
                "public_key": self.public_key,
                "nonce": self.nonce,
                "proof": told,
            },
        )
        if not hmac.compare_digest(welcome_proof(code, self.nonce, welcome), welcome["proof"]):
            raise ValueError("this is not the store whose code was typed")
        return self._identity(welcome["server_key"], welcome["enrolled"])

    def show_digits(self) -> str:
        """Asks to be let in; the digits for the screen. Raises Denied."""
        commitment = commitment_to(self.nonce)
        self.request = exchange(
            "POST",
            self.url,
            {"wire": WIRE, "kind": self.kind, "public_key": self.public_key, "commitment": commitment},
        )
        exchange("POST", f"{self.url}/{self.request['request']}", {"nonce": self.nonce})
        server_key, store_nonce = self.request["server_key"], self.request["nonce"]
        return digits(self.kind, server_key, self.public_key, store_nonce, self.nonce)

    def poll(self) -> Identity | None:
        """Who this device is, once it has been approved. Raises Denied."""
        state = exchange("GET", f"{self.url}/{self.request['request']}")
        return self._identity(self.request["server_key"], state["enrolled"]) if state else None

    def _identity(self, server_key: str, enrolled: dict[str, Any]) -> Identity:
        return Identity(
            enrolled["device_id"],
            enrolled["letter"],
            f"tcp://{self.host}:{enrolled['sync_port']}",
            server_key,
            self.public_key,
            self.secret_key,
        )
