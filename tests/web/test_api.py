"""Other programs open visits with a token, and can do nothing else."""

from collections.abc import Callable

import pytest
import requests

from sync_server.domain import ops
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.refusal import Code
from sync_server.service import control
from sync_server.service.retention import DESCRIPTION_MS
from sync_server.web import api

from .running import Running
from .steps import full_disk

Ask = Callable[..., requests.Response]
WANTED = {"need": "repair", "language": "en", "alias": "Robin"}


@pytest.fixture
def ask(shop: Running, http: requests.Session) -> Ask:
    token = control.run(shop.server.folder, "add_token", name="bookings")

    def ask(body: object = WANTED, key: str | None = None, token: str = token) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}", **({"Idempotency-Key": key} if key else {})}
        return http.post(shop.address + "/api/visits", json=body, headers=headers)

    return ask


def test_a_token_opens_a_visit_with_a_ticket_and_a_page(
    shop: Running, http: requests.Session, ask: Ask
) -> None:
    shop.sign_on("maya")
    answer = ask()
    assert answer.status_code == 201
    assert answer.json()["ticket"] == "ON-1"
    assert "ON-1" in http.get(answer.json()["link"]).text
    (visit,) = shop.call(shop.server.shop.floor.open_visits)
    assert (visit.source, visit.alias, visit.need, visit.ticket) == ("api", "Robin", "repair", "ON-1")
    assert ask().json()["ticket"] == "ON-2"


def test_the_same_key_opens_one_visit_however_often_it_is_sent(shop: Running, ask: Ask) -> None:
    first, again = ask(key="order-1"), ask(key="order-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    other = ask({**WANTED, "language": "nl"}, key="order-1")
    assert (other.status_code, "another visit" in other.json()["error"]) == (409, True)
    assert ask(key="order-2").json()["ticket"] == "ON-2"
    assert len(shop.call(shop.server.shop.floor.open_visits)) == 2


def test_a_key_of_long_ago_is_told_to_be_used(shop: Running, ask: Ask) -> None:
    """The floor has forgotten the visit, and the store what the request said: only that it was answered."""
    ticket = ask(key="order-1").json()["ticket"]
    (visit,) = shop.call(shop.server.shop.floor.open_visits)
    shop.yes(ops.Cancel(visit.visit_id), Actor(ActorKind.PHONE))
    shop.clock.after(25 * 3600)
    shop.call(shop.server.shop.tick)
    shop.wait_for(shop.server.shop.forget(DESCRIPTION_MS))
    answer = ask(key="order-1")
    assert (answer.status_code, "another visit" in answer.json()["error"]) == (409, True)
    assert ask(key="order-2").json()["ticket"] == ticket  # ON-1 of another day


def test_what_is_wrong_is_said_in_a_sentence(shop: Running, ask: Ask) -> None:
    for body, status, words in (
        ({**WANTED, "need": "teleport"}, 400, 'no need "teleport"'),
        ({**WANTED, "language": "xx"}, 400, "use en, nl or fi"),
        ({"need": "repair"}, 400, "language"),
        ({**WANTED, "visit_id": "a" * 32}, 400, "visit_id"),
        ([], 400, "send JSON such as"),
        ({**WANTED, "alias": "x" * 41}, 400, "alias"),
        ({**WANTED, "alias": "x" * 20_000}, 413, "Large"),
    ):
        answer = ask(body)
        assert (answer.status_code, words in answer.json()["error"]) == (status, True), answer.text
    assert shop.call(shop.server.shop.floor.open_visits) == []
    with full_disk(shop):
        answer = ask()
    assert (answer.status_code, "nothing was done: the disk is full" in answer.json()["error"]) == (503, True)


def test_without_a_good_token_nothing_is_done(shop: Running, http: requests.Session, ask: Ask) -> None:
    assert ask(token="made-up").status_code == 401
    assert http.post(shop.address + "/api/visits", json=WANTED).status_code == 401
    control.run(shop.server.folder, "revoke_token", name="bookings")
    told = ask()
    assert (told.status_code, "welkom token add" in told.json()["error"]) == (401, True)
    assert shop.call(shop.server.shop.floor.open_visits) == []


def test_a_token_is_nowhere_in_the_store(shop: Running) -> None:
    token = control.run(shop.server.folder, "add_token", name="bookings")
    files = [path for path in shop.server.folder.path.iterdir() if path.is_file()]
    assert not [path.name for path in files if token.encode() in path.read_bytes()]


def test_a_token_reads_nothing_and_does_nothing_else(shop: Running, http: requests.Session) -> None:
    token = control.run(shop.server.folder, "add_token", name="nosy")
    headers = {"Authorization": f"Bearer {token}"}
    for path in ("/manager/today", "/manager/log.csv", "/manager/now/events"):
        answer = http.get(shop.address + path, headers=headers, allow_redirects=False)
        assert answer.status_code == 303, path
    assert http.get(shop.address + "/api/visits", headers=headers).status_code == 405
    assert http.post(shop.address + "/control", json={}, headers=headers).status_code == 401
    shop.sign_on("maya")
    ticket = shop.open()
    for op in (ops.Cancel(ticket.visit_id), ops.Rate(ticket.visit_id, ces=1)):
        refusal = shop.do(op, api.PROGRAM)
        assert refusal is not None
        assert refusal.code is Code.NOT_ALLOWED


def test_a_program_that_runs_wild_is_slowed_down() -> None:
    pace = api.Pace()
    assert all(pace.allows("bookings", 1000 + n) for n in range(api.MOST_A_MINUTE))
    assert not pace.allows("bookings", 60_999)
    assert pace.allows("other", 60_999)
    assert pace.allows("bookings", 61_000)
    assert not pace.allows("bookings", 61_000)
