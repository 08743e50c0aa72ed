"""The floor of the past, on which a late op is decided."""

from sync_server.domain.floor.floor_view import FloorAt
from sync_server.domain.people import Person
from tests.floor_harness import FloorHarness, staff, tablet
from tests.sample_store import catalogue


def test_it_has_the_visits_and_people_it_is_given_and_no_line():
    play = FloorHarness()
    visit = play.visit(play.open("ask"))
    tom = Person("tom", device_id=tablet("tom"))
    floor = FloorAt(catalogue(), {visit.visit_id: visit}, {"lea": Person("lea"), "tom": tom})
    assert floor.holder(tablet("tom")) is tom
    assert floor.holder(tablet("lea")) is None
    assert floor.holder(None) is None
    assert floor.employee_of(staff("tom")) is tom
    assert floor.employee_of(staff("lea")) is None
    assert (list(floor.line()), floor.quote("ask"), floor.paused_until) == ([], None, 0)
    assert not floor.tickets.is_taken("2026-03-02", visit.ticket)
