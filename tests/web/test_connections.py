"""The manager connects the shop with others on pages alone: programs, a calendar, webhooks, mail."""

import contextlib
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import pytest
import requests
from aiosmtpd.controller import Controller
from icalendar import Calendar
from standardwebhooks import Webhook

from sync_server.domain.resolution import Resolution
from sync_server.service.auth.tokens import Scope
from sync_server.service.mail.mail_password import password_file, read_password
from tests.webhook_receiver import Received, WebhookReceiver, webhook_receiver

from .running_server import RunningServer
from .steps import form_field, sign_in_once, text_of

SETTINGS = "/manager/settings"
Send = Callable[..., requests.Response]


@pytest.fixture
def send(running: RunningServer, http: requests.Session) -> Send:
    """Sends a form of a page, as the manager."""
    sign_in_once(running, http)

    def send(page: str, fields: Any, to: str = "") -> requests.Response:
        shown = http.get(running.address + page)
        stamps = re.findall(r'name="(was\.[^"]+)" value="([^"]*)"', shown.text)
        given = [
            ("token", form_field(shown)),
            *stamps,
            *(fields.items() if isinstance(fields, dict) else fields),
        ]
        return http.post(running.address + (to or page), given)

    return send


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with webhook_receiver() as found:
        yield found


def secret_on(page: requests.Response) -> str:
    """What the page shows once."""
    found = re.search(r'<code class="secret"[^>]*>([^<]+)</code>', page.text)
    assert found, text_of(page)
    return found[1].replace("&#43;", "+")


def test_a_program_is_connected_and_taken_away(
    running: RunningServer, http: requests.Session, send: Send
) -> None:
    page = f"{SETTINGS}/api"
    shown = http.get(running.address + page)
    assert "No other program is connected." in text_of(shown)
    for scope in Scope:  # a sentence says what each opens
        key = scope.replace(":", "_")
        assert re.search(rf'value="{scope}" aria-describedby="{key}"', shown.text), scope
        assert re.search(rf'id="{key}">[A-Z][^<]+\.<', shown.text), scope
    assert "at least one thing" in text_of(send(page, {"do": "make", "name": "Till"}))
    made = send(page, [("do", "make"), ("name", "Till"), ("scope", Scope.READ_FLOOR.value)])
    token = secret_on(made)
    assert token not in http.get(running.address + page).text, "it is shown once"
    floor = f"{running.address}/api/v1/floor"
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.get(floor, headers=headers).status_code == 200
    assert requests.get(floor.replace("floor", "log"), headers=headers).status_code == 403
    again = send(page, [("do", "make"), ("name", "Till"), ("scope", Scope.READ_FLOOR.value)])
    assert (again.status_code, "this one is taken" in text_of(again)) == (400, True)
    assert "Last used" in text_of(http.get(running.address + page))
    send(page, {"do": "revoke", "name": "Till"})
    assert requests.get(floor, headers=headers).status_code == 401


def test_a_calendar_has_what_is_left_to_do_and_no_words(
    running: RunningServer, http: requests.Session, send: Send
) -> None:
    running.sign_on("maya")
    for resolution in (Resolution.REPAIR_BOOKED, Resolution.SOLVED):
        ticket = running.open()
        ticket.accept("maya") if ticket.visit.offer_to == "maya" else ticket.claim("maya")
        ticket.start("maya")
        ticket.complete("maya", resolution)
        running.clock.after(5)
    page = f"{SETTINGS}/api"
    address = secret_on(send(page, {"do": "calendar", "name": "Desk", "language": "nl"}))
    answer = requests.get(address)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    (event,) = Calendar.from_ical(answer.text).walk("VEVENT")
    assert str(event["summary"]).startswith("A-")
    assert str(event["summary"]).endswith("· Reparatie geboekt")
    assert event.decoded("dtstart").isoformat() == "2026-03-07"
    assert requests.get(address.replace("/calendar/", "/calendar/x")).status_code == 404
    n = form_field(http.get(running.address + page), "n")
    send(page, {"do": "remove-calendar", "n": n})
    assert requests.get(address).status_code == 404


def test_a_webhook_is_made_sent_and_sent_again(
    running: RunningServer, http: requests.Session, send: Send, receiver: WebhookReceiver
) -> None:
    page = f"{SETTINGS}/webhooks"
    wanted = [("name", "board"), ("url", receiver.url), ("events", "visit.opened")]
    refused = send(f"{page}/new", wanted)
    assert (refused.status_code, "must begin with https://" in text_of(refused)) == (400, True)
    assert send(f"{page}/new", [*wanted, ("allow_local", "on")]).url.endswith("/webhooks/board?saved")
    settings = running.server.data_dir.settings.read_text("utf-8")
    assert f'url = "{receiver.url}"' in settings
    assert "# --- who works here" in settings, "its comments are there"
    secret = secret_on(send(f"{page}/board", {"do": "secret"}, f"{page}/board/act"))
    running.sign_on("maya")
    ticket = running.open()
    (got,) = receiver.wait(1)
    event = signed_by(secret, got)
    assert (event["type"], event["subject"]) == ("welkom.visit.opened", ticket.visit_id)
    assert event["id"] == got.headers["webhook-id"]
    _until(lambda: "· arrived" in text_of(http.get(running.address + page)))
    log = http.get(f"{running.address}{page}/board").text
    assert f'<a href="/manager/visits/{ticket.visit_id}">{ticket.visit.ticket}</a>' in log
    assert "Everything that was tried has arrived." in text_of(
        http.get(f"{running.address}{page}/board?show=failed")
    )
    assert "Nothing was sent before that." in text_of(http.get(f"{running.address}{page}/board?before=1"))
    n = form_field_of_button(http.get(running.address + page))
    send(page, {"n": n, "target": "board"}, f"{page}/log/again")
    again = receiver.wait(2)[1]
    assert (again.headers["webhook-id"], again.body) == (got.headers["webhook-id"], got.body)
    new_secret = secret_on(send(f"{page}/board", {"do": "new-secret"}, f"{page}/board/act"))
    assert new_secret != secret
    receiver.answer = lambda: (302, "http://127.0.0.1:1/")
    send(f"{page}/board", {"do": "test"}, f"{page}/board/act")
    test = receiver.wait(3)[2]
    assert signed_by(new_secret, test)["type"] == "welkom.webhook.test"
    _until(
        lambda: "It points on to http://127.0.0.1:1/" in text_of(http.get(f"{running.address}{page}/board"))
    )
    assert len(receiver.received) == 3
    failed = http.get(f"{running.address}{page}/board?show=failed").text
    assert "It points on to" in failed
    assert ticket.visit.ticket not in failed
    answer = send(
        f"{page}/board?show=failed", {"n": "9", "webhook": "board", "show": "failed"}, f"{page}/log/again"
    )
    assert answer.url.endswith("/board?show=failed")
    running.clock.after(3700)
    repairs = http.get(f"{running.address}/manager/repairs")
    assert "board has not taken what it was sent since 7 Mar 17:10." in text_of(repairs), (
        "the shop's own time"
    )
    assert f'href="{page}/board"' in repairs.text
    send(f"{page}/board", {}, f"{page}/board/remove")
    assert "Nobody elsewhere is told" in text_of(http.get(running.address + page))
    assert "[[webhooks]]" not in running.server.data_dir.settings.read_text("utf-8")
    assert http.get(f"{running.address}{page}/board").status_code == 404


def test_mail_is_set_up_tried_and_named_where_it_fails(
    running: RunningServer, http: requests.Session, send: Send
) -> None:
    page, got = f"{SETTINGS}/mail", []

    class Inbox:
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
            got.append(message_from_bytes(envelope.content, policy=policy.default))
            return "250 OK"

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    fields = {
        "mail.host": "127.0.0.1", "mail.port": str(port), "mail.tls": "none", "mail.at": "9.5",
        "mail.sender": "shop@example.com", "mail.to": "owner@example.com\r\n", "mail.user": "",
    }  # fmt: skip
    wrong = send(page, fields)
    assert (wrong.status_code, "is no time of day" in text_of(wrong)) == (400, True)
    assert "Welkom sends mail." in text_of(send(page, {**fields, "mail.at": "21:30"}))
    send(page, {"do": "password", "password": "s3cret"}, f"{page}/act")
    assert read_password(running.server.data_dir) == "s3cret"
    assert "s3cret" not in http.get(running.address + page).text
    assert "s3cret" not in running.server.data_dir.settings.read_text("utf-8")
    send(page, {"do": "forget"}, f"{page}/act")
    assert not password_file(running.server.data_dir).exists()
    send(page, {"do": "test"}, f"{page}/act")
    _until(lambda: "cannot be reached" in text_of(http.get(running.address + page)))
    controller = Controller(Inbox(), "127.0.0.1", port)
    controller.start()
    try:
        send(page, {"do": "forget"}, f"{page}/act")  # any change here tries what waits at once
        _until(lambda: got)
    finally:
        with contextlib.suppress(AssertionError):
            controller.stop()
    assert "mail works" in got[0]["Subject"]
    _until(lambda: "· sent" in text_of(http.get(running.address + page)))


def form_field_of_button(page: requests.Response) -> str:
    found = re.search(r'<button class="pill" name="n" value="(\d+)"', page.text)
    assert found, page.text
    return found[1]


def signed_by(secret: str, got: Received) -> Any:
    """What was received, if its signature is right. (The clock of these tests is not today's.)"""
    at = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
    signature = Webhook(secret).sign(got.headers["webhook-id"], at, got.body.decode())
    assert got.headers["webhook-signature"] == signature
    return json.loads(got.body)


def _until(condition: Callable[[], object]) -> None:
    """Asks again until it is so: the server sends in its own time."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
