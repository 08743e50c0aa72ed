"""A device shows of its own ops what the server then does: every op that a device can send, in any order.

A kiosk and a tablet tap with and without a connection, while others act on the same floor. Whatever the
floor does not refuse must give the rows that the device has shown meanwhile.
"""

from typing import Any, get_args

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from msgspec import Struct, field
from msgspec.structs import asdict, replace

from sync_server.device.sync.optimistic_view import OptimisticView, optimistic_view
from sync_server.device.sync.replica import Replica
from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.floor.floor import Floor
from sync_server.domain.kiosk_step import KioskStep
from sync_server.domain.ops import SYSTEM, Actor, ActorKind
from sync_server.domain.refusal import Refusal
from sync_server.domain.resolution import Resolution
from sync_server.protocol.messages import Snapshot, Submit
from sync_server.protocol.rows import VisitRow
from sync_server.protocol.visibility import kiosk_visit, person_row, staff_visit
from tests.examples import examples
from tests.floor_harness import FloorHarness, staff, tablet
from tests.sample_store import MONDAY_10

NEEDS = ("repair", "repair_phone", "buy", "ask")
OTHERS = ("kim", "lea")
DESCRIBED: dict[str, Any] = {"alias": "Robin", "colour": "red", "place": "door", "party_size": 3}
# What an employee taps on a visit, beside its id and rev.
ON_A_VISIT: dict[type[Any], dict[str, Any]] = {
    ops.Accept: {},
    ops.Decline: {},
    ops.Claim: {},
    ops.Recall: {},
    ops.Start: {},
    ops.Hold: {},
    ops.Resume: {},
    ops.HandOver: {"note": "the story", "need": "buy"},
    ops.AddNote: {"note": "a note"},
    ops.Complete: {"resolution": Resolution.SOLVED, "note": "done", "gift": "cable"},
    ops.MarkNoShow: {},
    ops.Remove: {},
    ops.Undo: {},
    ops.AskForHelp: {},
}
FITS = {
    "waiting": (ops.Claim, ops.Claim, ops.Remove, ops.Undo),
    "offered": (ops.Accept, ops.Accept, ops.Claim, ops.Decline, ops.Recall, ops.MarkNoShow),
    "accepted": (ops.Start, ops.Start, ops.Recall, ops.MarkNoShow, ops.AddNote, ops.HandOver),
    "serving": (ops.Complete, ops.Hold, ops.AddNote, ops.HandOver, ops.AskForHelp),
    "on_hold": (ops.Resume, ops.Resume, ops.HandOver, ops.AddNote, ops.Remove),
}
PRESENCES = (*[Presence.AVAILABLE] * 4, Presence.ON_BREAK, Presence.ON_BREAK, Presence.OFF_FLOOR)
RATINGS = ({"ces": 5}, {"nps": 0}, {"ces": 1, "nps": 9, "comment": "so"}, {"comment": "only words"})
# What a device cannot know of a row: the server works it out of the whole line.
OF_THE_LINE: dict[str, Any] = {
    "place_in_line": None,
    "low_s": None,
    "high_s": None,
    "promised_from": None,
    "promised_until": None,
    "extended_because": None,
    "hindrance": "",
}
# What a kiosk is never told. Of its own shopper it knows it until the server's row comes.
DESCRIBES = {"alias": None, "colour": None, "place": None, "party_size": 1}


class OneDevice(Struct):
    """A device: the rows it has, and what was tapped and not answered. `alone`: nobody else acted since."""

    by: Actor
    replica: Replica
    pending: list[Submit] = field(default_factory=list)
    alone: bool = True

    @property
    def id(self) -> str:
        return self.by.device_id or ""

    def rows_of(self, floor: Floor) -> dict[str, VisitRow]:
        """The visits as the server shows them to this device."""
        if self.by.kind is ActorKind.KIOSK:
            rows = [kiosk_visit(v, floor) for v in floor.visits.values() if v.device_id == self.id]
        else:
            rows = [staff_visit(v) for v in floor.open_visits()]
        return {row.visit_id: row for row in rows}

    def sync(self, floor: Floor) -> None:
        """A new snapshot."""
        self.replica, self.alone = Replica(), True
        visits, people = tuple(self.rows_of(floor).values()), tuple(map(person_row, floor.people.values()))
        self.replica.load_snapshot(
            Snapshot(1, MONDAY_10, self.id, "2026-03-02", 0, "d", visits=visits, people=people)
        )


class Scene:
    """A floor, a kiosk, and the tablet of tom, who is asked for the first of three visits."""

    def __init__(self) -> None:
        self.play = FloorHarness()
        self.play.sign_on("tom", *OTHERS)
        self.kiosk = OneDevice(Actor(ActorKind.KIOSK, "kiosk-1"), Replica())
        self.tablet = OneDevice(staff("tom"), Replica())
        for need in ("repair", "buy", "repair"):
            self.play.open(need)
        self.sync()

    def sync(self) -> None:
        for device in (self.kiosk, self.tablet):
            device.sync(self.play.floor)

    def others_acted(self) -> None:
        self.kiosk.alone = self.tablet.alone = False

    def tap(self, device: OneDevice, op: ops.DeviceOp) -> None:
        device.pending.append(Submit(self.play.new_id(), self.play.clock.now, op, ahead_ms=0))

    def tap_visit(self, kind: Any, visit_id: str) -> None:
        rev = self.view(self.tablet).visits[visit_id].rev
        self.tap(self.tablet, kind(visit_id=visit_id, expected_rev=rev, **ON_A_VISIT[kind]))

    def view(self, device: OneDevice) -> OptimisticView:
        return optimistic_view(device.replica, device.pending, device.id, self.play.clock.now)

    def one_of(self, device: OneDevice, which: int) -> VisitRow | None:
        """A visit on the device's screen."""
        rows = list(self.view(device).visits.values())
        return rows[which % len(rows)] if rows else None

    def send(self, device: OneDevice) -> list[type]:
        """What was tapped, op by op: each changes the server's rows as the device shows it. Those done."""
        pending, device.pending = device.pending, []
        done = []
        for submit in pending:
            device.sync(self.play.floor)
            before, alone = device.rows_of(self.play.floor), self.quiet_copy()
            shown = optimistic_view(
                device.replica, [self.as_it_counts(alone, submit)], device.id, self.play.clock.now
            )
            outcome = self.handle(self.play.floor, device, submit)
            if isinstance(outcome, Refusal):
                assert device.rows_of(self.play.floor) == before
                continue
            self.play.records += outcome
            self.others_acted()
            assert not isinstance(self.handle(alone, device, submit), Refusal)
            if not isinstance(submit.op, ops.Undo):  # what it goes back to comes from the server
                self.agree(device, alone, shown)
            done.append(type(submit.op))
        device.sync(self.play.floor)
        return done

    def send_chain(self) -> list[type]:
        """What was tapped without a connection, all at once, on a floor that nobody else has changed."""
        server = self.quiet_copy()
        done = [self.handle(server, self.tablet, submit) for submit in self.tablet.pending]
        shown = self.view(self.tablet)
        if any(isinstance(outcome, Refusal) for outcome in done) or self.waits_for_the_server(shown):
            return []
        self.agree(self.tablet, server, shown)
        return [type(submit.op) for submit in self.tablet.pending]

    def waits_for_the_server(self, shown: OptimisticView) -> bool:
        """Whether something is taken back that was answered already: the device has no row to go back to."""
        undone = [submit.op for submit in self.tablet.pending if isinstance(submit.op, ops.Undo)]
        rows = shown.visits
        return any(op.visit_id in rows and rows[op.visit_id].rev == op.expected_rev for op in undone)

    def quiet_copy(self) -> Floor:
        """The same floor, on which an op has its own effect alone: nobody is asked because of it."""
        copy = Floor.replay(self.play.catalogue, self.play.records)
        copy.paused_until = self.play.clock.now + 1
        return copy

    def as_it_counts(self, floor: Floor, submit: Submit) -> Submit:
        """A tap from before the visit's latest change counts from that change on; the device cannot know."""
        visit = floor.visits.get(getattr(submit.op, "visit_id", ""))
        return replace(submit, at_device=max(submit.at_device, visit.touched_at if visit else 0))

    def handle(self, floor: Floor, device: OneDevice, submit: Submit) -> Any:
        return floor.handle(submit.op, device.by, self.play.clock.now, submit.at_device, submit.ahead_ms)

    def agree(self, device: OneDevice, server: Floor, shown: OptimisticView) -> None:
        """The visits on the screen are the server's rows, and so is what a tablet shows of its holder."""
        hidden: dict[str, Any] = OF_THE_LINE | (DESCRIBES if device is self.kiosk else {})
        ours = {i: asdict(replace(row, **hidden)) for i, row in shown.visits.items()}
        theirs = {i: asdict(replace(row, **hidden)) for i, row in device.rows_of(server).items()}
        assert ours == theirs
        if device is self.tablet:
            me, mine = shown.people["tom"], person_row(server.people["tom"])
            assert (me.presence, me.device_id, me.visit_id) == (mine.presence, mine.device_id, mine.visit_id)
            assert (me.help_visit, me.helper) == (mine.help_visit, mine.helper)


# --- each op ----------------------------------------------------------------------------------------------

# What leads to each op on a visit: tom is asked for it at first.
BEFORE: dict[type[Any], tuple[type[Any], ...]] = {
    ops.Accept: (),
    ops.Decline: (),
    ops.Claim: (ops.Decline,),
    ops.Recall: (),
    ops.Start: (ops.Accept,),
    ops.Hold: (ops.Accept, ops.Start),
    ops.Resume: (ops.Accept, ops.Start, ops.Hold),
    ops.HandOver: (ops.Accept, ops.Start, ops.Hold),
    ops.AddNote: (ops.Accept,),
    ops.Complete: (ops.Accept, ops.Start),
    ops.MarkNoShow: (ops.Recall,),
    ops.Remove: (),
    ops.Undo: (ops.Accept, ops.Start, ops.HandOver),
    ops.AskForHelp: (ops.Accept, ops.Start),
}


def lead_to(op: Any, scene: Scene) -> OneDevice:
    """Taps that end with this op. A new op needs a case here."""
    mine = next(v.visit_id for v in scene.play.floor.open_visits() if v.offer_to == "tom")
    visit_id = next(v.visit_id for v in scene.play.floor.open_visits() if v.device_id == "kiosk-1")
    if op in BEFORE:
        for kind in BEFORE[op]:
            scene.tap_visit(kind, mine)
        scene.play.clock.after(6)  # longer than an op may take on its way: those before it are late
        scene.tap_visit(op, mine)
        return scene.tablet
    if op is ops.AnswerHelp:
        theirs = next(v for v in scene.play.floor.open_visits() if v.offer_to in OTHERS)
        for kind in (ops.Accept, ops.Start, ops.AskForHelp):
            scene.play.on(str(theirs.offer_to), kind, theirs.visit_id)
        scene.sync()
        scene.tap(scene.tablet, ops.AnswerHelp(theirs.visit_id))
        return scene.tablet
    taps: dict[type[Any], tuple[OneDevice, tuple[ops.DeviceOp, ...]]] = {
        ops.OpenVisit: (scene.kiosk, (ops.OpenVisit("f" * 32, "Z-1", "repair", "en", **DESCRIBED),)),
        ops.CountSession: (scene.kiosk, (ops.CountSession(KioskStep.GREETING, "need", 0, 0),)),
        ops.Cancel: (scene.kiosk, (ops.Cancel(visit_id),)),
        ops.Rate: (scene.kiosk, (ops.Cancel(visit_id), ops.Rate(visit_id, ces=5))),
        ops.SetPresence: (scene.tablet, (ops.SetPresence(Presence.ON_BREAK),)),
        ops.QuickResolution: (
            scene.tablet,
            (ops.QuickResolution("f" * 32, "Z-1", "repair", "en", Resolution.SOLVED),),
        ),
    }
    device, made = taps[op]
    for each in made:
        scene.tap(device, each)
    return device


@pytest.mark.parametrize("op", get_args(ops.DeviceOp), ids=lambda op: op.__name__)
def test_every_op_that_a_device_can_send_is_shown_as_the_server_does_it(op):
    scene = Scene()
    device = lead_to(op, scene)
    assert device is scene.kiosk or scene.send_chain()[-1] is op
    assert scene.send(device)[-1] is op


# --- in any order -----------------------------------------------------------------------------------------


class DevicesAndServer(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.scene = Scene()
        self.play, self.kiosk, self.tablet = self.scene.play, self.scene.kiosk, self.scene.tablet

    @rule(need=st.sampled_from(NEEDS), described=st.booleans(), at_the_kiosk=st.booleans())
    def a_shopper_comes(self, need, described, at_the_kiosk):
        more = DESCRIBED if described else {}
        visit_id = self.play.new_id()
        device = self.kiosk if at_the_kiosk else self.tablet
        self.scene.tap(device, ops.OpenVisit(visit_id, self.play.ticket(), need, "en", **more))

    @rule(which=st.integers(0, 9), saw_the_rev=st.booleans())
    def a_shopper_leaves(self, which, saw_the_rev):
        if row := self.scene.one_of(self.kiosk, which):
            self.scene.tap(self.kiosk, ops.Cancel(row.visit_id, row.rev if saw_the_rev else None))

    @rule(which=st.integers(0, 9), rating=st.sampled_from(RATINGS))
    def a_shopper_rates(self, which, rating):
        if row := self.scene.one_of(self.kiosk, which):
            self.scene.tap(self.kiosk, ops.Rate(row.visit_id, **rating))

    @rule(presence=st.sampled_from(PRESENCES))
    def tom_comes_or_goes(self, presence):
        self.scene.tap(self.tablet, ops.SetPresence(presence))

    @rule(kind=st.sampled_from(tuple(ON_A_VISIT)), which=st.integers(0, 9))
    def tom_taps_anything(self, kind, which):
        if row := self.scene.one_of(self.tablet, which):
            self.scene.tap_visit(kind, row.visit_id)

    @rule(
        choices=st.lists(st.integers(0, 99), min_size=1, max_size=6),
        mine_first=st.booleans(),
        connected=st.booleans(),
    )
    def tom_works(self, choices, mine_first, connected):
        """Taps that fit what the tablet shows, one on top of the other, some of them after a while."""
        for choice in choices:
            if choice % 5 == 0:
                self.time_passes(6)
            if connected:
                self.what_was_tapped_is_sent(kiosk_first=False)
            rows = sorted(
                self.scene.view(self.tablet).visits.values(),
                key=lambda v: "tom" not in (v.offer_to, v.employee),
            )
            row = next((v for v in rows if v.employee in (None, "tom")), None) if mine_first else None
            row = row or self.scene.one_of(self.tablet, choice)
            if row is None or row.state not in FITS:
                return
            self.scene.tap_visit(FITS[row.state][choice % len(FITS[row.state])], row.visit_id)

    @rule(need=st.sampled_from(NEEDS))
    def tom_helps_somebody_at_once(self, need):
        ticket, visit_id = self.play.ticket(), self.play.new_id()
        self.scene.tap(self.tablet, ops.QuickResolution(visit_id, ticket, need, "en", Resolution.SOLVED))

    @rule(kiosk_first=st.booleans())
    def what_was_tapped_is_sent(self, kiosk_first):
        for device in (self.kiosk, self.tablet) if kiosk_first else (self.tablet, self.kiosk):
            self.scene.send(device)
        self.the_devices_hear_of_the_server()

    @precondition(lambda self: self.tablet.alone and self.tablet.pending)
    @rule()
    def a_whole_chain_is_sent(self):
        self.scene.send_chain()

    @rule()
    def the_devices_hear_of_the_server(self):
        self.scene.sync()

    @rule(who=st.sampled_from(OTHERS), kind=st.sampled_from(tuple(ON_A_VISIT)), which=st.integers(0, 9))
    def a_colleague_taps(self, who, kind, which):
        visits = list(self.play.floor.visits.values())
        if visits:
            visit = visits[which % len(visits)]
            self.play.handle(who, kind(visit.visit_id, visit.rev, **ON_A_VISIT[kind]))
            self.scene.others_acted()

    @precondition(lambda self: self.play.floor.holder(tablet("tom")) is None)
    @rule()
    def tom_signs_on(self):
        self.play.handle(SYSTEM, ops.SignOn("tom", tablet("tom")))
        self.scene.others_acted()

    @rule(seconds=st.sampled_from((6, 20, 70)))
    def time_passes(self, seconds):
        """Longer than an op may take on its way: what waits is late from then on."""
        if self.play.after(seconds):
            self.scene.others_acted()


DevicesAndServer.TestCase.settings = settings(
    max_examples=examples(400),
    stateful_step_count=50,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestDevicesAndServer = DevicesAndServer.TestCase
