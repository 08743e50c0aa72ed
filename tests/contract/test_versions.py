"""This version with devices and servers of other versions."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from sync_server.device.sync.engine import Engine, Send
from sync_server.domain.catalogue.catalogue import StoreInfo
from sync_server.domain.catalogue.opening_hours import WEEKDAYS
from sync_server.protocol import messages as msg
from sync_server.protocol.compatibility import for_first_release
from sync_server.protocol.wire import decode_from_server, encode
from tests.floor_harness import FloorHarness
from tests.sample_store import MONDAY_10, catalogue

WIRE = Path(__file__).parent / "wire"
FIRST = WIRE / "0.1.0"
HOURS = dict.fromkeys(WEEKDAYS, "09:00-18:00")
SHOP = catalogue(store=StoreInfo("Shop", closes="21:00", hours=HOURS, dates={"2026-12-25": "closed"}))


def fields_of(value: Any, path: str = "") -> set[str]:
    """The path of every field, with any value."""
    match value:
        case dict():
            return {
                found
                for key, inner in value.items()
                for found in ({f"{path}.{key}"} | fields_of(inner, f"{path}.{key}"))
            }
        case list():
            return {found for item in value for found in fields_of(item, f"{path}[]")}
    return set()


def test_a_device_of_the_first_release_gets_only_catalogue_fields_it_knows():
    known = fields_of(json.loads((FIRST / "server-snapshot.json").read_text())["catalogue"])
    texts = {path for path in known if path.rpartition(".")[2] in ("en", "nl", "fi")}
    sent = msg.Snapshot(0, MONDAY_10, "k", "2026-03-02", 0, "d", catalogue=for_first_release(SHOP))
    told = fields_of(json.loads(encode(sent))["catalogue"])
    assert {path for path in told if path.rpartition(".")[2] not in ("en", "nl", "fi")} <= known - texts


def test_a_device_of_the_first_release_gets_every_field_it_knows():
    known: dict[str, Any] = {
        "timezone": "Europe/Helsinki",
        "languages": ("fi",),
        "currency": "SEK",
        "closes": "20:00",
        "public_url": "https://shop.example/",
        "goodwill_limit_cents": 900,
    }
    newer: dict[str, Any] = {"hours": HOURS, "dates": {"2026-12-25": "closed"}, "closing_warning_min": 5}
    asked_last = tuple(replace(need, overflow=("tom",)) for need in catalogue().needs)
    sent = for_first_release(catalogue(store=StoreInfo("Shop", **known, **newer), needs=asked_last))
    assert b"overflow" not in msgspec.json.encode(sent)
    assert sent == catalogue(store=StoreInfo("Shop", **known))


def test_a_device_of_today_reads_a_catalogue_of_tomorrow():
    sent = msg.Snapshot(0, MONDAY_10, "k", "2026-03-02", 0, "d", catalogue=SHOP)
    tomorrow = json.loads(encode(sent))
    tomorrow["catalogue"]["store"]["parking"] = 12
    tomorrow["catalogue"]["needs"][0]["sound"] = "gong"
    tomorrow["news"] = ["later"]
    assert decode_from_server(json.dumps(tomorrow).encode()) == sent


def test_the_version_of_the_wire_is_in_the_first_message():
    [send] = Engine([]).opened(0)
    assert isinstance(send, Send)
    assert json.loads(encode(send.message))["protocol"] == msg.PROTOCOL


@pytest.mark.parametrize("live", [True, False])
def test_a_message_that_this_version_cannot_decode_means_a_newer_server(live):
    engine = Engine([])
    engine.opened(0)
    snapshot = msg.Snapshot(0, MONDAY_10, "k", "2026-03-02", 0, "d")
    if live:
        engine.receive(snapshot, 10)
    assert engine.unreadable(20)
    assert not engine.live
    assert engine.problem == "this device cannot read what the server says; update the device"
    engine.opened(500)
    engine.receive(snapshot, 510)
    assert engine.problem is None


def test_a_log_of_the_first_release_is_replayed_as_it_was():
    """Its events have neither `ahead_ms` nor `happened_at`."""
    play = FloorHarness()
    play.sign_on("tom")
    play.complete("tom", play.open_with("tom", "repair"))
    assert all(r.ahead_ms is None and r.happened_at is None for r in play.records)
    assert all(r.occurred_at == r.at for r in play.records)
