"""Connections to the pages that are slow or too many do no harm to others."""

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest
import requests
from msgspec.structs import replace

from .running_server import RunningServer
from .steps import exporting, sign_in_once, until

TIMEOUT_S = 20.0
HEAD = b"POST /manager/sign-in HTTP/1.1\r\nHost: shop\r\nContent-Type: application/x-www-form-urlencoded\r\n"


@contextlib.contextmanager
def open_connections(running: RunningServer, count: int) -> Iterator[list[socket.socket]]:
    host, port = running.server.pages.web.split(":")
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(socket.create_connection((host, int(port)), TIMEOUT_S)) for _ in range(count)
        ]


def set_limits(running: RunningServer, monkeypatch: pytest.MonkeyPatch, **limits: float) -> None:
    """Changes the limits of the pages' connections."""
    listener = running.server.web_listener
    monkeypatch.setattr(listener, "limits", replace(listener.limits, **limits))


def counter(running: RunningServer, name: str) -> int:
    return running.server.counters.values()[name]


def wait_for_counter(running: RunningServer, name: str, at_least: int) -> None:
    """Waits until a counter has reached a value."""
    give_up = time.monotonic() + TIMEOUT_S
    while counter(running, name) < at_least:
        assert time.monotonic() < give_up, f"{name} is {counter(running, name)}, not {at_least}"
        running.call(lambda: None)  # lets the server's loop run once


def is_closed(connection: socket.socket) -> bool:
    """Waits until the server closes the connection; what it sends before does not matter."""
    with contextlib.suppress(ConnectionError):
        while connection.recv(4096):
            pass
    return True


def get_page(running: RunningServer, http: requests.Session) -> int:
    """The status that another browser gets meanwhile."""
    fresh = {"Connection": "close"}
    return http.get(f"{running.address}/robots.txt", headers=fresh, timeout=TIMEOUT_S).status_code


@pytest.mark.attack(
    "Slow-loris: connections to the pages that send nothing, half a head, or half a body",
    "each is closed when the time for one request is over; others are served meanwhile",
)
@pytest.mark.parametrize("sent", [b"", HEAD, HEAD + b"Content-Length: 100\r\n\r\npassword="], ids=range(3))
def test_slow_connections_are_closed(
    running: RunningServer,
    http: requests.Session,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    sent: bytes,
) -> None:
    set_limits(running, monkeypatch, request_s=0.3)
    with open_connections(running, 20) as slow:
        for connection in slow:
            connection.sendall(sent)
        assert get_page(running, http) == 200
        assert all(is_closed(connection) for connection in slow)
    wait_for_counter(running, "web_too_slow", 20)
    assert get_page(running, http) == 200
    assert "Traceback" not in caplog.text  # no exception in the server


@pytest.mark.attack(
    "A download is requested and not read, for ever",
    "its connection is closed after a while, and the process that makes it ends",
)
@pytest.mark.usefixtures("endless_export")
def test_a_client_that_does_not_read_its_answer_loses_the_connection(
    running: RunningServer, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limits(running, monkeypatch, stalled_s=0.3)
    sign_in_once(running, http)
    cookie = "; ".join(f"{each.name}={each.value}" for each in http.cookies)
    head = f"GET /manager/log.csv HTTP/1.1\r\nHost: {running.server.pages.web}\r\nCookie: {cookie}\r\n\r\n"
    with open_connections(running, 1) as [stalled]:
        stalled.sendall(head.encode())
        wait_for_counter(running, "web_too_slow", 1)
        assert is_closed(stalled)
        assert get_page(running, http) == 200
    until(lambda: not exporting())


def test_a_byte_from_time_to_time_does_not_extend_the_time_limit(
    running: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limits(running, monkeypatch, request_s=0.3)
    with open_connections(running, 1) as (slow,):
        slow.settimeout(0.02)
        began = time.monotonic()
        over = False
        while not over:
            assert time.monotonic() - began < TIMEOUT_S
            try:
                slow.sendall(b"x")
                over = slow.recv(100) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                over = True
    assert counter(running, "web_too_slow") == 1


@pytest.mark.attack(
    "2,000 connections to the pages that are held open",
    "the oldest are closed: every page requested meanwhile is served",
)
def test_the_oldest_connections_are_closed_when_there_are_too_many(
    running: RunningServer, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limits(running, monkeypatch, request_s=600.0)  # none is closed for being slow
    with open_connections(running, 1000):
        assert get_page(running, http) == 200
        with open_connections(running, 1000):
            assert get_page(running, http) == 200
    wait_for_counter(running, "web_shed", 1000)


def test_event_streams_are_closed_last(
    running: RunningServer, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limits(running, monkeypatch, max_connections=10)
    set_limits(running, monkeypatch, request_s=60.0)
    running.sign_on("maya")
    ticket = running.open()
    with http.get(f"{ticket.url}/events", stream=True, timeout=TIMEOUT_S) as news:
        lines = news.iter_lines()
        next(lines)
        with open_connections(running, 30):
            wait_for_counter(running, "web_shed", 20)
            ticket.cancel()
            assert any(b"over" in line for line in lines)  # the stream goes on until the visit is over


@pytest.mark.attack(
    "A shopper's phone uses all connections to listen for updates",
    "the oldest of them is closed when another one comes",
)
def test_event_streams_on_all_connections_do_not_lock_others_out(
    running: RunningServer,
    http: requests.Session,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    set_limits(running, monkeypatch, max_connections=5)
    ticket = running.open()
    with contextlib.ExitStack() as stack:
        listening = []  # a reader that is garbage collected closes its connection
        for _ in range(5):
            news = http.get(f"{ticket.url}/events", stream=True, timeout=TIMEOUT_S)
            listening.append(stack.enter_context(news).iter_lines())
            next(listening[-1])
        assert get_page(running, http) == 200
        assert counter(running, "web_shed") == 1
    assert "Traceback" not in caplog.text


def test_an_event_stream_is_not_closed_as_slow(
    running: RunningServer, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limits(running, monkeypatch, request_s=0.1)
    ticket = running.open()
    with (
        http.get(f"{ticket.url}/events", stream=True, timeout=TIMEOUT_S) as news,
        open_connections(running, 1) as (idle,),
    ):
        lines = news.iter_lines()
        next(lines)
        assert is_closed(idle)  # its time began after that of the stream
        ticket.cancel()
        assert any(b"over" in line for line in lines)


@pytest.mark.attack(
    "A request to the pages with headers of 100 kB",
    "refused; the connection is closed",
)
def test_a_head_too_large_is_refused(running: RunningServer, http: requests.Session) -> None:
    with open_connections(running, 1) as (connection,):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: shop\r\n")
        with contextlib.suppress(ConnectionError):
            connection.sendall(b"X: " + b"x" * 100_000)
        assert is_closed(connection)
    assert get_page(running, http) == 200


@pytest.mark.attack(
    "Requests whose chunks are malformed, again and again",
    "each is answered with 400 and closed, without an exception in the log",
)
@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    "chunk", [b"ZZ\r\nhello\r\n", b"5\r\nhelloXX", b"-1\r\n", b"F" * 30 + b"\r\n", b"0\r\nno trailer\r\n\r\n"]
)
@pytest.mark.parametrize("path", [b"/manager/sign-in", b"/control", b"/api/visits", b"/v/none"])
def test_a_malformed_chunk_is_answered_and_raises_nothing(running, http, caplog, path, chunk, at_once):
    head = HEAD.replace(b"/manager/sign-in", path) + b"Transfer-Encoding: chunked\r\n\r\n"
    with open_connections(running, 1) as [connection]:
        if at_once:
            connection.sendall(head + chunk)
        else:
            connection.sendall(head)
            get_page(running, http)  # by then the application waits for the body
            connection.sendall(chunk)
        assert is_closed(connection)
    get_page(running, http)
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
