"""Other programs open visits with a token, and can do nothing else."""

import contextlib
import json
from collections.abc import Callable
from http.client import HTTPConnection

import pytest
import requests

from sync_server.domain import ops
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.refusal import Code
from sync_server.service.admin import client
from sync_server.service.limits.numbers import API_VISITS_PER_MINUTE
from sync_server.web.api.opening import PROGRAM, open_rates

from .running_server import RunningServer
from .steps import full_disk

Ask = Callable[..., requests.Response]
WANTED = {"need": "repair", "language": "en", "alias": "Robin"}


@pytest.fixture
def ask(running: RunningServer, http: requests.Session) -> Ask:
    token = client.run(running.server.data_dir, "add_token", name="bookings")

    def ask(body: object = WANTED, key: str | None = None, token: str = token) -> requests.Response:
        headers = {
            "Authorization": f"Bearer {token}",
            **({"Idempotency-Key": key} if key is not None else {}),
        }
        return http.post(running.address + "/api/visits", json=body, headers=headers)

    return ask


def test_a_token_opens_a_visit_with_a_ticket_and_a_page(
    running: RunningServer, http: requests.Session, ask: Ask
) -> None:
    running.sign_on("maya")
    answer = ask()
    assert answer.status_code == 201
    assert answer.json()["ticket"] == "ON-1"
    assert "ON-1" in http.get(answer.json()["link"]).text
    (visit,) = running.call(running.server.processor.floor.open_visits)
    assert (visit.source, visit.alias, visit.need, visit.ticket) == ("api", "Robin", "repair", "ON-1")
    assert ask().json()["ticket"] == "ON-2"


def test_a_request_sent_again_with_the_same_key_opens_one_visit(running: RunningServer, ask: Ask) -> None:
    first, again = ask(key="order-1"), ask(key="order-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    for change in ({"language": "nl"}, {"need": "pick_up"}, {"alias": "Alex"}, {"alias": None}):
        other = ask({**WANTED, **change}, key="order-1")
        assert (other.status_code, "another visit" in other.json()["error"]) == (422, True), change
    assert ask({**WANTED, "alias": " Robin "}, key="order-1").json() == first.json(), "it is the same alias"
    assert ask(key="order-2").json()["ticket"] == "ON-2"
    assert len(running.call(running.server.processor.floor.open_visits)) == 2


def test_a_key_of_a_deleted_visit_is_refused_as_used(running: RunningServer, ask: Ask) -> None:
    """The floor has dropped the visit and the store its description: only the id of the answer is left."""
    ticket = ask(key="order-1").json()["ticket"]
    (visit,) = running.call(running.server.processor.floor.open_visits)
    running.submit_ok(ops.Cancel(visit.visit_id), Actor(ActorKind.PHONE))
    running.clock.after(25 * 3600)
    running.call(running.server.processor.tick)
    running.run(running.server.processor.apply_retention())
    answer = ask(key="order-1")
    assert (answer.status_code, "another visit" in answer.json()["error"]) == (409, True)
    assert ask(key="order-2").json()["ticket"] == ticket  # ON-1 of another day


def test_a_need_that_is_closed_today_is_refused(running: RunningServer, ask: Ask) -> None:
    running.submit_ok(ops.CloseNeed("repair"), Actor(ActorKind.MANAGER))
    answer = ask({**WANTED, "need": "repair"})
    assert (answer.status_code, "is closed today" in answer.json()["error"]) == (409, True)


def test_an_error_is_explained_in_a_sentence(running: RunningServer, ask: Ask) -> None:
    for body, status, expected in (
        ({**WANTED, "need": "teleport"}, 400, 'no need "teleport"'),
        ({**WANTED, "language": "xx"}, 400, "use en, nl or fi"),
        ({"need": "repair"}, 400, "language"),
        ({**WANTED, "visit_id": "a" * 32}, 400, "visit_id"),
        ([], 400, "send JSON such as"),
        ({**WANTED, "alias": "x" * 41}, 400, "alias"),
        ({**WANTED, "alias": "x" * 20_000}, 413, "Large"),
    ):
        answer = ask(body)
        assert (answer.status_code, expected in answer.json()["error"]) == (status, True), answer.text
    assert running.call(running.server.processor.floor.open_visits) == []
    with full_disk(running):
        answer = ask()
    assert (answer.status_code, "nothing was done: the disk is full" in answer.json()["error"]) == (503, True)


def test_an_empty_idempotency_key_is_refused_and_is_no_key(running: RunningServer, ask: Ask) -> None:
    """Before, two shoppers whose program sent an empty one got the same ticket."""
    answer = ask(key="")
    assert (answer.status_code, "Idempotency-Key is empty" in answer.json()["error"]) == (400, True)
    assert running.call(running.server.processor.floor.open_visits) == []


@pytest.mark.parametrize("path", ["/api/visits", "/api/v1/visits"])
def test_of_two_idempotency_keys_none_counts(running: RunningServer, path: str) -> None:
    token = client.run(running.server.data_dir, "add_token", name="bookings")
    body = json.dumps(WANTED).encode()
    with contextlib.closing(HTTPConnection(running.server.pages.web)) as raw:
        raw.putrequest("POST", path)
        for header, value in (
            ("Authorization", f"Bearer {token}"),
            ("Idempotency-Key", "a"),
            ("Idempotency-Key", "b"),
            ("Content-Length", str(len(body))),
        ):
            raw.putheader(header, value)
        raw.endheaders(body)
        answer = raw.getresponse()
        assert (answer.status, b"Idempotency-Key is there" in answer.read()) == (400, True)
    assert running.call(running.server.processor.floor.open_visits) == []


def test_without_a_good_token_nothing_is_done(
    running: RunningServer, http: requests.Session, ask: Ask
) -> None:
    assert ask(token="made-up").status_code == 401
    assert http.post(running.address + "/api/visits", json=WANTED).status_code == 401
    client.run(running.server.data_dir, "revoke_token", name="bookings")
    answer = ask()
    assert (answer.status_code, "welkom token add" in answer.json()["error"]) == (401, True)
    assert running.call(running.server.processor.floor.open_visits) == []


def test_no_file_of_the_store_contains_a_token(running: RunningServer) -> None:
    token = client.run(running.server.data_dir, "add_token", name="bookings")
    files = [path for path in running.server.data_dir.path.iterdir() if path.is_file()]
    assert not [path.name for path in files if token.encode() in path.read_bytes()]


def test_a_token_reads_nothing_and_does_nothing_else(running: RunningServer, http: requests.Session) -> None:
    token = client.run(running.server.data_dir, "add_token", name="nosy")
    headers = {"Authorization": f"Bearer {token}"}
    for path in ("/manager/today", "/manager/log.csv", "/manager/now/events"):
        answer = http.get(running.address + path, headers=headers, allow_redirects=False)
        assert answer.status_code == 303, path
    assert http.get(running.address + "/api/visits", headers=headers).status_code == 405
    running.sign_on("maya")
    ticket = running.open()
    for op, code in (
        (ops.Cancel(ticket.visit_id), Code.NOT_YOUR_VISIT),
        (ops.Rate(ticket.visit_id, ces=1), Code.NOT_ALLOWED),
    ):
        refusal = running.submit(op, PROGRAM)
        assert refusal is not None
        assert refusal.code is code


def test_a_token_may_open_60_visits_a_minute() -> None:
    rates = open_rates()
    assert all(rates.of("bookings").take(1000 + n) for n in range(API_VISITS_PER_MINUTE))
    assert not rates.of("bookings").take(60_999)
    assert rates.of("other").take(60_999)
    assert rates.of("bookings").take(61_000)
    assert not rates.of("bookings").take(61_000)
