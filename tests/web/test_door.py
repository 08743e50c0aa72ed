"""Connections to the pages that say nothing, say it slowly, or are too many: they harm themselves only."""

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest
import requests

from sync_server.service import web_door

from .running import Running

GIVE_UP_S = 20.0
HEAD = b"POST /manager/sign-in HTTP/1.1\r\nHost: shop\r\nContent-Type: application/x-www-form-urlencoded\r\n"


@contextlib.contextmanager
def connections(shop: Running, count: int) -> Iterator[list[socket.socket]]:
    host, port = shop.server.web_address.split(":")
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(socket.create_connection((host, int(port)), GIVE_UP_S)) for _ in range(count)
        ]


def counted(shop: Running, name: str) -> int:
    return shop.server.counters.values()[name]


def comes_to(shop: Running, name: str, at_least: int) -> None:
    """Waits until a counter has risen so far."""
    give_up = time.monotonic() + GIVE_UP_S
    while counted(shop, name) < at_least:
        assert time.monotonic() < give_up, f"{name} is {counted(shop, name)}, not {at_least}"
        shop.call(lambda: None)  # a turn of the server's loop


def ended(connection: socket.socket) -> bool:
    """Waits until the other side has ended it; what it said meanwhile is of no interest."""
    with contextlib.suppress(ConnectionError):
        while connection.recv(4096):
            pass
    return True


def a_page(shop: Running, http: requests.Session) -> int:
    """What a browser that comes in the middle of it all is answered."""
    fresh = {"Connection": "close"}
    return http.get(f"{shop.address}/robots.txt", headers=fresh, timeout=GIVE_UP_S).status_code


@pytest.mark.attack(
    "Slow-loris: connections to the pages that send nothing, half a head, or half a body",
    "each ends when its time for one request is over; others are served meanwhile",
)
@pytest.mark.parametrize("said", [b"", HEAD, HEAD + b"Content-Length: 100\r\n\r\npassword="], ids=range(3))
def test_whoever_does_not_get_on_with_it_is_ended(
    shop: Running,
    http: requests.Session,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    said: bytes,
) -> None:
    monkeypatch.setattr(web_door, "WEB_REQUEST_S", 0.3)
    with connections(shop, 20) as slow:
        for connection in slow:
            connection.sendall(said)
        assert a_page(shop, http) == 200
        assert all(ended(connection) for connection in slow)
    comes_to(shop, "web_too_slow", 20)
    assert a_page(shop, http) == 200
    assert "Traceback" not in caplog.text  # nothing of ours went wrong


def test_a_byte_now_and_then_wins_no_time(shop: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_door, "WEB_REQUEST_S", 0.3)
    with connections(shop, 1) as (slow,):
        slow.settimeout(0.02)
        began = time.monotonic()
        over = False
        while not over:
            assert time.monotonic() - began < GIVE_UP_S
            try:
                slow.sendall(b"x")
                over = slow.recv(100) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                over = True
    assert counted(shop, "web_too_slow") == 1


@pytest.mark.attack(
    "2,000 connections to the pages that are held open",
    "the oldest make room for whoever comes: every page asked for meanwhile is served",
)
def test_a_crowd_makes_room_for_whoever_comes(
    shop: Running, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_door, "WEB_REQUEST_S", 600.0)  # none ends by itself before it is its turn
    with connections(shop, 1000):
        assert a_page(shop, http) == 200
        with connections(shop, 1000):
            assert a_page(shop, http) == 200
    comes_to(shop, "web_shed", 1000)


def test_whoever_listens_for_news_is_the_last_to_make_room(
    shop: Running, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_door, "WEB_CONNECTIONS", 10)
    monkeypatch.setattr(web_door, "WEB_REQUEST_S", 60.0)
    shop.sign_on("maya")
    ticket = shop.open()
    with http.get(f"{ticket.url}/events", stream=True, timeout=GIVE_UP_S) as news:
        lines = news.iter_lines()
        next(lines)
        with connections(shop, 30):
            comes_to(shop, "web_shed", 20)
            ticket.cancel()
            assert any(b"over" in line for line in lines)  # told to the end


@pytest.mark.attack(
    "A shopper's phone listens for news on all connections there are",
    "the oldest of them makes room for whoever comes",
)
def test_listeners_on_all_connections_keep_nobody_out(
    shop: Running,
    http: requests.Session,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(web_door, "WEB_CONNECTIONS", 5)
    ticket = shop.open()
    with contextlib.ExitStack() as stack:
        listening = []  # a reader that is let go takes its connection along
        for _ in range(5):
            news = http.get(f"{ticket.url}/events", stream=True, timeout=GIVE_UP_S)
            listening.append(stack.enter_context(news).iter_lines())
            next(listening[-1])
        assert a_page(shop, http) == 200
        assert counted(shop, "web_shed") == 1
    assert "Traceback" not in caplog.text


def test_a_page_that_listens_is_not_ended_for_being_slow(
    shop: Running, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_door, "WEB_REQUEST_S", 0.1)
    ticket = shop.open()
    with (
        http.get(f"{ticket.url}/events", stream=True, timeout=GIVE_UP_S) as news,
        connections(shop, 1) as (idle,),
    ):
        lines = news.iter_lines()
        next(lines)
        assert ended(idle)  # whose time began after the listener's
        ticket.cancel()
        assert any(b"over" in line for line in lines)


@pytest.mark.attack("A request to the pages with a head of 100 kB", "refused; the connection ends")
def test_a_head_too_large_is_refused(shop: Running, http: requests.Session) -> None:
    with connections(shop, 1) as (mad,):
        mad.sendall(b"GET / HTTP/1.1\r\nHost: shop\r\n")
        with contextlib.suppress(ConnectionError):
            mad.sendall(b"X: " + b"x" * 100_000)
        assert ended(mad)
    assert a_page(shop, http) == 200
