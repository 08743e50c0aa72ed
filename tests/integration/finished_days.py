"""Days of a shop gone by, made by the real rules and the real writer on a clock of their own."""

import random

from sync_server.domain import ops
from sync_server.domain.events import Presence, Resolution
from sync_server.domain.ops import SYSTEM, Actor, ActorKind
from sync_server.domain.visit import State
from sync_server.service.accounts import mirror_catalogue
from sync_server.service.folder import Folder
from sync_server.service.settings import load_settings
from sync_server.service.shop import Shop
from sync_server.service.store import connect
from tests.shop import Clock, ms

DAYS = ("2026-03-02", "2026-03-03", "2026-03-04")
NAMES = ("maya", "tom", "kim")
RATINGS = (None, None, 0, 5, 6, 7, 8, 9, 10)


async def live_through(folder: Folder, seed: int) -> None:
    """Three days with everything that happens in a shop, all of them over."""
    chance = random.Random(seed)
    catalogue = load_settings(folder.settings).catalogue()
    db = connect(folder.store)
    mirror_catalogue(db, catalogue)
    db.close()
    clock = Clock(ms(2026, 3, 2, 7))
    shop = Shop(folder, catalogue, clock)
    made = iter(range(1, 10**6))

    async def do(by: Actor, op: ops.AnyOp) -> bool:
        return await shop.submit(f"{next(made):032x}", op, by) is None

    try:
        for day in range(2, 5):
            clock.now = ms(2026, 3, day, 8, chance.randrange(60))
            shop.tick()
            for name in NAMES:
                if chance.random() < 0.9:
                    await do(SYSTEM, ops.SignOn(name, f"tablet-{name}"))
            ticket = 0
            while clock.now < ms(2026, 3, day, 13):
                clock.after(chance.choice((3, 8, 20, 45, 90, 200)))
                shop.tick()
                if chance.random() < 0.35:
                    ticket += 1
                    need = chance.choice(("repair", "repair", "buy", "ask", "advice_sound"))
                    op = ops.OpenVisit(f"{next(made):032x}", f"A-{ticket}", need, "en")
                    await do(Actor(ActorKind.KIOSK, "front"), op)
                await something(shop, do, chance, lambda: next(made))
            # Who is with a shopper at closing time would stay on: they finish, and the others are let go.
            for person in shop.floor.people.values():
                for visit_id in person.active:
                    by, rev = Actor(ActorKind.STAFF, person.device_id), shop.floor.visits[visit_id].rev
                    await do(by, ops.Start(visit_id, rev))
                    await do(by, ops.Hold(visit_id, shop.floor.visits[visit_id].rev))
            clock.now = ms(2026, 3, day, 20)
            shop.tick()
            assert all(person.chosen is Presence.OFF_FLOOR for person in shop.floor.people.values())
    finally:
        shop.close()


async def something(shop: Shop, do, chance: random.Random, new) -> None:
    """One thing that somebody does now."""
    floor = shop.floor
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
        step = chance.choice((ops.Accept, ops.Accept, ops.Accept, ops.Decline, ops.Remove))
        await do(by, step(visit.visit_id, visit.rev))
    elif chance.random() < 0.1:
        op = ops.QuickResolution(f"{new():032x}", f"T-{new() % 9999}", "ask", "en", Resolution.ADVICE_GIVEN)
        await do(by, op)
    for visit in list(floor.visits.values()):
        if visit.state in (State.WAITING, State.OFFERED) and chance.random() < 0.02:
            await do(kiosk, ops.Cancel(visit.visit_id))
        elif visit.ended_at and visit.ces is None and visit.nps is None and chance.random() < 0.02:
            nps = chance.choice(RATINGS)
            ces = chance.choice((None, 1, 3, 5)) if nps is not None else chance.randrange(1, 6)
            await do(kiosk, ops.Rate(visit.visit_id, ces=ces, nps=nps))
