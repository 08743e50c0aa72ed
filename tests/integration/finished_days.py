"""Writes some past days of a shop, with the real rules and the real writer on a test clock."""

import random
from collections.abc import Awaitable, Callable

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.ops import SYSTEM, Actor, ActorKind
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import State
from sync_server.service.config.load import load_settings
from sync_server.service.processing.processor import OpProcessor
from sync_server.service.storage.catalogue_mirror import mirror_catalogue
from sync_server.service.storage.connection import connect
from sync_server.service.storage.data_dir import DataDir
from tests.fake_clock import FakeClock
from tests.sample_store import ms

DAYS = ("2026-03-02", "2026-03-03", "2026-03-04")
NAMES = ("maya", "tom", "kim")
RATINGS = (None, None, 0, 5, 6, 7, 8, 9, 10)


async def live_through(folder: DataDir, seed: int) -> None:
    """Writes three whole days with all kinds of events."""
    chance = random.Random(seed)
    catalogue = load_settings(folder.settings).catalogue()
    db = connect(folder.store)
    mirror_catalogue(db, catalogue)
    db.close()
    clock = FakeClock(ms(2026, 3, 2, 7))
    processor = OpProcessor(folder, catalogue, clock)
    numbers = iter(range(1, 10**6))

    async def do(by: Actor, op: ops.AnyOp) -> bool:
        return await processor.submit(f"{next(numbers):032x}", op, by) is None

    try:
        for day in range(2, 5):
            clock.now = ms(2026, 3, day, 8, chance.randrange(60))
            processor.tick()
            for name in NAMES:
                if chance.random() < 0.9:
                    await do(SYSTEM, ops.SignOn(name, f"tablet-{name}"))
            ticket = 0
            while clock.now < ms(2026, 3, day, 13):
                clock.after(chance.choice((3, 8, 20, 45, 90, 200)))
                processor.tick()
                if chance.random() < 0.35:
                    ticket += 1
                    need = chance.choice(("repair", "repair", "buy", "ask", "advice_sound"))
                    op = ops.OpenVisit(f"{next(numbers):032x}", f"A-{ticket}", need, "en")
                    await do(Actor(ActorKind.KIOSK, "front"), op)
                await act(processor, do, chance, lambda: next(numbers))
            # Employees who serve at closing time would stay on: they complete; other visits are removed.
            for person in processor.floor.people.values():
                for visit_id in person.active:
                    by, rev = Actor(ActorKind.STAFF, person.device_id), processor.floor.visits[visit_id].rev
                    await do(by, ops.Start(visit_id, rev))
                    await do(by, ops.Hold(visit_id, processor.floor.visits[visit_id].rev))
            clock.now = ms(2026, 3, day, 20)
            processor.tick()
            assert all(person.chosen is Presence.OFF_FLOOR for person in processor.floor.people.values())
    finally:
        processor.close()


async def act(
    processor: OpProcessor,
    do: Callable[[Actor, ops.AnyOp], Awaitable[bool]],
    chance: random.Random,
    new_number: Callable[[], int],
) -> None:
    """A random op of a shopper or an employee."""
    floor = processor.floor
    name = chance.choice(NAMES)
    me, by = floor.people[name], Actor(ActorKind.STAFF, f"tablet-{name}")
    kiosk = Actor(ActorKind.KIOSK, "front")
    if me.device_id is None:
        await do(SYSTEM, ops.SignOn(name, f"tablet-{name}"))
    elif me.chosen is not Presence.AVAILABLE or (not me.active and chance.random() < 0.03):
        back = me.chosen is not Presence.AVAILABLE
        leaving = chance.choice((Presence.ON_BREAK, Presence.OFF_FLOOR))
        await do(by, ops.SetPresence(Presence.AVAILABLE if back else leaving))
    elif me.active:
        visit = floor.visits[me.active[0]]
        if visit.state is State.ACCEPTED:
            step = chance.choice((ops.Start, ops.Start, ops.Start, ops.Recall, ops.MarkNoShow, ops.HandOver))
            await do(by, step(visit.visit_id, visit.rev))
        elif chance.random() < 0.2:
            await do(by, chance.choice((ops.Hold, ops.HandOver))(visit.visit_id, visit.rev))
        else:
            await do(by, ops.Complete(visit.visit_id, visit.rev, chance.choice(list(Resolution))))
    elif me.holding:
        visit = floor.visits[me.holding[0]]
        await do(by, ops.Resume(visit.visit_id, visit.rev))
    elif me.offer:
        visit = floor.visits[me.offer]
        answer = chance.choice((ops.Accept, ops.Accept, ops.Accept, ops.Decline, ops.Remove))
        await do(by, answer(visit.visit_id, visit.rev))
    elif chance.random() < 0.1:
        op = ops.QuickResolution(
            f"{new_number():032x}", f"T-{new_number() % 9999}", "ask", "en", Resolution.ADVICE_GIVEN
        )
        await do(by, op)
    for visit in list(floor.visits.values()):
        if visit.state in (State.WAITING, State.OFFERED) and chance.random() < 0.02:
            await do(kiosk, ops.Cancel(visit.visit_id))
        elif visit.ended_at and visit.ces is None and visit.nps is None and chance.random() < 0.02:
            nps = chance.choice(RATINGS)
            ces = chance.choice((None, 1, 3, 5)) if nps is not None else chance.randrange(1, 6)
            await do(kiosk, ops.Rate(visit.visit_id, ces=ces, nps=nps))
