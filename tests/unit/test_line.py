"""The line keeps its order from one change to the next, and it is always that of all visits sorted anew."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync_server.domain.queue.line import Line
from sync_server.domain.visit.visit import ENDED, IN_LINE, State, Visit
from tests.sample_store import MONDAY_10, catalogue

CREDIT_S = 300.0
SHOP = catalogue()


class Floor:
    """The open visits of a floor, and the line that is told of each change."""

    def __init__(self) -> None:
        self.open: dict[str, Visit] = {}
        self.line = Line(self.open, CREDIT_S)

    def opens(self, visit_id: str, after_s: float = 0, priority: int = 0) -> None:
        at = MONDAY_10 + int(after_s * 1000)
        visit = Visit(
            visit_id, "A-1", "2026-03-02", "kiosk", "ask", "en", at, arrived_at=at, priority=priority
        )
        self.open[visit_id] = visit
        self.line.update(None, visit)

    def becomes(self, visit_id: str, state: State, **changes: int) -> None:
        before = self.open[visit_id]
        after = replace(before, state=state, rev=before.rev + 1, **changes)
        if state in ENDED:
            del self.open[visit_id]
        else:
            self.open[visit_id] = after
        self.line.update(before, after)

    @property
    def order(self) -> list[str]:
        return [visit.visit_id for visit in self.line.visits]


def three() -> Floor:
    floor = Floor()
    for place, visit_id in enumerate("abc"):
        floor.opens(visit_id, place)
    assert floor.order == ["a", "b", "c"]
    return floor


def test_who_comes_later_is_last():
    floor = three()
    floor.opens("d", 2)
    assert floor.order == ["a", "b", "c", "d"], "of two at the same time the one that is opened later"


def test_a_step_of_priority_counts_as_the_credit_in_waiting_time():
    floor = three()
    floor.opens("d", CREDIT_S + 1, priority=1)
    assert floor.order == ["a", "b", "d", "c"], "as long as b, who came first"
    floor.opens("e", 2 * CREDIT_S, priority=2)
    assert floor.order == ["a", "e", "b", "d", "c"]


def test_a_visit_that_arrived_late_at_the_server_takes_its_place():
    floor = three()
    floor.opens("d", 0.5)
    assert floor.order == ["a", "d", "b", "c"]


def test_a_visit_that_is_offered_keeps_its_place_and_its_present_row_is_shown():
    floor = three()
    floor.becomes("b", State.OFFERED)
    assert floor.order == ["a", "b", "c"]
    assert floor.line.visits[1] is floor.open["b"]
    assert floor.line.visits[1].state is State.OFFERED


@pytest.mark.parametrize("state", [State.ACCEPTED, State.CANCELLED])
def test_a_visit_that_is_taken_or_over_is_not_in_line(state):
    floor = three()
    floor.becomes("b", state)
    assert floor.order == ["a", "c"]
    assert [floor.line.ahead_of(visit_id) for visit_id in "ac"] == [0, 1]
    with pytest.raises(KeyError):
        floor.line.ahead_of("b")


def test_a_visit_that_comes_back_into_line_takes_its_place_again():
    floor = three()
    floor.becomes("a", State.SERVING)
    assert floor.order == ["b", "c"]
    floor.becomes("a", State.WAITING)
    assert floor.order == ["a", "b", "c"]


def test_what_happens_to_a_visit_that_is_not_in_line_changes_no_order():
    floor = three()
    floor.becomes("b", State.ACCEPTED)
    assert floor.order == ["a", "c"]
    for state in (State.SERVING, State.ON_HOLD, State.COMPLETED):
        floor.becomes("b", state)
        assert floor.order == ["a", "c"]


def test_a_visit_whose_priority_changes_takes_another_place():
    floor = three()
    floor.becomes("c", State.WAITING, priority=1)
    assert floor.order == ["c", "a", "b"]


def test_who_joins_without_priority_joins_last_and_with_priority_behind_those_who_waited_longer():
    floor = three()
    now = MONDAY_10 + 601_000
    assert floor.line.joins_behind(SHOP.need("ask"), now) == 3
    pick_up = SHOP.need("pick_up")
    assert pick_up.priority * CREDIT_S == 600
    assert floor.line.joins_behind(pick_up, now) == 2, "behind b, who has waited exactly as long"
    assert floor.line.joins_behind(pick_up, now - 1) == 1
    assert floor.line.joins_behind(pick_up, now - 601_000) == 0
    floor.opens("d", CREDIT_S, priority=1)
    assert floor.line.joins_behind(pick_up, now - 1_000) == 2, "behind a and d, who counts as long"


def test_a_line_without_visits():
    floor = Floor()
    assert floor.order == []
    assert floor.line.joins_behind(SHOP.need("pick_up"), MONDAY_10) == 0
    floor.opens("a")
    assert floor.order == ["a"]
    floor.becomes("a", State.CANCELLED)
    assert floor.order == []
    floor.opens("b")
    assert floor.order == ["b"]


changes = st.lists(
    st.one_of(
        st.tuples(st.just("opens"), st.integers(0, 900), st.integers(0, 2)),
        st.tuples(st.just("becomes"), st.integers(0, 9), st.sampled_from(list(State))),
    ),
    max_size=25,
)


@given(changes, st.booleans())
def test_the_order_is_that_of_all_visits_sorted_anew(changes, read_each_time):
    floor = Floor()
    for number, (what, which, how) in enumerate(changes):
        if what == "opens":
            floor.opens(f"v{number}", which, how)
        elif floor.open:
            floor.becomes(list(floor.open)[which % len(floor.open)], how)
        if read_each_time:
            check(floor)
    check(floor)


def check(floor: Floor) -> None:
    waiting = [visit for visit in floor.open.values() if visit.state in IN_LINE]
    waiting.sort(key=lambda v: (v.arrived_at - v.priority * CREDIT_S * 1000, v.arrived_at))
    assert floor.line.visits == waiting
    assert [floor.line.ahead_of(visit.visit_id) for visit in waiting] == list(range(len(waiting)))
    assert len(floor.line) == len(waiting)
    groups: dict[tuple[str, int], dict[str, int]] = {}
    for visit in waiting:
        groups.setdefault((visit.need, visit.ring), {})[visit.visit_id] = visit.arrived_at
    assert floor.line.groups == groups == Line(floor.open, CREDIT_S).groups
