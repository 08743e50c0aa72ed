"""The metrics, the log and the health of a server, and what they never contain."""

import asyncio
import json
import logging
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sync_server.domain import ops
from sync_server.domain.resolution import Resolution
from sync_server.service.admin import client
from sync_server.service.figures import metrics_of
from sync_server.service.observe.counters import COUNTED
from sync_server.service.observe.logs import JsonFormatter
from sync_server.service.observe.metrics import METRICS
from sync_server.service.storage.errors import FaultCause, StoreFault
from sync_server.web.app import make_app

from .harness import PIN, come, do, visit_of

SECRETS = ("Rumpelstiltskin", "lavender-note", "torn-story", "kind-comment", "L" * 22, PIN)


async def a_visit(house, kiosk, tom) -> str:
    """A whole visit, with every kind of description, note and comment."""
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
    metrics = metrics_of(house.server)
    await a_visit(house, kiosk, tom)
    kiosk.submit(ops.Cancel("f" * 32))
    await house.until(lambda: not kiosk.outbox.pending())
    values = figures(metrics.text().decode())
    for event in ("opened", "offered", "accepted", "started", "completed", "rated"):
        assert values["welkom_events_total", event] == 1, event
    assert values["welkom_refusals_total", "unknown_visit"] == values["welkom_ops_refused_total",] == 1
    assert values["welkom_ops_done_total",] == 6
    assert values["welkom_devices_online", "kiosk"] == values["welkom_devices_online", "staff"] == 1
    assert values["welkom_people", "available"] == 1
    assert (
        values["welkom_visits_open", "waiting"]
        == values["welkom_unwell",]
        == values["welkom_turns_waiting",]
        == 0
    )
    assert values["welkom_commit_seconds_count",] >= 1
    assert ("welkom_backup_age_seconds",) not in values


async def test_every_metric_is_described_and_every_description_is_of_one(house):
    await house.crew()
    families = {
        family.name for family in text_string_to_metric_families(metrics_of(house.server).text().decode())
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
    await raw.send_frames(json.dumps(broken).encode())
    await raw.receive()
    lines = [JsonFormatter().format(record) for record in caplog.records]
    values = [json.loads(line) for line in lines]
    assert all("\n" not in line for line in lines)
    own = [line["event"] for line in values if line.get("visit_id") == visit_id]
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
    line = JsonFormatter().format(record)
    assert "\n" not in line
    values = json.loads(line)
    assert (values["text"], values["level"]) == ("it broke", "error")
    assert values["fault"].endswith("ValueError: no such luck")


@pytest.mark.attack(
    "A computer on the shop's network requests the server's metrics",
    "only with a token and over https",
)
async def test_from_another_computer_the_figures_are_for_a_token_over_https(house):
    made = client.run(house.data_dir, "add_token", name="prometheus")
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
    await asyncio.to_thread(client.run, house.data_dir, "revoke_token", name="prometheus")
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
    server.processor.recovery.write_error = StoreFault(FaultCause.FULL, "the disk is full")
    code, text = await ask(app, "/healthz", client, headers)
    assert (code, json.loads(text)["unwell"]) == (503, "the disk is full")
    server.processor.recovery.write_error = None


async def ask(app, path: str, client: str, headers: dict[str, str], scheme: str = "http") -> tuple[int, str]:
    """A GET request from that address. Returns the status and the body."""
    values: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict) -> None:
        values.append(message)

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
    return values[0]["status"], b"".join(message.get("body", b"") for message in values[1:]).decode()
