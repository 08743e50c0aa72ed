"""Other programs of the shop use the API: what they may do with which scope, and what they are told."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from sync_server.domain import ops
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.resolution import Resolution
from sync_server.service.admin import client
from sync_server.service.auth.tokens import Scope
from sync_server.service.limits.numbers import API_REQUESTS_PER_MINUTE
from sync_server.service.storage.connection import reading
from sync_server.web.api.v1 import calls
from sync_server.web.api.v1.calls import request_rates

from .running_server import RunningServer
from .steps import full_disk

Ask = Callable[..., requests.Response]
WANTED = {"need": "repair", "language": "en", "alias": "Robin", "colour": "red"}
ALL = " ".join(Scope)
EXCEPT_WORDS = " ".join(set(Scope) - {Scope.READ_WORDS})


@pytest.fixture
def ask(running: RunningServer, http: requests.Session) -> Ask:
    def made(scopes: str) -> str:
        name = f"program {len(tokens) + 1}"
        return client.run(running.server.data_dir, "add_token", name=name, scopes=scopes)

    tokens: dict[str, str] = {}

    def ask(
        method: str, path: str, scopes: str = ALL, key: str | None = None, **more: Any
    ) -> requests.Response:
        if scopes not in tokens:
            tokens[scopes] = made(scopes)
        headers = {"Authorization": f"Bearer {tokens[scopes]}", **({"Idempotency-Key": key} if key else {})}
        return http.request(method, f"{running.address}/api/v1{path}", headers=headers, **more)

    return ask


def refused(answer: requests.Response) -> tuple[int, str]:
    """The status and the code of a problem, which must be one as RFC 9457 asks."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"] == f"urn:welkom:problem:{body['code']}"
    assert body["title"]
    assert body["detail"]
    return answer.status_code, body["code"]


def test_a_program_opens_reads_and_cancels_a_visit(running: RunningServer, ask: Ask) -> None:
    opened = ask("POST", "/visits", json=WANTED, key="order-1")
    assert opened.status_code == 201
    visit = opened.json()
    assert visit["ticket"] == "ON-1"
    assert opened.headers["location"] == f"/api/v1/visits/{visit['visit_id']}"
    assert ask("POST", "/visits", json=WANTED, key="order-1").json() == visit
    assert refused(ask("POST", "/visits", json={**WANTED, "colour": "blue"}, key="order-1")) == (
        422, "key_reused",
    )  # fmt: skip
    path = f"/visits/{visit['visit_id']}"
    read = ask("GET", path).json()
    assert (read["state"], read["words"]["alias"], read["words"]["colour"]) == ("waiting", "Robin", "red")
    assert read["created_at"].endswith("Z")
    assert ask("POST", path + "/cancel").json()["state"] == "cancelled"
    assert ask("POST", path + "/cancel").json()["state"] == "cancelled", "it may be asked again"
    running.clock.after(2 * 3600)
    running.call(running.server.processor.tick)
    assert ask("GET", path).json()["state"] == "cancelled", "the floor has forgotten it, the log has not"


def test_a_program_cancels_only_what_a_program_opened(running: RunningServer, ask: Ask) -> None:
    running.sign_on("maya")
    ticket = running.open()
    assert refused(ask("POST", f"/visits/{ticket.visit_id}/cancel")) == (409, "not_possible")
    assert refused(ask("POST", f"/visits/{'0' * 32}/cancel")) == (404, "not_found")
    assert ticket.visit.ended_at is None


def test_words_are_for_those_who_may_read_them(running: RunningServer, ask: Ask) -> None:
    running.sign_on("maya")
    visit_id = ask("POST", "/visits", json=WANTED).json()["visit_id"]
    ticket = running.open()
    ticket.accept("maya") if ticket.visit.offer_to == "maya" else ticket.claim("maya")
    ticket.start("maya")
    ticket.complete("maya", Resolution.NOT_SOLVED)
    running.submit_ok(ops.Rate(ticket.visit_id, ces=2, comment="lovely shop"))
    for path in (f"/visits/{visit_id}", "/floor", "/log", "/follow-ups"):
        said = ask("GET", path).text
        assert "Robin" in said or "lovely shop" in said, path
        silent = ask("GET", path, EXCEPT_WORDS)
        assert silent.status_code == 200
        assert not [w for w in ("Robin", "lovely", "words", "comment", '"red"') if w in silent.text], path


def test_each_request_needs_its_scope(running: RunningServer, ask: Ask) -> None:
    for method, path, scope in (
        ("POST", "/visits", Scope.OPEN_VISITS),
        ("POST", f"/visits/{'0' * 32}/cancel", Scope.CANCEL_VISITS),
        ("GET", "/floor", Scope.READ_FLOOR),
        ("GET", "/log", Scope.READ_VISITS),
        ("GET", "/report", Scope.READ_REPORT),
        ("GET", "/catalogue", Scope.READ_CATALOGUE),
        ("POST", "/arrivals", Scope.COUNT_ARRIVALS),
    ):
        others = " ".join(set(Scope) - {scope})
        answer = ask(method, path, others)
        assert refused(answer) == (403, "scope_missing"), path
        assert scope in answer.json()["detail"]
    assert running.call(running.server.processor.floor.open_visits) == []


@pytest.mark.attack(
    "A program sends its token in the address, where logs keep it",
    "it is refused, and told to revoke that token",
)
def test_a_token_in_an_address_is_refused(running: RunningServer, http: requests.Session) -> None:
    token = client.run(running.server.data_dir, "add_token", name="careless", scopes=ALL)
    for name in ("token", "access_token", "Api_Key"):
        answer = http.get(f"{running.address}/api/v1/floor?{name}={token}")
        assert refused(answer) == (400, "token_in_address")
        assert "revoke this one" in answer.json()["detail"]


def test_what_is_wrong_is_named(running: RunningServer, ask: Ask, http: requests.Session) -> None:
    for method, path, body, status, code, parameter in (
        ("POST", "/visits", {"need": "teleport", "language": "en"}, 400, "invalid_body", "need"),
        ("POST", "/visits", {"need": "repair", "language": "xx"}, 400, "invalid_body", "language"),
        ("POST", "/visits", {**WANTED, "place": "moon"}, 400, "invalid_body", "place"),
        ("POST", "/visits", {"need": "repair"}, 400, "invalid_body", "language"),
        ("POST", "/visits", {**WANTED, "party_size": 21}, 400, "invalid_body", "party_size"),
        ("POST", "/visits", [], 400, "invalid_body", None),
        ("POST", "/visits", {**WANTED, "alias": "x" * 20_000}, 413, "too_large", None),
        ("GET", "/log?limit=1000", None, 400, "invalid_parameter", "limit"),
        ("GET", "/report?to=null", None, 400, "invalid_parameter", "to"),
        ("GET", "/log?limit=1&limit=2", None, 400, "invalid_parameter", "limit"),
        ("GET", "/log?cursor=next", None, 400, "invalid_parameter", "cursor"),
        ("GET", "/log?colour=red", None, 400, "invalid_parameter", "colour"),
        ("GET", "/report?from=2026-01-32", None, 400, "invalid_parameter", "from"),
        ("GET", "/report?from=2020-01-01&to=2026-01-01", None, 400, "invalid_parameter", "from"),
        ("GET", "/visits/none", None, 404, "not_found", None),
        ("GET", "/nothing", None, 404, "not_found", None),
        ("DELETE", "/log", None, 405, "method_not_allowed", None),
    ):
        answer = ask(method, path, json=body)
        assert refused(answer) == (status, code), answer.text
        assert answer.json().get("parameter") == parameter, answer.text
    assert refused(http.get(f"{running.address}/api/v1/floor")) == (401, "token_missing")
    running.submit_ok(ops.CloseNeed("repair"), Actor(ActorKind.MANAGER))
    assert refused(ask("POST", "/visits", json=WANTED)) == (409, "need_closed")
    with full_disk(running):
        answer = ask("POST", "/visits", json={**WANTED, "need": "pick_up"})
    assert refused(answer) == (503, "unavailable")
    assert answer.headers["retry-after"] == "5"


def test_a_door_counts_people_once_by_quarter_of_an_hour(running: RunningServer, ask: Ask) -> None:
    assert ask("POST", "/arrivals", json={"people": 2}, key="r-1").json() == {"counted": True}
    running.clock.after(60)
    assert ask("POST", "/arrivals", json={"people": 2}, key="r-1").json() == {"counted": False}
    assert refused(ask("POST", "/arrivals", json={"people": 3}, key="r-1")) == (422, "key_reused")
    assert ask("POST", "/arrivals", json={}).json() == {"counted": True}
    late = {"people": 4, "door": "back", "at": "2026-03-07T09:07:00+01:00"}
    assert ask("POST", "/arrivals", json=late).json() == {"counted": True}
    for at in ("2026-03-08T09:00:00Z", "2026-02-01T09:00:00Z"):
        assert refused(ask("POST", "/arrivals", json={"at": at})) == (400, "invalid_body")
    assert ask("GET", "/arrivals").json()["items"] == [
        {"at": "2026-03-07T08:00:00Z", "door": "back", "people": 4},
        {"at": "2026-03-07T16:00:00Z", "door": "door", "people": 3},
    ]
    report = ask("GET", "/report").json()
    assert (report["arrivals"], report["counts"]["arrived"]) == (7, 0)


def test_the_pages_of_the_log_have_each_visit_once(
    running_with_past: RunningServer, http: requests.Session
) -> None:
    running = running_with_past
    token = client.run(running.server.data_dir, "add_token", name="reader", scopes="visits:read report:read")
    in_order = "ORDER BY day, created_at, rowid"
    with reading(running.server.data_dir.store) as db:
        expected = [row[0] for row in db.execute(f"SELECT visit_id FROM visits {in_order}")]
        left = [
            row[0]
            for row in db.execute(
                "SELECT visit_id FROM visits WHERE state = 'completed' AND resolution IN"
                f" ('referred', 'repair_booked', 'appointment_booked', 'not_solved') {in_order}"
            )
        ]

    def read(path: str, **query: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        answer = http.get(f"{running.address}/api/v1{path}", params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def every(path: str, **query: Any) -> list[str]:
        found, cursor = [], None
        while True:
            page = read(path, **query, **({"cursor": cursor} if cursor else {}))
            found += [item["visit_id"] for item in page["items"]]
            if (cursor := page["next"]) is None:
                return found

    assert every("/log", limit=97) == expected
    assert every("/follow-ups", limit=3) == left
    assert left
    saturday = read("/log", **{"from": "2026-03-07", "to": "2026-03-07", "state": "completed", "limit": 200})
    assert {(line["day"], line["state"]) for line in saturday["items"]} == {("2026-03-07", "completed")}
    report = read("/report", **{"from": "2026-03-07", "to": "2026-03-07"})
    assert report["counts"]["completed"] == len(saturday["items"])
    assert report["shares_of"]["service_level"]["whole"] > 0


def test_a_token_sends_600_requests_a_minute() -> None:
    rates = request_rates()
    assert all(rates.of("bookings").take(1000 + n) for n in range(API_REQUESTS_PER_MINUTE))
    assert not rates.of("bookings").take(60_999)
    assert rates.of("other").take(60_999)


def test_an_answer_says_how_much_may_still_be_asked(
    running: RunningServer, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "API_REQUESTS_PER_MINUTE", 2)
    first = ask("GET", "/catalogue")
    assert first.headers["ratelimit-policy"] == '"requests";q=2;w=60'
    assert first.headers["ratelimit"] == '"requests";r=1;t=60'
    running.clock.after(20)
    assert ask("GET", f"/visits/{'0' * 32}").headers["ratelimit"] == '"requests";r=0;t=40', "a problem too"
    full = ask("GET", "/catalogue")
    assert refused(full) == (429, "too_many")
    assert (full.headers["ratelimit"], full.headers["retry-after"]) == ('"requests";r=0;t=40', "40")
    running.clock.after(40)
    assert ask("GET", "/catalogue").status_code == 200
    stranger = requests.get(f"{running.address}/api/v1/catalogue")
    assert "ratelimit" not in stranger.headers
