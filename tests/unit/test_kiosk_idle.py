"""The kiosk's session without taps, and with taps in any order."""

import asyncio
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.controller import KioskController
from kiosk.session.session import KioskScreen, KioskSound, ShopperSession
from kiosk.session.session_flow import Effect, SessionFlow
from kiosk.session.timeouts import STILL_THERE_MS
from sync_server.device.device import Device
from sync_server.domain import ops
from sync_server.domain.refusal import Code
from tests.examples import examples
from tests.gallery.fake_kiosk_device import FakeKioskDevice, store_of

from .shopper import (
    AT,
    IDLE_MS,
    LINK,
    STORE,
    VISIT,
    Shopper,
    at_confirm_leave,
    at_identify,
    at_name,
    at_need_group,
    at_pick_ticket,
    at_rating,
    row,
)

OPEN_AT = 1_772_701_200_000  # a Thursday, ten in the morning in Amsterdam

# --- still there? ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "screen"),
    [
        (at_need_group, KioskScreen.NEED_GROUP),
        (at_identify, KioskScreen.IDENTIFY),
        (at_name, KioskScreen.NAME),
        (at_confirm_leave, KioskScreen.CONFIRM_LEAVE),
        (at_rating, KioskScreen.RATING),
        (at_pick_ticket, KioskScreen.PICK_TICKET),
    ],
)
def test_a_screen_left_alone_asks_and_then_forgets_everything(shopper: Shopper, way, screen) -> None:
    way(shopper)
    shopper.wait(IDLE_MS - 1)
    assert (shopper.screen, shopper.flow.session.asks_still_there) == (screen, False)
    shopper.wait(1)
    assert (shopper.screen, shopper.flow.session.asks_still_there) == (screen, True)
    assert shopper.flow.seconds_left(shopper.now) == STILL_THERE_MS // 1000
    shopper.wait(STILL_THERE_MS - 1)
    assert (shopper.flow.session.asks_still_there, shopper.flow.seconds_left(shopper.now)) == (True, 1)
    shopper.wait(1)
    assert shopper.flow.session == ShopperSession("nl")


def test_the_countdown_wakes_once_a_second(shopper: Shopper) -> None:
    at_identify(shopper)
    shopper.wait(IDLE_MS)
    for left in range(15, 0, -1):
        assert shopper.flow.seconds_left(shopper.now) == left
        assert shopper.flow.next_deadline(shopper.now) == shopper.now + 1000
        shopper.wait(1000)


def test_yes_i_am_here_keeps_the_session(shopper: Shopper) -> None:
    at_name(shopper)
    shopper.wait(IDLE_MS)
    shopper.flow.still_here(shopper.now)
    assert (shopper.screen, shopper.flow.session.name) == (KioskScreen.NAME, "R")
    shopper.wait(IDLE_MS - 1)
    assert not shopper.flow.session.asks_still_there


def test_starting_over_ends_the_session_at_once(shopper: Shopper) -> None:
    at_name(shopper)
    shopper.wait(IDLE_MS)
    shopper.flow.start_over(shopper.now)
    assert shopper.flow.session == ShopperSession("nl")


def test_a_touch_anywhere_counts_as_being_there_but_answers_nothing(shopper: Shopper) -> None:
    at_identify(shopper)
    shopper.wait(IDLE_MS - 1)
    shopper.flow.record_touch(shopper.now)
    shopper.wait(IDLE_MS - 1)
    assert not shopper.flow.session.asks_still_there
    shopper.wait(1)
    shopper.flow.record_touch(shopper.now)
    assert shopper.flow.session.asks_still_there
    shopper.wait(STILL_THERE_MS)
    assert shopper.flow.session == ShopperSession("nl")


def test_an_untouched_greeting_asks_nobody(shopper: Shopper) -> None:
    shopper.wait(10 * IDLE_MS)
    assert shopper.flow.session == ShopperSession("nl")


# --- taps in any order ----------------------------------------------------------------------------

TAPS = st.sampled_from(
    [
        ("choose_need", "repair"), ("choose_need", "more"), ("choose_need", "lost"), ("choose_need", "?"),
        ("choose_colour", "red"), ("choose_place", "seats"), ("open_name",), ("type", "å"), ("erase",),
        ("back",), ("acknowledge",), ("leave",), ("open_rating",), ("pick_ticket", VISIT), ("rate", 3),
        ("decline_rating",), ("still_here",), ("start_over",), ("try_again",), ("set_language", "fi"),
        ("record_touch",), ("join",),
        ("wait", 50_000),
        ("update", "waiting"), ("update", "accepted"), ("update", "serving"), ("update", "completed"),
        ("update", "no_show"),
        ("offline",), ("refuse",),
    ]
)  # fmt: skip


@given(st.lists(TAPS, max_size=40))
@settings(max_examples=examples(300), deadline=None)
def test_no_order_of_taps_breaks_the_session(taps: list[tuple[Any, ...]]) -> None:
    shopper = Shopper()
    shopper.update()
    flow = shopper.flow
    done: list[Effect] = []
    opened = 0
    for name, *values in taps:
        shopper.now += 1
        match name:
            case "join":
                effects = flow.join(f"{opened + 1:032x}", f"A-{opened + 1}", LINK, shopper.now)
                opened += len(effects)
            case "update":
                visit_id = flow.session.visit_id or VISIT
                ended_at = AT if values[0] in ("completed", "no_show") else None
                effects = shopper.update(row(visit_id=visit_id, state=values[0], ended_at=ended_at))
            case "offline":
                effects = shopper.update(live=False)
            case "refuse":
                effects = []
                sent = [op for op in done if not isinstance(op, KioskSound)]
                if sent:
                    flow.handle_refusal(sent[-1], Code.WRONG_STATE, shopper.now)
            case "wait":
                shopper.wait(values[0])
                effects = []
            case _:
                effects = getattr(flow, name)(*values, shopper.now) or []
        done += effects
        session = flow.session
        assert session.screen is not KioskScreen.LOADING
        assert session.screen is not KioskScreen.IDENTIFY or session.need
        assert session.screen not in (KioskScreen.LINE, KioskScreen.CONFIRM_LEAVE) or session.visit_id
        assert session.screen is not KioskScreen.RATING or session.rated_visit_id
        assert (session.screen is KioskScreen.ERROR) == (session.error is not None)
    sent = [op for op in done if not isinstance(op, KioskSound)]
    for op in sent:
        assert msgspec.json.decode(msgspec.json.encode(op), type=ops.ShopperOp) == op
    rated = [op.visit_id for op in sent if isinstance(op, ops.Rate)]
    assert len(rated) == len(set(rated))
    shopper.wait(300_000)
    assert flow.session == ShopperSession("nl")


# --- outside the opening hours -------------------------------------------------------------------------


def test_while_the_store_is_closed_it_takes_no_needs() -> None:
    hours = {"thu": "09:00-18:00"}
    for store, later_h, screen in (
        (replace(STORE.store, hours=hours), 0, KioskScreen.NEED),
        (replace(STORE.store, hours=hours), 9, KioskScreen.CLOSED),
        (replace(STORE.store, hours=hours, needs_when_closed=True), 9, KioskScreen.NEED),
        (STORE.store, 9, KioskScreen.NEED),  # the store has no opening hours
    ):
        shopper = Shopper()
        shopper.update(catalogue=replace(STORE, store=store), at=OPEN_AT + later_h * 3_600_000)
        assert shopper.screen is screen
        shopper.flow.choose_need("repair", shopper.now)
        assert (shopper.screen is KioskScreen.IDENTIFY) is (screen is KioskScreen.NEED)


def test_a_session_that_began_before_closing_time_may_finish() -> None:
    hours = {"thu": "09:00-18:00"}
    closing = replace(STORE, store=replace(STORE.store, hours=hours))
    shopper = Shopper()
    shopper.update(catalogue=closing, at=OPEN_AT)
    shopper.flow.choose_need("repair", shopper.now)
    shopper.update(catalogue=closing, at=OPEN_AT + 9 * 3_600_000)
    assert shopper.join().need == "repair"


def test_a_stopped_controller_ignores_changes() -> None:
    async def go() -> list[str]:
        device = FakeKioskDevice(store_of())
        controller = KioskController(SessionFlow(), cast(Device, device), lambda: 0)
        drawn: list[str] = []
        controller.draw = lambda: drawn.append("drawn")
        controller.stop()
        device.on_change()
        return drawn

    assert asyncio.run(go()) == []
