"""A server of today and devices of released versions, and the other way round."""

import json
from pathlib import Path
from typing import Any

import pytest

from sync_server.device.engine import Engine
from sync_server.domain.catalogue import Store
from sync_server.domain.hours import WEEKDAYS
from sync_server.protocol import messages as msg
from sync_server.protocol.older import for_the_first
from sync_server.protocol.wire import decode_from_server, encode
from tests.shop import MONDAY_10, Play, catalogue

WIRE = Path(__file__).parent / "wire"
FIRST = WIRE / "0.1.0"
HOURS = dict.fromkeys(WEEKDAYS, "09:00-18:00")
SHOP = catalogue(store=Store("Shop", closes="21:00", hours=HOURS, dates={"2026-12-25": "closed"}))


def fields_of(value: Any, path: str = "") -> set[str]:
    """The path of every field there is, whatever is in it."""
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


def test_a_device_of_the_first_release_gets_no_catalogue_field_it_would_choke_on():
    known = fields_of(json.loads((FIRST / "server-snapshot.json").read_text())["catalogue"])
    texts = {path for path in known if path.rpartition(".")[2] in ("en", "nl", "fi")}
    sent = msg.Snapshot(0, MONDAY_10, "k", "2026-03-02", 0, "d", catalogue=for_the_first(SHOP))
    told = fields_of(json.loads(encode(sent))["catalogue"])
    assert {path for path in told if path.rpartition(".")[2] not in ("en", "nl", "fi")} <= known - texts


def test_and_it_still_knows_all_that_it_did():
    reduced = for_the_first(SHOP)
    assert reduced.store.name == SHOP.store.name
    assert reduced.next_closing(MONDAY_10) != SHOP.next_closing(MONDAY_10)  # but not the opening hours
    assert reduced == for_the_first(catalogue(store=Store("Shop", closes="21:00")))


def test_a_device_of_today_reads_a_catalogue_of_tomorrow():
    sent = msg.Snapshot(0, MONDAY_10, "k", "2026-03-02", 0, "d", catalogue=SHOP)
    tomorrow = json.loads(encode(sent))
    tomorrow["catalogue"]["store"]["parking"] = 12
    tomorrow["catalogue"]["needs"][0]["sound"] = "gong"
    tomorrow["news"] = ["later"]
    assert decode_from_server(json.dumps(tomorrow).encode()) == sent


def test_the_version_of_the_wire_is_in_the_first_message():
    [hello] = [action.message for action in Engine([]).opened(0)]
    assert json.loads(encode(hello))["protocol"] == msg.PROTOCOL


@pytest.mark.parametrize("live", [True, False])
def test_a_server_that_says_what_this_version_cannot_read_is_newer(live):
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
    play = Play()
    play.sign_on("tom")
    play.complete("tom", play.open_with("tom", "repair"))
    assert all(r.ahead_ms is None and r.happened_at is None for r in play.records)
    assert all(r.when == r.at for r in play.records)
