"""The floor under anything that people, time and bad links can do to it.

Hypothesis plays shoppers, employees, repeated and outdated taps, late alarms, clocks set back and
lost commits in random order. The numbers are those of the list of what must always hold:

 2 one op_id has at most one effect          7 only the table's transitions, ended visits stay
 3 the same op again: the stored reply       8 a stale rev never writes
 4 a visit has one employee at most          9 seq has no gaps, replaying gives the same floor
 5 an employee has one offer, few visits    12 tickets are unique on a store-day
 6 rev rises by exactly 1                   15 no visit waits while somebody could be asked
"""

from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sync_server.domain import ops
from sync_server.domain.catalogue import Times
from sync_server.domain.events import Opened, Presence, Resolution
from sync_server.domain.floor import Floor
from sync_server.domain.ops import SYSTEM, Actor, ActorKind
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.visit import State
from sync_server.protocol.wire import op_digest
from sync_server.service.answers import Answered, Answers
from tests.shop import CLOSES, KIOSK, OTHER_KIOSK, Clock, catalogue, kinds
from tests.unit.test_visit_table import ENDED, EXPECTED

TABLETS = ("tablet-1", "tablet-2", "tablet-3")  # fewer than employees: they are passed on
WORKERS = ("maya", "tom", "lea", "kim")
ANY = st.integers(0, 10_000)  # which of those there are
OFF = st.sampled_from([0, 0, 0, 0, 0, -1, 1])  # how far from the true rev a tap is
WAITS = st.sampled_from([0.5, 4, 5, 14, 15, 16, 31, 61, 300, 4000])
STEPS = (
    ops.Accept,
    ops.Accept,
    ops.Start,
    ops.Decline,
    ops.Claim,
    ops.Recall,
    ops.Hold,
    ops.Resume,
    ops.HandOver,
    ops.AddNote,
    ops.Complete,
    ops.MarkNoShow,
    ops.Remove,
)
FITS = {
    State.OFFERED: (ops.Accept, ops.Accept, ops.Accept, ops.Decline, ops.Recall, ops.MarkNoShow),
    State.ACCEPTED: (ops.Start, ops.Start, ops.Start, ops.Recall, ops.MarkNoShow, ops.HandOver, ops.AddNote),
    State.SERVING: (ops.Complete, ops.Complete, ops.Hold, ops.HandOver, ops.AddNote),
    State.ON_HOLD: (ops.Resume, ops.Resume, ops.HandOver, ops.Remove, ops.AddNote),
}


class FloorMachine(RuleBasedStateMachine):
    @initialize(max_active=st.sampled_from([1, 1, 2]), start=st.sampled_from([-7200, -400, 600]))
    def begin(self, max_active, start):
        self.catalogue = catalogue(times=Times(max_active=max_active))
        self.clock = Clock(CLOSES + start * 1000)
        self.floor = Floor(self.catalogue)
        self.answers = Answers()
        self.records = []
        self.known: list[str] = []  # every visit there was
        self.done: dict[str, tuple[Any, Actor, Refusal | None]] = {}
        self.durable = (0, set())  # how much of the above is on disk
        self.made = 0
        for who, tablet in zip(WORKERS, TABLETS, strict=False):
            self.ask(SYSTEM, ops.SignOn(who, tablet))
        self.written()

    # --- what happens ------------------------------------------------------------------------------

    @rule(by=st.sampled_from([KIOSK, OTHER_KIOSK, Actor(ActorKind.API)]), need=ANY, number=ANY)
    def a_shopper_comes(self, by, need, number):
        needs = ("repair", "repair", "repair_phone", "buy", "ask", "pick_up", "teleport")
        ticket = f"A-{number % 40 + 1}"  # few enough to meet twice
        self.ask(by, ops.OpenVisit(self.new_id(), ticket, needs[need % len(needs)], "en"))

    @rule(by=st.sampled_from([KIOSK, OTHER_KIOSK]), which=ANY, rate=st.booleans())
    def a_shopper_leaves_or_rates(self, by, which, rate):
        visit_id = self.one_of(which)
        self.ask(by, ops.Rate(visit_id, ces=1 + which % 5) if rate else ops.Cancel(visit_id))

    @rule(who=st.sampled_from(WORKERS), tablet=st.sampled_from(TABLETS))
    def somebody_signs_on(self, who, tablet):
        self.ask(SYSTEM, ops.SignOn(who, tablet))

    @rule(
        tablet=st.sampled_from(TABLETS),
        presence=st.sampled_from(
            [Presence.AVAILABLE, Presence.AVAILABLE, Presence.ON_BREAK, Presence.OFF_FLOOR]
        ),
    )
    def somebody_says_where_they_are(self, tablet, presence):
        self.ask(Actor(ActorKind.STAFF, tablet), ops.SetPresence(presence))

    @rule(tablet=st.sampled_from(TABLETS), step=st.sampled_from(STEPS), which=ANY, off=OFF)
    def somebody_taps(self, tablet, step, which, off):
        mine = self.concerning(tablet)
        visit_id = mine[which % len(mine)] if mine and which % 4 else self.one_of(which)
        self.tap(tablet, step, visit_id, off)

    @rule(
        moves=st.lists(st.tuples(st.sampled_from(TABLETS), ANY, st.integers(0, 9)), min_size=3, max_size=12)
    )
    def the_work_goes_on(self, moves):
        """Everybody does what fits: without this, random taps rarely get beyond an offer."""
        for tablet, which, seconds in moves:
            self.time_passes(seconds)
            mine = self.concerning(tablet)
            if mine:
                visit_id = mine[which % len(mine)]
                step = FITS[self.floor.visits[visit_id].state]
                self.tap(tablet, step[which % len(step)], visit_id, 0)
            elif self.floor.holder(tablet) is None:
                self.somebody_signs_on(WORKERS[which % 4], tablet)
            else:
                self.ask(Actor(ActorKind.STAFF, tablet), ops.SetPresence(Presence.AVAILABLE))
                self.a_shopper_comes(KIOSK, which, which)

    @rule(tablet=st.sampled_from(TABLETS), number=ANY)
    def somebody_helps_in_passing(self, tablet, number):
        op = ops.QuickResolution(self.new_id(), f"A-{number % 40 + 1}", "ask", "en", Resolution.SOLVED)
        self.ask(Actor(ActorKind.STAFF, tablet), op)

    @precondition(lambda self: self.done)
    @rule(which=ANY, changed=st.booleans())
    def a_device_repeats_itself(self, which, changed):
        op_id = sorted(self.done)[which % len(self.done)]
        op, by, reply = self.done[op_id]
        before = self.state()
        if changed:
            other = ops.Cancel("f" * 32) if not isinstance(op, ops.Cancel) else ops.Cancel("e" * 32)
            assert self.submit(op_id, by, other) == Refusal(Code.OP_ID_REUSED, op_id)  # 3
        else:
            assert self.submit(op_id, by, op) == reply  # 3
        assert self.state() == before  # 2

    @rule(seconds=WAITS)
    def time_passes(self, seconds):
        end = self.clock.now + int(seconds * 1000)
        while (due := self.floor.next_deadline(self.clock.now)) is not None and due <= end:
            self.clock.now = max(due, self.clock.now)
            self.tick()
        self.clock.now = end

    @rule(seconds=WAITS)
    def time_passes_and_no_alarm_is_heard(self, seconds):
        self.clock.after(seconds)

    @rule()
    def an_alarm_rings_for_nothing(self):
        self.tick()

    @rule(minutes=st.integers(1, 90))
    def the_clock_is_set_back(self, minutes):
        self.clock.now -= minutes * 60_000

    @rule()
    def what_was_done_reaches_the_disk(self):
        self.written()

    @rule()
    def the_disk_says_no(self):
        length, op_ids = self.durable
        lost = [(op_id, *done) for op_id, done in self.done.items() if op_id not in op_ids]
        self.records = self.records[:length]
        self.done = {op_id: done for op_id, done in self.done.items() if op_id in op_ids}
        self.answers.drop_pending()
        self.floor = Floor.replay(self.catalogue, self.records)
        self.tick()
        for op_id, op, by, _ in lost:  # the devices ask again, and nothing counts as done already
            reply = self.submit(op_id, by, op)
            self.done[op_id] = (op, by, reply)
            assert reply is not None or not isinstance(op, ops.OpenVisit) or op.visit_id in self.floor.visits

    @rule()
    def the_server_starts_again(self):
        self.replays_to_the_same()
        self.written()
        known = [(op_id, op_digest(op), reply) for op_id, (op, _, reply) in self.done.items()]
        done = [(op_id, digest) for op_id, digest, reply in known if reply is None]
        self.answers = Answers(done, [answer for answer in known if answer[2] is not None])
        self.floor = Floor.replay(self.catalogue, self.records)
        self.tick()

    @rule()
    def nothing_happens_before_the_floor_asked_to_be_woken(self):
        # By the floor's own time: a clock that was set back is behind it, and what is overdue is so at once.
        now = max(self.clock.now, self.floor._now)
        due = self.floor.next_deadline(now)
        if due is None:
            assert set(kinds(self.copy().tick(now + 3 * 86_400_000))) <= {"day_closed"}
        elif due > now:
            copy = self.copy()
            copy.tick(now)
            assert copy.seq == self.floor.seq or self.late
            assert self.late or copy.tick(due - 1) == []
        else:
            assert self.copy().tick(now) != []

    # --- what must always hold -----------------------------------------------------------------------

    @invariant()
    def each_visit_is_in_one_pair_of_hands(self):
        in_hand: dict[str, str] = {}
        for person in self.floor.people.values():
            for visit_id in (*person.active, *person.holding):
                assert visit_id not in in_hand  # 4
                in_hand[visit_id] = person.id
            assert len(person.active) <= self.catalogue.times.max_active  # 5
        busy = {State.ACCEPTED, State.SERVING, State.ON_HOLD}
        assert in_hand == {v.visit_id: v.employee for v in self.floor.open_visits() if v.state in busy}
        offers = {v.visit_id: v.offer_to for v in self.floor.open_visits() if v.state is State.OFFERED}
        assert len(set(offers.values())) == len(offers)  # 5
        assert offers == {p.offer: p.id for p in self.floor.people.values() if p.offer}
        tablets = [p.device_id for p in self.floor.people.values() if p.device_id]
        assert len(set(tablets)) == len(tablets)

    @invariant()
    def times_of_a_visit_follow_each_other(self):
        for v in self.floor.visits.values():
            times = [v.created_at, v.offered_at, v.accepted_at, v.serving_at, v.ended_at]
            known = [at for at in times if at is not None]
            assert known == sorted(known)
            assert min(v.held_ms, v.handled_ms, v.service_ms or 0, v.wait_ms or 0) >= 0
            assert (v.ended_at is None) == (v.state.value not in ENDED)

    def teardown(self):
        if not hasattr(self, "records"):
            return
        self.replays_to_the_same()
        assert [r.seq for r in self.records] == list(range(1, len(self.records) + 1))  # 9
        states: dict[str, str] = {}
        revs: dict[str, int] = {}
        tickets = set()
        for record in self.records:
            if record.visit_id is None:
                continue
            revs[record.visit_id] = revs.get(record.visit_id, 0) + 1
            assert record.rev == revs[record.visit_id]  # 6
            step = (states.get(record.visit_id, "nothing"), *kinds([record]))
            assert step in EXPECTED  # 7
            states[record.visit_id] = EXPECTED[step]
            if isinstance(record.event, Opened):
                assert (record.event.day, record.event.ticket) not in tickets  # 12
                tickets.add((record.event.day, record.event.ticket))
        for visit_id, visit in self.floor.visits.items():
            assert visit.state.value == states[visit_id]
            assert visit.rev == revs[visit_id]

    def replays_to_the_same(self):
        again = self.copy()  # 9
        assert again.seq == self.floor.seq
        assert again.people == self.floor.people
        forgotten = again.visits.keys() - self.floor.visits.keys()
        assert all(again.visits[visit_id].ended_at is not None for visit_id in forgotten)
        assert {k: v for k, v in again.visits.items() if k not in forgotten} == self.floor.visits

    def nobody_waits_who_could_be_offered(self):
        now, needs = self.now, {need.code: need for need in self.catalogue.needs}
        for visit in self.floor.open_visits():
            if visit.state is not State.WAITING:
                continue
            need = needs[visit.need]
            skills = {*need.skills, *need.prefer[: max(0, len(need.prefer) - visit.ring)]}
            for employee in self.catalogue.employees:
                person = self.floor.people[employee.id]
                free = person.offer is None and len(person.active) < self.catalogue.times.max_active
                could = person.chosen is Presence.AVAILABLE and free and person.free_at <= now
                assert not (could and skills <= employee.skills and employee.id not in visit.asked)  # 15

    # --- how it is done -------------------------------------------------------------------------------

    def ask(self, by, op):
        if isinstance(op, ops.SignOn):  # the server's own: it has no op_id
            return self.handle(by, op)
        op_id = self.new_id()
        reply = self.submit(op_id, by, op)
        self.done[op_id] = (op, by, reply)
        return reply

    def submit(self, op_id, by, op):
        """As the server does it."""
        digest = op_digest(op)
        if (found := self.answers.find(op_id, digest)) is not None:
            return found.refusal
        refusal = self.handle(by, op)
        self.answers.keep(op_id, Answered(digest, refusal))
        return refusal

    def handle(self, by, op):
        before = self.state()
        outcome = self.floor.handle(op, by, self.clock.now)
        if isinstance(outcome, Refusal):
            assert self.state() == before
            return outcome
        self.records += outcome
        self.now = max(self.clock.now, self.records[-1].at if self.records else 0)
        self.known += [r.visit_id for r in outcome if isinstance(r.event, Opened)]
        self.nobody_waits_who_could_be_offered()
        return None

    def tick(self):
        self.records += self.floor.tick(self.clock.now)
        self.now = max(self.clock.now, self.records[-1].at)
        self.nobody_waits_who_could_be_offered()

    def tap(self, tablet, step, visit_id, off):
        visit = self.floor.visits.get(visit_id)
        rev = max(1, (visit.rev if visit else 1) + off)
        more = {ops.AddNote: {"note": "n"}, ops.Complete: {"resolution": Resolution.SOLVED}}.get(step, {})
        refusal = self.ask(Actor(ActorKind.STAFF, tablet), step(visit_id, rev, **more))
        if visit is None or rev != visit.rev:
            assert refusal is not None  # 8

    def written(self):
        self.answers.written(list(self.done))
        self.durable = (len(self.records), set(self.done))

    def concerning(self, tablet):
        """The visits that the holder of this tablet has, or is asked for."""
        holder = self.floor.holder(tablet)
        return [v for v in (holder.offer, *holder.active, *holder.holding) if v] if holder else []

    def one_of(self, which):
        return self.known[which % len(self.known)] if self.known else "f" * 32

    @property
    def late(self):
        """Whether time has passed since the floor last looked."""
        return self.clock.now > self.now

    def copy(self):
        return Floor.replay(self.catalogue, self.records)

    def state(self):
        return dict(self.floor.visits), dict(self.floor.people), self.floor.seq

    def new_id(self):
        self.made += 1
        return f"{self.made:032x}"


FloorMachine.TestCase.settings = settings(
    max_examples=500,
    stateful_step_count=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestFloor = FloorMachine.TestCase
