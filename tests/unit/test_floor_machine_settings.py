"""The same state machine of a floor, in a shop whose settings change all the time.

19 whatever an open visit names, and whoever is on the floor, is in the catalogue, at least as retired
"""

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import initialize, invariant, rule
from msgspec.structs import replace

from sync_server.domain.catalogue.retiring import InUse, keep_used, lacking, retire
from sync_server.domain.catalogue.times import Times
from sync_server.domain.events import Presence
from sync_server.domain.floor.in_use import in_use
from tests.examples import examples
from tests.sample_store import catalogue

from .test_floor_machine import SETTINGS, FloorMachine

WHOLE = catalogue()


class ChangingShop(FloorMachine):
    @initialize()
    def all_is_there(self):
        self.gone: set[str] = set()

    @rule(
        what=st.sampled_from(["repair", "repair_phone", "buy", "ask", "pick_up", "tom", "lea", "kim", "maya"])
    )
    def something_is_taken_out_or_comes_back(self, what):
        self.gone ^= {what}
        employees = [e for e in WHOLE.employees if e.id not in self.gone] or [WHOLE.employees[0]]
        needs = [need for need in WHOLE.needs if need.code not in self.gone]
        self.take_over(
            replace(WHOLE, needs=tuple(needs), employees=tuple(employees), times=self.catalogue.times)
        )

    @rule(offer_s=st.sampled_from([5, 15, 40]), credit_s=st.sampled_from([10, 90]))
    def the_times_change(self, offer_s, credit_s):
        times = Times(max_active=self.catalogue.times.max_active, offer_s=offer_s, credit_s=credit_s)
        self.take_over(replace(self.catalogue, times=times))

    @rule()
    def a_store_day_begins(self):
        self.use(keep_used(self.catalogue, in_use(self.floor)))

    def take_over(self, new):
        self.use(retire(self.catalogue, new))

    def use(self, new):
        self.catalogue = new
        self.floor.use_catalogue(new)
        self.tick()

    def people_of(self, floor):
        """Without who is away and holds nothing: who was taken out and came back has begun afresh."""
        people = super().people_of(floor)
        return {n: p for n, p in people.items() if p.holding or p.presence is not Presence.OFF_FLOOR}

    @invariant()
    def nothing_in_use_is_gone(self):
        if hasattr(self, "floor"):
            assert lacking(self.floor.catalogue, in_use(self.floor)) == InUse()  # 19

    @invariant()
    def nobody_is_asked_who_works_here_no_more(self):
        if hasattr(self, "floor") and not self.behind:
            asked = {visit.offer_to for visit in self.floor.open_visits()} - {None}
            assert asked <= {employee.id for employee in self.floor.catalogue.employees}


ChangingShop.TestCase.settings = settings(max_examples=examples(20), **SETTINGS)
TestChangingShop = ChangingShop.TestCase
