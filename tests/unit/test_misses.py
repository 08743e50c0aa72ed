"""What went wrong in a visit is explained from its events and from what the employees were doing."""

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.misses import Miss, MissCause, MissKind, PresenceAt, explain
from sync_server.service.storage.mapping import PresenceLog
from tests.floor_harness import KIOSK, FloorHarness
from tests.sample_store import CLOSES


class Watched(FloorHarness):
    """A floor whose changes of presence are kept, as the store's table does."""

    def __init__(self) -> None:
        self.presences: list[PresenceAt] = []
        self._log: PresenceLog | None = None
        super().__init__()
        self._log = PresenceLog(self.floor)

    def handle(self, by, op):
        return self._watch(super().handle(by, op))

    def tick(self):
        return self._watch(super().tick())

    def _watch(self, records):
        if isinstance(records, list) and records and self._log is not None:
            rows = self._log.rows(self.floor, records)
            self.presences += [PresenceAt(name, Presence(does), at) for _, name, does, at in rows]
        return records

    def explain(self, visit_id: str) -> list[Miss]:
        records = [record for record in self.records if record.visit_id == visit_id]
        return explain(records, self.presences, self.catalogue, self.clock.now)

    def causes(self, visit_id: str) -> list[tuple[str, float, tuple[str, ...]]]:
        """Where the time of the first miss went: cause, seconds, employees."""
        return [(lost.cause.value, lost.ms / 1000, lost.employees) for lost in self.explain(visit_id)[0].lost]


def kinds(misses: list[Miss]) -> list[str]:
    return [miss.kind.value for miss in misses]


def test_a_visit_that_went_well_has_no_miss():
    play = Watched()
    play.sign_on("maya")
    visit_id = play.open_with("maya", "repair")
    play.after(60)
    play.complete("maya", visit_id)
    assert play.explain(visit_id) == []


def test_nobody_with_the_skill_was_there_then_somebody_came():
    play = Watched()
    play.sign_on("kim")  # kim cannot repair
    visit_id = play.open("repair")
    play.after(300)
    play.sign_on("maya")
    play.after(10)
    play.accept("maya", visit_id)
    play.after(20)
    play.start("maya", visit_id)
    assert kinds(play.explain(visit_id)) == ["waited"]
    assert play.causes(visit_id)[0] == ("nobody", 300, ())
    assert [cause for cause, *_ in play.causes(visit_id)] == ["nobody"]  # the rest hardly counts
    miss = play.explain(visit_id)[0]
    assert (miss.actual_ms, miss.target_ms) == (330_000, 60_000)


def test_an_offer_lapsed_and_the_next_one_was_busy():
    play = Watched()
    play.sign_on("maya")
    other = play.open_with("maya", "repair")
    visit_id = play.open("repair")
    play.after(100)
    play.complete("maya", other)
    play.after(21)  # maya is asked and does not answer
    assert play.person("maya").presence is Presence.NOT_RESPONDING
    play.after(60)
    play.yes(KIOSK, ops.Cancel(visit_id))
    misses = play.explain(visit_id)
    assert kinds(misses)[0] == "left"
    lost = {cause: (s, names) for cause, s, names in play.causes(visit_id)}
    assert lost["busy"] == (100, ("maya",))
    assert lost["lapsed"][1] == ("maya",)
    assert 10 <= lost["lapsed"][0] <= 20
    assert lost["not_responding"][0] >= 50


def test_the_lost_times_add_up_to_the_wait():
    play = Watched()
    play.sign_on("maya", "tom")
    visit_id = play.open("repair")
    for name in ("maya", "tom"):
        play.on(play.visit(visit_id).offer_to, ops.Decline, visit_id)
        play.after(7)
        assert name
    play.after(80)
    play.yes(KIOSK, ops.Cancel(visit_id))
    (miss, *_) = play.explain(visit_id)
    assert sum(lost.ms for lost in miss.lost) == miss.actual_ms
    assert {lost.cause for lost in miss.lost} >= {MissCause.DECLINED}


def test_everybody_was_on_a_break():
    play = Watched()
    play.sign_on("maya")
    play.yes("maya", ops.SetPresence(Presence.ON_BREAK))
    visit_id = play.open("repair")
    play.after(90)
    assert kinds(play.explain(visit_id)) == ["waited"]  # so far
    assert play.causes(visit_id) == [("on_break", 90, ("maya",))]


def test_the_service_overran_and_more_was_told():
    play = Watched()
    play.sign_on("maya")
    visit_id = play.open_with("maya", "repair")
    target_s = play.catalogue.need("repair").target_service_s
    play.after(target_s + 30)
    play.complete("maya", visit_id)
    assert play.explain(visit_id) == [Miss(MissKind.OVERRAN, int(target_s + 30) * 1000, int(target_s) * 1000)]


def test_time_on_hold_is_no_service():
    play = Watched()
    play.sign_on("maya")
    visit_id = play.open_with("maya", "repair")
    play.on("maya", ops.Hold, visit_id)
    play.after(3000)
    play.on("maya", ops.Resume, visit_id)
    play.complete("maya", visit_id)
    assert play.explain(visit_id) == []


def test_closing_time_came_first():
    play = Watched()
    play.clock.now = CLOSES - 600_000
    play.tick()
    visit_id = play.open("repair")
    play.after(601)
    assert kinds(play.explain(visit_id))[0] == "closed"
    assert play.causes(visit_id) == [("nobody", 600, ())]


def test_left_open_at_closing_time():
    play = Watched()
    play.sign_on("maya")
    visit_id = play.open_with("maya", "repair")
    play.after((CLOSES - play.clock.now) / 1000 + 3700)
    assert kinds(play.explain(visit_id)) == ["left_open"]


def test_a_quick_resolution_and_no_records_have_no_miss():
    play = Watched()
    play.sign_on("maya")
    op = ops.QuickResolution(play.new_id(), "T-1", "ask", "en", Resolution.SOLVED, service_s=3600)
    play.yes("maya", op)
    assert play.explain(op.visit_id) == []
    assert play.explain("nothing") == []
