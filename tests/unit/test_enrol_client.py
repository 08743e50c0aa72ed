"""Pairing a device: what it asks the store, whom it believes, how long it waits, and how it fails."""

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests
import zmq
from msgspec.structs import replace

from sync_server.device.network import enrol_client
from sync_server.device.network.enrol_client import (
    MAX_UNREACHABLE_S,
    EnrolClient,
    EnrolPrompt,
    PairingError,
    PairingFailure,
)
from sync_server.protocol import enrol, enrol_proofs
from sync_server.protocol.device_file import DeviceFile

from . import enrol_store
from .enrol_store import (
    ACCEPTED,
    ADDRESS,
    BASE,
    CODE,
    ENROLLED,
    NONCE,
    REQUEST,
    SERVER_KEY,
    Answer,
    Store,
    begun,
    denied,
    failing,
)
from .virtual_time import loop, virtual_time

store = enrol_store.store  # the fixture

# --- with approval -----------------------------------------------------------------------------------


@virtual_time
async def test_the_digits_prove_the_keys_and_the_number_is_revealed_after_the_stores(store: Store) -> None:
    client = EnrolClient("kiosk")
    store.will_answer(ACCEPTED, enrol.EnrolmentState())
    prompt = await client.begin(ADDRESS)
    (ask_method, ask_url, ask_body), (reveal_method, reveal_url, reveal_body) = store.requests
    assert (ask_method, ask_url) == ("POST", f"{BASE}/enrol")
    assert (reveal_method, reveal_url) == ("POST", f"{BASE}/enrol/{REQUEST}")
    ask = enrol.decode(ask_body, enrol.Ask)
    reveal = enrol.decode(reveal_body, enrol.Reveal)
    assert (ask.wire, ask.kind) == (enrol.WIRE, "kiosk")
    assert ask.commitment == enrol_proofs.commitment_to(reveal.nonce)
    digits = enrol_proofs.six_digits("kiosk", SERVER_KEY, ask.public_key, NONCE, reveal.nonce)
    assert prompt == EnrolPrompt(digits, "http://shop/manager", "Lumen & Co")


@virtual_time
async def test_it_asks_every_second_until_it_is_approved(store: Store) -> None:
    client = await begun(store)
    store.will_answer(enrol.EnrolmentState(), enrol.EnrolmentState(), enrol.EnrolmentState(ENROLLED))
    file = await client.wait()
    assert store.requests == [("GET", f"{BASE}/enrol/{REQUEST}", None)] * 3
    assert loop().time() == 2 * enrol.POLL_S
    assert replace(file, public_key="", secret_key="") == DeviceFile(
        "front-door", "kiosk", "Front door", "A", "tcp://192.168.1.10:8350", SERVER_KEY, "", ""
    )
    assert zmq.curve_public(file.secret_key.encode()) == file.public_key.encode()


@pytest.mark.parametrize("temporary", [OSError("no route"), denied("too_many", 429), denied("not_now", 503)])
@virtual_time
async def test_a_store_out_of_reach_is_waited_for_up_to_a_minute(store: Store, temporary: Answer) -> None:
    client = await begun(store)
    tries = int(MAX_UNREACHABLE_S / enrol.POLL_S)
    store.will_answer(*[temporary] * tries, enrol.EnrolmentState())
    store.will_answer(*[temporary] * (tries + 1))
    with pytest.raises(PairingError):
        await client.wait()
    assert store.answers == []
    assert (loop().time(), MAX_UNREACHABLE_S) == (121, 60)


@pytest.mark.parametrize("why", ["expired", "refused", "other_version"])
@virtual_time
async def test_a_final_refusal_ends_the_waiting_at_once(store: Store, why: str) -> None:
    client = await begun(store)
    store.will_answer(enrol.EnrolmentState(), denied(why))
    with failing(PairingFailure(why)):
        await client.wait()


@virtual_time
async def test_an_identity_for_another_kind_of_device_is_not_taken(store: Store) -> None:
    client = await begun(store)
    store.will_answer(enrol.EnrolmentState(replace(ENROLLED, kind="staff")))
    with failing(PairingFailure.NOT_A_STORE):
        await client.wait()


# --- with a code -------------------------------------------------------------------------------------


def welcome(body: bytes, code: str = CODE) -> tuple[int, bytes]:
    """The answer of a store that knows the code."""
    present = enrol.decode(body, enrol.Present)
    proof = enrol_proofs.device_proof(CODE, "kiosk", present.public_key, present.nonce)
    assert (present.wire, present.kind, present.proof) == (enrol.WIRE, "kiosk", proof)
    without_proof = enrol.Welcome(enrol.WIRE, SERVER_KEY, "Lumen & Co", ENROLLED, "")
    proof = enrol_proofs.store_proof(code, present.nonce, without_proof)
    return 200, enrol.encode(replace(without_proof, proof=proof))


@virtual_time
async def test_a_code_needs_no_approval(store: Store) -> None:
    store.will_answer(welcome)
    file = await EnrolClient("kiosk").with_code(f"{ADDRESS}:9000", "7k3m-9qxw-2t8hv")
    assert [request[:2] for request in store.requests] == [("POST", "http://192.168.1.10:9000/enrol/code")]
    assert (file.device_id, file.server, file.server_key) == (
        "front-door",
        "tcp://192.168.1.10:8350",
        SERVER_KEY,
    )
    assert CODE not in str(store.requests[0][2])


@virtual_time
async def test_a_store_that_does_not_know_the_code_is_not_believed(store: Store) -> None:
    store.will_answer(lambda body: welcome(body, "7K3M9QXW2T8HW"))
    with failing(PairingFailure.WRONG_CODE, ""):
        await EnrolClient("kiosk").with_code(ADDRESS, CODE)


@virtual_time
async def test_what_is_no_code_is_not_sent(store: Store) -> None:
    with failing(PairingFailure.WRONG_CODE, ""):
        await EnrolClient("kiosk").with_code(ADDRESS, "7K3M")
    assert store.requests == []


# --- failures ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (OSError("no route"), PairingFailure.UNREACHABLE),
        (requests.ConnectionError("refused"), PairingFailure.UNREACHABLE),
        (ValueError("no url"), PairingFailure.UNREACHABLE),
        ((404, b"<html>"), PairingFailure.NOT_A_STORE),
        ((200, b"<html>"), PairingFailure.NOT_A_STORE),
        ((200, b'{"wire":2}'), PairingFailure.OTHER_VERSION),
        ((201, enrol.encode(ACCEPTED)), PairingFailure.NOT_A_STORE),
        ((500, b""), PairingFailure.NOT_A_STORE),
        ((429, b'{"why":"a later reason"}'), PairingFailure.NOT_A_STORE),
        (denied("too_many", 429), PairingFailure.TOO_MANY),
        (denied("other_version"), PairingFailure.OTHER_VERSION),
        (denied("not_now", 503), PairingFailure.NOT_NOW),
    ],
)
@virtual_time
async def test_a_failure_is_one_that_people_understand(
    store: Store, answer: Answer, reason: PairingFailure
) -> None:
    store.will_answer(answer)
    with failing(reason):
        await EnrolClient("kiosk").begin(ADDRESS)


@virtual_time
async def test_what_is_no_address_is_not_asked(store: Store) -> None:
    with failing(PairingFailure.NO_ADDRESS, "my shop" + "!" * 53):
        await EnrolClient("kiosk").begin("  my shop" + "!" * 100)
    with failing(PairingFailure.NO_ADDRESS, "my shop"):
        await EnrolClient("kiosk").with_code("my shop", CODE)
    assert store.requests == []


WORDS = {
    "too_often": "this screen has asked too often; wait ten minutes, or use a code",
    "unreachable": "nobody answers there; check the address, the network, and that the store runs",
    "not_a_store": "this is not a Welkom store; check the address",
    "no_address": "this is no address; write it as 192.168.1.10 or store.local:8351",
    "other_version": "the store has another version of Welkom; update the older of the two",
    "too_many": "too many devices ask at the moment; wait some minutes, or use a code",
    "expired": "nobody approved it in time; begin again",
    "refused": "the manager refused; begin again if that was a mistake",
    "wrong_code": "this code does not fit; check it, or make a new one on the manager's page",
    "not_now": "the store cannot save anything at the moment; try again in a while",
}


def test_each_failure_says_what_to_do_and_has_a_text_for_people() -> None:
    assert {reason.value: str(PairingError(reason)) for reason in PairingFailure} == WORDS
    error = PairingError(PairingFailure.REFUSED, "shop.local")
    assert str(error) == f"shop.local: {WORDS['refused']}"
    assert error.text_key == "pairing.error.refused"


# --- HTTP --------------------------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    """Answers with the request; /redirect and /large do what their names say."""

    seen: list[tuple[str, str, bytes, str | None]]

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.command, self.path, body, self.headers.get("Content-Type")))
        status = 302 if self.path == "/redirect" else 200
        answer = b"x" * 100_000 if self.path == "/large" else b"the answer"
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Encoding", "gzip")  # which is not true, and not looked at
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_what: Any) -> None: ...


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    Handler.seen = []
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_request_uses_no_proxy_follows_no_redirect_and_reads_no_more_than_a_message(web: str) -> None:
    assert enrol_client._request("POST", f"{web}/enrol", b"the body") == (200, b"the answer")
    assert enrol_client._request("GET", f"{web}/redirect", None)[0] == 302
    status, body = enrol_client._request("GET", f"{web}/large", None)
    assert (status, len(body)) == (200, enrol.MAX_MESSAGE_BYTES + 1)
    assert Handler.seen == [
        ("POST", "/enrol", b"the body", "application/json"),
        ("GET", "/redirect", b"", "application/json"),
        ("GET", "/large", b"", "application/json"),
    ]


def test_a_request_gives_up_after_some_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, Any] = {}

    def request(_session: requests.Session, *_arguments: Any, **given: Any) -> Any:
        options.update(given)
        raise requests.ConnectTimeout

    monkeypatch.setattr(requests.Session, "request", request)
    with pytest.raises(requests.ConnectTimeout):
        enrol_client._request("GET", BASE, None)
    assert (options["timeout"], options["stream"]) == ((3.0, 6.0), True)


def test_a_store_is_asked_in_a_thread(store: Store) -> None:
    threads: list[threading.Thread] = []

    def answer(_body: bytes) -> Answer:
        threads.append(threading.current_thread())
        return denied("too_many")

    store.will_answer(answer)
    with failing(PairingFailure.TOO_MANY):
        asyncio.run(EnrolClient("kiosk").begin(ADDRESS))
    assert threads != [threading.current_thread()]
