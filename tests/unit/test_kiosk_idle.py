"""The kiosk's session when nobody taps, or anybody does: asked, forgotten, never broken."""

import asyncio
from typing import cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.flow import Flow
from kiosk.hands import Hands
from kiosk.patience import STILL_THERE_MS
from kiosk.scenes import StandIn, store_of
from kiosk.session import Screen, Session, Sound
from sync_server.device.device import Device
from sync_server.domain import ops
from sync_server.domain.refusal import Code

from .shopper import (
    AT,
    IDLE_MS,
    LINK,
    STORE,
    VISIT,
    Shopper,
    on_leave,
    on_more,
    on_name,
    on_pick,
    on_spot,
    on_thanks,
    row,
)

OPEN_AT = 1_772_701_200_000  # a Thursday, ten in the morning in Amsterdam

# --- still there? ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "screen"),
    [
        (on_more, Screen.MORE),
        (on_spot, Screen.SPOT),
        (on_name, Screen.NAME),
        (on_leave, Screen.LEAVE),
        (on_thanks, Screen.THANKS),
        (on_pick, Screen.PICK),
    ],
)
def test_a_screen_left_alone_asks_and_then_forgets_everything(shopper: Shopper, way, screen) -> None:
    way(shopper)
    shopper.wait(IDLE_MS - 1)
    assert (shopper.screen, shopper.flow.session.still_there) == (screen, False)
    shopper.wait(1)
    assert (shopper.screen, shopper.flow.session.still_there) == (screen, True)
    assert shopper.flow.seconds_left(shopper.now) == STILL_THERE_MS // 1000
    shopper.wait(STILL_THERE_MS - 1)
    assert (shopper.flow.session.still_there, shopper.flow.seconds_left(shopper.now)) == (True, 1)
    shopper.wait(1)
    assert shopper.flow.session == Session("nl")


def test_the_countdown_wakes_once_a_second(shopper: Shopper) -> None:
    on_spot(shopper)
    shopper.wait(IDLE_MS)
    for left in range(15, 0, -1):
        assert shopper.flow.seconds_left(shopper.now) == left
        assert shopper.flow.next_deadline(shopper.now) == shopper.now + 1000
        shopper.wait(1000)


def test_yes_i_am_here_keeps_all(shopper: Shopper) -> None:
    on_name(shopper)
    shopper.wait(IDLE_MS)
    shopper.flow.here(shopper.now)
    assert (shopper.screen, shopper.flow.session.name) == (Screen.NAME, "R")
    shopper.wait(IDLE_MS - 1)
    assert not shopper.flow.session.still_there


def test_start_over_forgets_at_once(shopper: Shopper) -> None:
    on_name(shopper)
    shopper.wait(IDLE_MS)
    shopper.flow.start_over(shopper.now)
    assert shopper.flow.session == Session("nl")


def test_a_touch_anywhere_counts_as_being_there_but_answers_nothing(shopper: Shopper) -> None:
    on_spot(shopper)
    shopper.wait(IDLE_MS - 1)
    shopper.flow.touched(shopper.now)
    shopper.wait(IDLE_MS - 1)
    assert not shopper.flow.session.still_there
    shopper.wait(1)
    shopper.flow.touched(shopper.now)
    assert shopper.flow.session.still_there
    shopper.wait(STILL_THERE_MS)
    assert shopper.flow.session == Session("nl")


def test_an_untouched_greeting_asks_nobody(shopper: Shopper) -> None:
    shopper.wait(10 * IDLE_MS)
    assert shopper.flow.session == Session("nl")


# --- whatever people do ---------------------------------------------------------------------------

TAPS = st.sampled_from(
    [
        ("choose_need", "repair"), ("choose_need", "more"), ("choose_need", "lost"), ("choose_need", "?"),
        ("choose_colour", "red"), ("choose_place", "seats"), ("open_name",), ("type", "å"), ("erase",),
        ("back",), ("all_right",), ("leave",), ("how_was_it",), ("pick", VISIT), ("rate", 3), ("no_thanks",),
        ("here",), ("start_over",), ("try_again",), ("speak", "fi"), ("touched",), ("join",),
        ("wait", 50_000),
        ("see", "waiting"), ("see", "accepted"), ("see", "serving"), ("see", "completed"), ("see", "no_show"),
        ("offline",), ("refuse",),
    ]
)  # fmt: skip


@given(st.lists(TAPS, max_size=40))
@settings(max_examples=300, deadline=None)
def test_no_order_of_taps_breaks_the_session(taps: list[tuple[object, ...]]) -> None:
    shopper = Shopper()
    shopper.see()
    flow = shopper.flow
    done: list[object] = []
    opened = 0
    for name, *values in taps:
        shopper.now += 1
        match name:
            case "join":
                effects = flow.join(f"{opened + 1:032x}", f"A-{opened + 1}", LINK, shopper.now)
                opened += len(effects)
            case "see":
                visit_id = flow.session.visit_id or VISIT
                ended_at = AT if values[0] in ("completed", "no_show") else None
                effects = shopper.see(row(visit_id=visit_id, state=values[0], ended_at=ended_at))
            case "offline":
                effects = shopper.see(live=False)
            case "refuse":
                effects = []
                sent = [op for op in done if not isinstance(op, Sound)]
                if sent:
                    flow.refused(sent[-1], Code.WRONG_STATE, shopper.now)
            case "wait":
                shopper.wait(values[0])
                effects = []
            case _:
                effects = getattr(flow, name)(*values, shopper.now) or []
        done += effects
        session = flow.session
        assert session.screen is not Screen.MOMENT
        assert session.screen is not Screen.SPOT or session.need
        assert session.screen not in (Screen.LINE, Screen.LEAVE) or session.visit_id
        assert session.screen is not Screen.THANKS or session.asked_of
        assert (session.screen is Screen.TROUBLE) == (session.trouble is not None)
    said = [op for op in done if not isinstance(op, Sound)]
    for op in said:
        assert msgspec.json.decode(msgspec.json.encode(op), type=ops.ShopperOp) == op
    rated = [op.visit_id for op in said if isinstance(op, ops.Rate)]
    assert len(rated) == len(set(rated))
    shopper.wait(300_000)
    assert flow.session == Session("nl")


# --- outside the opening hours -------------------------------------------------------------------------


def test_while_the_store_is_closed_it_takes_no_needs() -> None:
    hours = {"thu": "09:00-18:00"}
    for store, later_h, screen in (
        (replace(STORE.store, hours=hours), 0, Screen.NEED),
        (replace(STORE.store, hours=hours), 9, Screen.CLOSED),
        (replace(STORE.store, hours=hours, needs_when_closed=True), 9, Screen.NEED),
        (STORE.store, 9, Screen.NEED),  # no hours are known
    ):
        shopper = Shopper()
        shopper.see(catalogue=replace(STORE, store=store), at=OPEN_AT + later_h * 3_600_000)
        assert shopper.screen is screen
        shopper.flow.choose_need("repair", shopper.now)
        assert (shopper.screen is Screen.SPOT) is (screen is Screen.NEED)


def test_who_has_begun_before_closing_time_may_still_say_it() -> None:
    hours = {"thu": "09:00-18:00"}
    closing = replace(STORE, store=replace(STORE.store, hours=hours))
    shopper = Shopper()
    shopper.see(catalogue=closing, at=OPEN_AT)
    shopper.flow.choose_need("repair", shopper.now)
    shopper.see(catalogue=closing, at=OPEN_AT + 9 * 3_600_000)
    assert shopper.join().need == "repair"


def test_a_window_that_has_closed_takes_in_no_more_news() -> None:
    async def go() -> list[str]:
        device = StandIn(store_of())
        hands = Hands(Flow(), cast(Device, device), lambda: 0)
        drawn: list[str] = []
        hands.draw = lambda: drawn.append("drawn")
        hands.stop()
        device.on_change()
        return drawn

    assert asyncio.run(go()) == []
