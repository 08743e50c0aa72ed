"""What is counted of a session at the kiosk: how far it came, and how many taps it took."""

import pytest
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.kiosk_step import KioskStep
from sync_server.domain.ops import CountSession

from .shopper import IDLE_MS, VISIT, Shopper, row


@pytest.fixture
def shopper() -> Shopper:
    shopper = Shopper()
    shopper.update()
    return shopper


def tap(shopper: Shopper, action: str, *values: object) -> list[object]:
    """As the controller does it."""
    shopper.flow.record_touch(shopper.now)
    shopper.flow.count_tap(shopper.now)
    effects = getattr(shopper.flow, action)(*values, shopper.now) or []
    shopper.now += 2_000
    return list(effects)


def counted(shopper: Shopper) -> list[CountSession]:
    return shopper.flow.take_finished()


def test_a_kiosk_that_nobody_touches_counts_nothing(shopper: Shopper) -> None:
    shopper.wait(3 * IDLE_MS)
    assert counted(shopper) == []


def test_a_touch_that_leads_to_nothing_ends_at_the_greeting(shopper: Shopper) -> None:
    shopper.flow.record_touch(shopper.now)
    shopper.wait(IDLE_MS + 1000)
    assert counted(shopper) == [CountSession(KioskStep.GREETING, "need", 0, 0)]
    shopper.wait(3 * IDLE_MS)
    assert counted(shopper) == []


def test_a_language_alone_is_no_need(shopper: Shopper) -> None:
    tap(shopper, "set_language", "en")
    shopper.wait(IDLE_MS + 1000)
    assert [count.reached for count in counted(shopper)] == [KioskStep.GREETING]


def test_who_leaves_after_choosing_a_need_is_counted_where_they_left(shopper: Shopper) -> None:
    tap(shopper, "choose_need", "more")
    tap(shopper, "choose_need", "lost")
    tap(shopper, "open_name")
    shopper.wait(3 * IDLE_MS)
    assert counted(shopper) == [CountSession(KioskStep.NEED, "name", 3, 4)]


def test_who_goes_back_to_the_greeting_had_chosen_a_need(shopper: Shopper) -> None:
    tap(shopper, "choose_need", "repair")
    tap(shopper, "back")
    shopper.wait(3 * IDLE_MS)
    assert counted(shopper) == [CountSession(KioskStep.NEED, "need", 2, 2)]


def test_taps_are_counted_until_the_shopper_is_in_line(shopper: Shopper) -> None:
    tap(shopper, "choose_need", "repair")
    (op,) = tap(shopper, "join", VISIT, "A-42", "abcdefghijklmnopqrstuv")
    assert isinstance(op, ops.OpenVisit)
    assert op.taps == 2
    shopper.update(row())
    tap(shopper, "leave")
    tap(shopper, "back")
    tap(shopper, "acknowledge")
    assert counted(shopper) == [CountSession(KioskStep.LINE, "line", 2, 2)]
    tap(shopper, "choose_need", "repair")  # the next shopper begins anew
    (op,) = tap(shopper, "join", VISIT[::-1], "A-43", "abcdefghijklmnopqrstuv")
    assert isinstance(op, ops.OpenVisit)
    assert op.taps == 2


def test_who_comes_to_say_how_it_was_is_no_part_of_the_way(shopper: Shopper) -> None:
    shopper.update(row(state="completed", ended_at=shopper.at))
    tap(shopper, "open_rating")
    tap(shopper, "rate", 5)
    shopper.wait(IDLE_MS)
    assert counted(shopper) == [CountSession(KioskStep.TICKET, "rated", 2, 2)]


def test_a_session_longer_than_any_is_counted_as_the_longest(shopper: Shopper) -> None:
    for _ in range(ops.MAX_TAPS + 5):
        tap(shopper, "set_language", "en")
    shopper.now += 1
    tap(shopper, "start_over")
    (count,) = counted(shopper)
    assert (count.taps, count.seconds) == (ops.MAX_TAPS, 2010)
    assert replace(count, seconds=0) == CountSession(KioskStep.GREETING, "need", ops.MAX_TAPS, 0)
