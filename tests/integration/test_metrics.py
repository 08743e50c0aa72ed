"""What a server tells those who watch over it, and what it never tells."""

import asyncio
import json
import logging
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sync_server.domain import ops
from sync_server.domain.events import Resolution
from sync_server.service import control
from sync_server.service.counters import COUNTED
from sync_server.service.logs import JsonLines
from sync_server.service.metrics import METRICS, Metrics
from sync_server.service.store import Cause, Trouble
from sync_server.web.app import make_app

from .house import PIN, come, do, visit_of

SECRETS = ("Rumpelstiltskin", "lavender-note", "torn-story", "kind-comment", "L" * 22, PIN)


async def a_visit(house, kiosk, tom) -> str:
    """From the door to the comment, with everything said that can be said."""
    visit_id = come(kiosk, "repair", alias=SECRETS[0], colour="red", place="door", link=SECRETS[4])

    async def until(state: str) -> None:
        await house.until(lambda: (row := visit_of(tom, visit_id)) and row.state == state)

    await until("offered")
    do(tom, ops.Accept, visit_id)
    await until("accepted")
    do(tom, ops.AddNote, visit_id, note=SECRETS[1])
    await house.until(lambda: visit_of(tom, visit_id).notes)
    do(tom, ops.Start, visit_id)
    await until("serving")
    do(tom, ops.Complete, visit_id, resolution=Resolution.SOLVED, note=SECRETS[2])
    await house.until(lambda: (row := visit_of(kiosk, visit_id)) and row.state == "completed")
    kiosk.submit(ops.Rate(visit_id, ces=5, comment=SECRETS[3]))
    await house.until(lambda: not kiosk.outbox.pending())
    return visit_id


def figures(text: str) -> dict[tuple[str, ...], float]:
    """Each sample's value, by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_the_figures_are_those_of_the_floor(house):
    kiosk, tom = await house.crew("tom")
    metrics = Metrics(house.server)
    await a_visit(house, kiosk, tom)
    kiosk.submit(ops.Cancel("f" * 32))
    await house.until(lambda: not kiosk.outbox.pending())
    told = figures(metrics.text().decode())
    for event in ("opened", "offered", "accepted", "started", "completed", "rated"):
        assert told["welkom_events_total", event] == 1, event
    assert told["welkom_refusals_total", "unknown_visit"] == told["welkom_ops_refused_total",] == 1
    assert told["welkom_ops_done_total",] == 6
    assert told["welkom_devices_online", "kiosk"] == told["welkom_devices_online", "staff"] == 1
    assert told["welkom_people", "available"] == 1
    assert (
        told["welkom_visits_open", "waiting"] == told["welkom_unwell",] == told["welkom_turns_waiting",] == 0
    )
    assert told["welkom_commit_seconds_count",] >= 1
    assert ("welkom_backup_age_seconds",) not in told


async def test_every_metric_is_described_and_every_description_is_of_one(house):
    await house.crew()
    families = {
        family.name for family in text_string_to_metric_families(Metrics(house.server).text().decode())
    }
    described = {name.removesuffix("_total") for name in [*METRICS, *(f"welkom_{n}_total" for n in COUNTED)]}
    ours = {name for name in families if not name.startswith("process_") and not name.endswith("_created")}
    assert ours == described


async def test_a_busy_days_log_has_every_event_and_nothing_about_shoppers(house, caplog):
    caplog.set_level(logging.DEBUG)
    kiosk, tom = await house.crew("tom")
    visit_id = await a_visit(house, kiosk, tom)
    await tom.sign_in("tom", "00000000")
    raw = house.raw(house.devices[0].file)
    await raw.hello()
    op = {"op": "open_visit", "alias": SECRETS[0]}
    broken = {"type": "submit", "op_id": "1" * 32, "at_device": 1, "op": op}
    await raw.say(json.dumps(broken).encode())
    await raw.hear()
    lines = [JsonLines().format(record) for record in caplog.records]
    told = [json.loads(line) for line in lines]
    assert all("\n" not in line for line in lines)
    own = [line["event"] for line in told if line.get("visit_id") == visit_id]
    assert own == ["opened", "offered", "accepted", "noted", "started", "completed", "rated"]
    everything = "\n".join([*lines, caplog.text])
    assert "that is no message" in everything
    assert [secret for secret in SECRETS if secret in everything] == []
    assert re.search(r'"actor":"employee:tom"', everything)


async def test_a_fault_is_one_line_with_the_place_it_happened():
    try:
        raise ValueError("no such luck")
    except ValueError as error:
        fault = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "it %s", ("broke",), fault)
    line = JsonLines().format(record)
    assert "\n" not in line
    told = json.loads(line)
    assert (told["text"], told["level"]) == ("it broke", "error")
    assert told["fault"].endswith("ValueError: no such luck")


@pytest.mark.attack(
    "Somebody on the shop's network asks for the server's figures",
    "told to whoever has a token, over https; to nobody else",
)
async def test_from_another_computer_the_figures_are_for_a_token_over_https(house):
    made = control.run(house.folder, "add_token", name="prometheus")
    app = make_app(await house.open(make_app))
    right, wrong = {"Authorization": f"Bearer {made}"}, {"Authorization": "Bearer x"}
    for headers, scheme, status in (
        (right, "https", 200),
        (right, "http", 403),
        (wrong, "https", 403),
        ({}, "https", 403),
    ):
        code, text = await ask(app, "/metrics", "192.168.1.20", headers, scheme)
        assert (code, "welkom_unwell" in text) == (status, status == 200), (headers, scheme)
    await asyncio.to_thread(control.run, house.folder, "revoke_token", name="prometheus")
    assert (await ask(app, "/metrics", "192.168.1.20", right, "https"))[0] == 403


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.168.1.20", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.7"}, 403),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.7"}, 403),
    ],
)
async def test_the_figures_are_not_for_shoppers_and_health_is_for_all(house, client, headers, status):
    server = await house.open()
    app = make_app(server)
    code, text = await ask(app, "/metrics", client, headers)
    assert code == status
    assert ("welkom_unwell" in text) == (status == 200)
    for path in ("/health", "/healthz"):
        code, text = await ask(app, path, client, headers)
        assert (code, json.loads(text)["ok"]) == (200, True)
    server.shop.mending.unwell = Trouble(Cause.FULL, "the disk is full")
    code, text = await ask(app, "/healthz", client, headers)
    assert (code, json.loads(text)["unwell"]) == (503, "the disk is full")
    server.shop.mending.unwell = None


async def ask(app, path: str, client: str, headers: dict[str, str], scheme: str = "http") -> tuple[int, str]:
    """A GET as it comes from that address; the status and the text."""
    told: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict) -> None:
        told.append(message)

    lines = {"Host": "127.0.0.1", **headers}.items()
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in lines],
        "client": (client, 50_000),
        "server": ("127.0.0.1", 80),
        "scheme": scheme,
        "http_version": "1.1",
        "root_path": "",
        "state": {},
    }
    await app(scope, receive, send)
    return told[0]["status"], b"".join(message.get("body", b"") for message in told[1:]).decode()
