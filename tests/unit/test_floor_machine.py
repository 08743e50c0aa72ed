"""A state machine of everything that people, time and bad connections can do to a floor.

Hypothesis chooses shoppers, employees, repeated and stale ops, late timers, clocks set back and failed
commits in random order. The numbers are those of the list of what always holds:

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
from sync_server.domain.catalogue.catalogue import EVERYBODY
from sync_server.domain.catalogue.times import Times
from sync_server.domain.events import CorrectedBecause, Opened, Presence
from sync_server.domain.floor.floor import Floor
from sync_server.domain.op_redaction import redact_op
from sync_server.domain.ops import SYSTEM, Actor, ActorKind
from sync_server.domain.people import ON_THE_FLOOR, Person
from sync_server.domain.queue.promises import CHECK_MS
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import State
from sync_server.service.processing.op_results import OpResult, OpResults, digest_of
from sync_server.simulation.checks.floor_checks import helped_in_vain
from tests.examples import examples
from tests.fake_clock import FakeClock
from tests.floor_harness import KIOSK, OTHER_KIOSK, kinds
from tests.sample_store import CLOSES, catalogue

from .test_visit_table import ENDED, EXPECTED

TABLETS = ("tablet-1", "tablet-2", "tablet-3")  # fewer than employees, who share them
WORKERS = ("maya", "tom", "lea", "kim")
ANY = st.integers(0, 10_000)  # an index into what there is
OFF = st.sampled_from([0, 0, 0, 0, 0, -1, 1])  # how far the seen rev is off
WAITS = st.sampled_from([0.5, 4, 5, 14, 15, 16, 31, 61, 300, 4000])
STEPS = (
    ops.Accept, ops.Accept, ops.Start, ops.Decline, ops.Claim, ops.Recall, ops.Hold, ops.Resume, ops.HandOver,
    ops.AddNote, ops.Complete, ops.MarkNoShow, ops.Remove, ops.Undo, ops.AskForHelp,
)  # fmt: skip
FITS = {
    State.OFFERED: (ops.Accept, ops.Accept, ops.Accept, ops.Decline, ops.Recall, ops.MarkNoShow),
    State.ACCEPTED: (ops.Start, ops.Start, ops.Start, ops.Recall, ops.MarkNoShow, ops.HandOver, ops.AddNote),
    State.SERVING: (ops.Complete, ops.Complete, ops.Hold, ops.HandOver, ops.AddNote, ops.AskForHelp),
    State.ON_HOLD: (ops.Resume, ops.Resume, ops.HandOver, ops.Remove, ops.AddNote),
}


class FloorMachine(RuleBasedStateMachine):
    @initialize(max_active=st.sampled_from([1, 1, 2]), start=st.sampled_from([-7200, -400, 600]))
    def begin(self, max_active, start):
        self.catalogue = catalogue(times=Times(max_active=max_active))
        self.clock = FakeClock(CLOSES + start * 1000)
        self.floor = Floor(self.catalogue)
        self.answers = OpResults()
        self.records = []
        self.visit_ids: list[str] = []  # of every visit so far
        self.done: dict[str, tuple[Any, Actor, Refusal | None]] = {}
        self.durable = (0, set())  # records and op_ids that are on disk
        self.made = 0
        for who, tablet in zip(WORKERS, TABLETS, strict=False):
            self.ask(SYSTEM, ops.SignOn(who, tablet))
        self.mark_written()

    # --- rules ------------------------------------------------------------------------------

    @rule(by=st.sampled_from([KIOSK, OTHER_KIOSK, Actor(ActorKind.API)]), need=ANY, number=ANY)
    def a_shopper_comes(self, by, need, number):
        needs = ("repair", "repair", "repair_phone", "buy", "ask", "pick_up", "teleport")
        ticket = f"A-{number % 40 + 1}"  # so few that some are used twice
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
    def somebody_sets_their_presence(self, tablet, presence):
        self.ask(Actor(ActorKind.STAFF, tablet), ops.SetPresence(presence))

    @rule(tablet=st.sampled_from(TABLETS), step=st.sampled_from(STEPS), which=ANY, off=OFF)
    def somebody_taps(self, tablet, step, which, off):
        mine = self.concerning(tablet)
        visit_id = mine[which % len(mine)] if mine and which % 4 else self.one_of(which)
        self.tap(tablet, step, visit_id, off)

    @rule(
        moves=st.lists(st.tuples(st.sampled_from(TABLETS), ANY, st.integers(0, 9)), min_size=3, max_size=12)
    )
    def somebody_does_what_fits(self, moves):
        """Ops that fit the state: random ones alone rarely get beyond an offer."""
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

    @precondition(lambda self: any(v.undo for v in self.floor.visits.values()))
    @rule(tablet=st.sampled_from(TABLETS), which=ANY, off=OFF)
    def somebody_takes_back(self, tablet, which, off):
        last = [v.visit_id for v in self.floor.visits.values() if v.undo]
        holder = self.floor.holder(tablet)
        own = [i for i in last if holder and self.floor.visits[i].undo.employee == holder.id]
        mine = own if own and which % 4 else last
        self.tap(tablet, ops.Undo, mine[which % len(mine)], off)

    @rule(tablet=st.sampled_from(TABLETS), number=ANY)
    def somebody_makes_a_quick_resolution(self, tablet, number):
        op = ops.QuickResolution(self.new_id(), f"A-{number % 40 + 1}", "ask", "en", Resolution.SOLVED)
        self.ask(Actor(ActorKind.STAFF, tablet), op)

    @precondition(lambda self: any(v.alerted_at for v in self.floor.open_visits()))
    @rule(which=ANY, everybody=st.booleans())
    def the_manager_has_a_late_visit_asked_again(self, which, everybody):
        late = [v.visit_id for v in self.floor.open_visits() if v.alerted_at]
        self.ask(Actor(ActorKind.MANAGER), ops.AskAgain(late[which % len(late)], everybody))

    @precondition(lambda self: self.floor.visits)
    @rule(
        which=ANY,
        off=OFF,
        resolution=st.none() | st.sampled_from(Resolution),
        employee=st.sampled_from([None, "maya", "tom", "nobody"]),
        need=st.sampled_from([None, "ask", "buy"]),
    )
    def the_manager_corrects(self, which, off, resolution, employee, need):
        visit = sorted(self.floor.visits.values(), key=lambda v: v.visit_id)[which % len(self.floor.visits)]
        seen = max(1, visit.rev + off)
        because = CorrectedBecause.TAPPED_WRONG
        op = ops.Correct(visit.visit_id, seen, because, resolution, employee, need, "as Tom says")
        self.ask(Actor(ActorKind.MANAGER, account="anna"), op)

    @precondition(lambda self: self.done)
    @rule(which=ANY, how=st.sampled_from(["the same", "without words", "another"]))
    def a_device_repeats_an_op(self, which, how):
        op_id = sorted(self.done)[which % len(self.done)]
        op, by, reply = self.done[op_id]
        before = self.state()
        if how == "another":
            other = ops.Cancel("f" * 32) if not isinstance(op, ops.Cancel) else ops.Cancel("e" * 32)
            assert self.submit(op_id, by, other) == Refusal(Code.OP_ID_REUSED, op_id)  # 3
        else:
            again = redact_op(op) if how == "without words" else op
            assert self.submit(op_id, by, again) == reply  # 3
        assert self.state() == before  # 2

    @rule(seconds=WAITS)
    def time_passes(self, seconds):
        end = self.clock.now + int(seconds * 1000)
        while (due := self.floor.next_deadline(self.clock.now)) is not None and due <= end:
            self.clock.now = max(due, self.clock.now)
            self.tick()
        self.clock.now = end

    @rule(seconds=WAITS)
    def time_passes_without_a_tick(self, seconds):
        self.clock.after(seconds)

    @rule()
    def a_tick_comes_without_cause(self):
        self.tick()

    @rule(minutes=st.integers(1, 90))
    def the_clock_is_set_back(self, minutes):
        self.clock.now -= minutes * 60_000

    @rule()
    def the_commit_succeeds(self):
        self.mark_written()

    @rule()
    def the_commit_fails(self):
        length, op_ids = self.durable
        lost = [(op_id, *done) for op_id, done in self.done.items() if op_id not in op_ids]
        self.records = self.records[:length]
        self.done = {op_id: done for op_id, done in self.done.items() if op_id in op_ids}
        self.answers.rollback()
        self.floor = Floor.replay(self.catalogue, self.records)
        self.tick()
        for op_id, op, by, _ in lost:  # the devices repeat them, and none counts as done
            reply = self.submit(op_id, by, op)
            self.done[op_id] = (op, by, reply)
            assert reply is not None or not isinstance(op, ops.OpenVisit) or op.visit_id in self.floor.visits

    @rule()
    def the_server_restarts(self):
        self.replays_to_the_same()
        self.mark_written()
        known = [(op_id, digest_of(op), reply) for op_id, (op, _, reply) in self.done.items()]
        done = [(op_id, digest) for op_id, digest, reply in known if reply is None]
        self.answers = OpResults(done, [answer for answer in known if answer[2] is not None])
        self.floor = Floor.replay(self.catalogue, self.records)
        self.tick()

    @rule()
    def nothing_is_due_before_the_next_deadline(self):
        # By the floor's own time: a clock that was set back is behind it.
        now = max(self.clock.now, self.floor._now)
        due = self.floor.next_deadline(now)
        if due is None:
            assert set(kinds(self.copy().tick(now + 3 * 86_400_000))) <= {"day_closed"}
        elif due > now:
            copy = self.copy()
            copy._time._promises_checked_at = self.floor._time._promises_checked_at
            copy.tick(now)
            assert copy.seq == self.floor.seq or self.behind
            assert self.behind or copy.tick(due - 1) == []
        elif now < self.floor._time._promises_checked_at + CHECK_MS:
            assert self.copy().tick(now) != []

    # --- invariants -----------------------------------------------------------------------

    @invariant()
    def each_visit_has_one_employee(self):
        in_hand: dict[str, str] = {}
        for person in self.floor.people.values():
            for visit_id in (*person.active, *person.holding):
                assert visit_id not in in_hand  # 4
                in_hand[visit_id] = person.id
            assert len(person.active) <= self.catalogue.times.max_active  # 5
        assert in_hand == {v.visit_id: v.employee for v in self.floor.open_visits() if v.employee is not None}
        offers = {v.visit_id: v.offer_to for v in self.floor.open_visits() if v.state is State.OFFERED}
        assert len(set(offers.values())) == len(offers)  # 5
        assert offers == {p.offer: p.id for p in self.floor.people.values() if p.offer}
        assert helped_in_vain(self.floor) is None  # 21
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
        assert self.people_of(again) == self.people_of(self.floor)
        forgotten = again.visits.keys() - self.floor.visits.keys()
        assert all(again.visits[visit_id].ended_at is not None for visit_id in forgotten)
        assert {k: v for k, v in again.visits.items() if k not in forgotten} == self.floor.visits

    def people_of(self, floor):
        """Those of whom the log says something, without who is away and works here no more."""
        away = {name for name, person in floor.people.items() if person.presence is Presence.OFF_FLOOR}
        here = {name for name in floor.people if name not in away or floor.catalogue.employee(name)}
        return {name: floor.people[name] for name in here if floor.people[name] != Person(name)}

    def nobody_waits_who_could_be_offered(self):
        now = self.now
        for visit in self.floor.open_visits():
            if visit.state is not State.WAITING:
                continue
            need = self.catalogue.need(visit.need)
            rings = [{*need.skills, *need.prefer[:n]} for n in range(len(need.prefer), -1, -1)]
            rings = rings[visit.ring :] or rings[-1:]
            here = [e for e in self.catalogue.employees if self.floor.people[e.id].presence in ON_THE_FLOOR]
            able = (wanted for wanted in rings if any(wanted <= e.skills for e in here))
            skills = set() if visit.ring == EVERYBODY else next(able, rings[-1])
            for employee in self.catalogue.employees:
                person = self.floor.people[employee.id]
                free = person.offer is None and len(person.active) < self.catalogue.times.max_active
                could = person.chosen is Presence.AVAILABLE and free and person.free_at <= now
                assert not (could and skills <= employee.skills and employee.id not in visit.asked)  # 15

    # --- helpers -------------------------------------------------------------------------------

    def ask(self, by, op):
        if isinstance(op, ops.SignOn):  # an op of the server itself has no op_id
            return self.handle(by, op)
        op_id = self.new_id()
        reply = self.submit(op_id, by, op)
        self.done[op_id] = (op, by, reply)
        return reply

    def submit(self, op_id, by, op):
        """Handles an op as the server does, with the results of earlier ops."""
        if (found := self.answers.find(op_id, op)) is not None:
            return found.refusal
        refusal = self.handle(by, op)
        self.answers.add(op_id, OpResult(digest_of(op), refusal))
        return refusal

    def handle(self, by, op):
        before = self.state()
        outcome = self.floor.handle(op, by, self.clock.now)
        if isinstance(outcome, Refusal):
            assert self.state() == before
            return outcome
        self.records += outcome
        self.now = max(self.clock.now, self.records[-1].at if self.records else 0)
        self.visit_ids += [r.visit_id for r in outcome if isinstance(r.event, Opened)]
        self.nobody_waits_who_could_be_offered()
        return None

    def tick(self):
        self.records += self.floor.tick(self.clock.now)
        self.now = max(self.clock.now, self.records[-1].at)
        self.nobody_waits_who_could_be_offered()

    def tap(self, tablet, step, visit_id, off):
        visit = self.floor.visits.get(visit_id)
        rev = max(1, (visit.rev if visit else 1) + off)
        extra: dict[Any, dict[str, Any]] = {
            ops.AddNote: {"note": "n"},
            ops.Complete: {"resolution": Resolution.SOLVED},
        }
        refusal = self.ask(Actor(ActorKind.STAFF, tablet), step(visit_id, rev, **extra.get(step, {})))
        if visit is None or rev != visit.rev:
            assert refusal is not None  # 8

    def mark_written(self):
        self.answers.commit(list(self.done))
        self.durable = (len(self.records), set(self.done))

    def concerning(self, tablet):
        """The visits that the holder of this tablet has or is asked for."""
        holder = self.floor.holder(tablet)
        return [v for v in (holder.offer, *holder.active, *holder.holding) if v] if holder else []

    def one_of(self, which):
        return self.visit_ids[which % len(self.visit_ids)] if self.visit_ids else "f" * 32

    @property
    def behind(self):
        """Whether time has passed since the last tick."""
        return self.clock.now > self.now

    def copy(self):
        return Floor.replay(self.catalogue, self.records)

    def state(self):
        return dict(self.floor.visits), dict(self.floor.people), self.floor.seq

    def new_id(self):
        self.made += 1
        return f"{self.made:032x}"


SETTINGS: dict[str, Any] = {
    "stateful_step_count": 60,
    "derandomize": True,
    "database": None,
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
}
FloorMachine.TestCase.settings = settings(max_examples=examples(500), **SETTINGS)
TestFloor = FloorMachine.TestCase
