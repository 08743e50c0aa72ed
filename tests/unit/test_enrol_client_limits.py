"""Enrolment of a device: how often it shows digits, and a store with more than one address."""

import pytest
import requests

from sync_server.device.network.enrol_client import (
    EnrolClient,
    PairingError,
    PairingFailure,
    ShownDigits,
)
from sync_server.protocol import enrol

from . import enrol_store
from .enrol_store import ACCEPTED, ADDRESS, BASE, ENROLLED, Store, failing
from .virtual_time import virtual_time

store = enrol_store.store  # the fixture

# --- how often a screen shows digits -------------------------------------------------------------------


@pytest.mark.attack(
    "Somebody between screen and store makes each attempt fail until the screen shows digits that fit",
    "a screen shows digits four times in ten minutes; then it needs a code",
)
def test_a_screen_shows_digits_a_few_times_and_then_needs_a_code() -> None:
    now = [0.0]
    shown = ShownDigits(lambda: now[0])
    for _ in range(enrol.MAX_SHOWN):
        shown.add()
        now[0] += 1
    with pytest.raises(PairingError, check=lambda error: error.reason is PairingFailure.TOO_OFTEN):
        shown.add()
    now[0] = enrol.EXPIRES_S  # the first was ten minutes ago
    with pytest.raises(PairingError):
        shown.add()
    now[0] += 0.5
    shown.add()
    with pytest.raises(PairingError):
        shown.add()


@virtual_time
async def test_the_number_is_not_revealed_once_more_and_only_attempts_that_were_answered_count(
    store: Store,
) -> None:
    shown = ShownDigits(lambda: 0.0)
    for _ in range(2 * enrol.MAX_SHOWN):
        store.will_answer(requests.ConnectionError())
        with failing(PairingFailure.UNREACHABLE):
            await EnrolClient("kiosk", shown).begin(ADDRESS)
    for _ in range(enrol.MAX_SHOWN):
        store.will_answer(ACCEPTED, enrol.EnrolmentState())
        await EnrolClient("kiosk", shown).begin(ADDRESS)
    store.requests.clear()
    store.will_answer(ACCEPTED)
    with failing(PairingFailure.TOO_OFTEN, ""):
        await EnrolClient("kiosk", shown).begin(ADDRESS)
    assert [url for _, url, _ in store.requests] == [f"{BASE}/enrol"]


# --- a store with more than one address --------------------------------------------------------------------

OTHERS = ("10.8.0.1:8351", "[fd00::1]:8351")


@virtual_time
async def test_every_address_of_a_store_is_tried_and_the_one_that_answers_is_kept(store: Store) -> None:
    store.will_answer(requests.ConnectionError(), (200, b"another program"), ACCEPTED, enrol.EnrolmentState())
    store.will_answer(enrol.EnrolmentState(enrolled=ENROLLED))
    client = EnrolClient("kiosk", others=lambda address: OTHERS if address == ADDRESS else ())
    await client.begin(ADDRESS)
    file = await client.wait()
    assert file.server == "tcp://[fd00::1]:8350"
    bases = [url.split("/enrol")[0] for _, url, _ in store.requests]
    assert bases == [BASE, "http://10.8.0.1:8351", *["http://[fd00::1]:8351"] * 3]


@virtual_time
async def test_where_no_address_answers_the_first_one_is_named(store: Store) -> None:
    store.will_answer(*[requests.ConnectionError()] * 3)
    with failing(PairingFailure.UNREACHABLE):
        await EnrolClient("kiosk", others=lambda _address: OTHERS).begin(ADDRESS)
    assert len(store.requests) == 3


@virtual_time
async def test_an_answer_of_the_store_is_final_whatever_other_addresses_it_has(store: Store) -> None:
    store.will_answer((429, enrol.encode(enrol.Denied("too_many"))))
    with failing(PairingFailure.TOO_MANY):
        await EnrolClient("kiosk", others=lambda _address: OTHERS).begin(ADDRESS)
    assert len(store.requests) == 1
