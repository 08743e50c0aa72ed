"""What the floor lets the wait estimate learn from."""

from sync_server.domain import ops
from sync_server.domain.floor.floor import Floor
from sync_server.domain.queue.wait_estimate import TARGET_WEIGHT, History
from sync_server.domain.resolution import Resolution
from tests.floor_harness import FloorHarness


def test_the_floor_records_situations_waits_and_service_times():
    play = FloorHarness()
    play.sign_on("tom")
    for _ in range(TARGET_WEIGHT):
        visit_id = play.open("repair")
        assert play.visit(visit_id).situation.free
        play.clock.after(10)
        play.accept("tom", visit_id)
        play.start("tom", visit_id)
        play.clock.after(90)
        play.complete("tom", visit_id)
        play.after(10)
    assert play.floor.history.waits == TARGET_WEIGHT
    assert play.floor.history.recent_wait_s("repair", play.floor.catalogue.day(play.clock.now)) == 10
    assert play.floor.history.service_s("repair", 240) == (90 + 240) / 2
    after_a_start = History()
    assert Floor.replay(play.catalogue, play.records, after_a_start).history is after_a_start
    assert after_a_start.waits == TARGET_WEIGHT
    assert after_a_start.service_s("repair", 240) == (90 + 240) / 2


class NotedHistory(History):
    """Remembers what the shoppers whose waits it learns from were told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[float, float] | None] = []

    def add_wait(self, need, day, situation, wait_s, told=None) -> None:
        super().add_wait(need, day, situation, wait_s, told)
        self.told.append(told)


def test_the_floor_passes_on_what_the_shopper_was_told_at_arrival():
    play, history = FloorHarness(), NotedHistory()
    play.floor = Floor(play.catalogue, history)
    play.sign_on("tom")
    served = play.open_with("tom", "repair")
    waited = play.open("repair")
    play.after(60)
    play.complete("tom", served)
    play.after(10)
    play.accept("tom", waited)
    play.start("tom", waited)
    visits = [play.visit(visit_id) for visit_id in (served, waited)]
    assert history.told == [(visit.quoted_low_s, visit.quoted_high_s) for visit in visits]
    assert history.told[1] != history.told[0]


def test_a_quick_resolution_teaches_nothing_about_waiting_or_serving():
    play = FloorHarness()
    play.sign_on("tom")
    for _ in range(TARGET_WEIGHT):
        op = ops.QuickResolution(play.new_id(), play.ticket(), "repair", "en", Resolution.SOLVED)
        play.yes("tom", op)
    assert play.floor.history.waits == 0
    assert play.floor.history.service_s("repair", 240) == 240
