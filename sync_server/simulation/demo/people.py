"""How simulated people behave: one coroutine a person, acting through a Device as fingers would.

Durations are those of a real shop, in seconds, divided by `speed`. A person who touches the same
screen is never disturbed: the simulation steps back while `busy()` says so.
"""

import asyncio
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sync_server.device.device import Device
from sync_server.domain import ops
from sync_server.domain.catalogue import COLOURS, Catalogue, Need
from sync_server.domain.events import Presence, Resolution
from sync_server.domain.visit import State
from sync_server.protocol.rows import VisitRow

LOOK_EVERY_S = 0.1
RETRY_SIGN_IN_S = 1.0


@dataclass(frozen=True)
class Pace:
    """How long things take in a real shop, seconds, and how much faster than life it all goes."""

    speed: float = 1.0
    between_shoppers_s: float = 35.0
    at_the_kiosk_s: float = 15.0
    reaction_s: float = 4.0
    walk_s: float = 15.0
    service_s: float = 120.0
    wrap_up_s: float = 30.0
    patience_s: float = 600.0
    declines: float = 0.05
    rates: float = 0.6

    def about(self, chance: random.Random, mean_s: float) -> float:
        """A duration around `mean_s`, now and then much longer, at this speed."""
        return chance.gammavariate(3, mean_s / 3) / self.speed


def nobody_touches() -> bool:
    return False


# --- employees -----------------------------------------------------------------------------------


async def employee(
    device: Device,
    who: str,
    pin: str,
    pace: Pace,
    chance: random.Random,
    busy: Callable[[], bool] = nobody_touches,
) -> None:
    """Works on the floor for ever: signs in, comes when asked, helps, and logs how it ended."""
    act_at: tuple[object, float] = (None, 0.0)
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        if busy() or not device.live or device.catalogue is None:
            continue
        me = device.view.holder(device.file.device_id)
        if me is None:
            if await device.sign_in(who, pin) is None:
                await asyncio.sleep(RETRY_SIGN_IN_S)
            continue
        if me.presence == "not_responding":
            device.submit(ops.SetPresence(Presence.AVAILABLE))
            continue
        row = _in_hand(device, me.id)
        if row is None:
            continue
        # Each step begins a while after its state was first seen.
        step = (row.visit_id, row.state)
        if act_at[0] != step:
            act_at = (step, loop.time() + _how_long(row, pace, chance))
        elif loop.time() >= act_at[1]:
            _do(device, device.catalogue, row, pace, chance)


def _in_hand(device: Device, me: str) -> VisitRow | None:
    """What this employee has to do with now: a visit of theirs, or an offer."""
    for row in device.view.visits.values():
        if row.employee == me and row.state in (State.ACCEPTED, State.SERVING):
            return row
        if row.offer_to == me and row.state == State.OFFERED:
            return row
    return None


def _how_long(row: VisitRow, pace: Pace, chance: random.Random) -> float:
    if row.state == State.OFFERED:
        return pace.about(chance, pace.reaction_s)
    if row.state == State.ACCEPTED:
        return pace.about(chance, pace.walk_s)
    return pace.about(chance, pace.service_s)


def _do(device: Device, catalogue: Catalogue, row: VisitRow, pace: Pace, chance: random.Random) -> None:
    if row.state == State.OFFERED:
        answer = ops.Decline if chance.random() < pace.declines else ops.Accept
        device.submit(answer(row.visit_id, row.rev))
    elif row.state == State.ACCEPTED:
        device.submit(ops.Start(row.visit_id, row.rev))
    else:
        need = catalogue.need(row.need)
        tips = catalogue.tips_for(row.need)
        gifts = catalogue.gifts_for(row.need)
        ending = _ending(need, chance)
        gift = gifts[0] if gifts and ending is Resolution.REPLACED_FREE else None
        device.submit(
            ops.Complete(
                row.visit_id,
                row.rev,
                ending,
                tip=chance.choice(tips).code if tips and chance.random() < 0.4 else None,
                gift=gift.code if gift else None,
            )
        )


def _ending(need: Need | None, chance: random.Random) -> Resolution:
    """The likeliest ending most of the time."""
    endings = need.endings if need else ("solved",)
    weights = [2.0**-place for place in range(len(endings))]
    return Resolution(chance.choices(endings, weights)[0])


# --- shoppers ------------------------------------------------------------------------------------


def random_need(catalogue: Catalogue, chance: random.Random) -> Need:
    """A need somebody may come with."""
    return chance.choice([need for need in catalogue.needs if catalogue.need(need.code)])


async def shoppers(device: Device, pace: Pace, chance: random.Random) -> None:
    """Shoppers who come to a kiosk without a window, one after another, for ever."""
    going = set()
    while True:
        await asyncio.sleep(pace.about(chance, pace.between_shoppers_s))
        if device.catalogue is not None:
            going.add(task := asyncio.ensure_future(_shopper(device, device.catalogue, pace, chance)))
            task.add_done_callback(going.discard)


async def _shopper(device: Device, catalogue: Catalogue, pace: Pace, chance: random.Random) -> None:
    """One shopper: gets in line, is helped or loses patience, and may say how it was."""
    visit_id = device.new_id()
    device.submit(
        ops.OpenVisit(
            visit_id,
            device.next_ticket(),
            random_need(catalogue, chance).code,
            chance.choice(catalogue.store.languages),
            alias=chance.choice(("Robin", "Kim", "Eero", "Noa", None, None)),
            colour=chance.choice((*COLOURS, None)),
            place=chance.choice(catalogue.places).code if catalogue.places else None,
            link=secrets.token_urlsafe(16),
        )
    )
    loop = asyncio.get_running_loop()
    leaves_at = loop.time() + pace.about(chance, pace.patience_s)
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        row = device.view.visits.get(visit_id)
        if row is not None and row.ended_at is not None:
            break
        waiting = row is None or row.state in (State.WAITING, State.OFFERED)
        if waiting and loop.time() >= leaves_at:
            device.submit(ops.Cancel(visit_id))
            leaves_at = float("inf")
    if row.state in (State.COMPLETED, State.CANCELLED) and chance.random() < pace.rates:
        happy = (5, 5, 4, 4, 3) if row.state == State.COMPLETED else (3, 2, 1)
        device.submit(ops.Rate(visit_id, ces=chance.choice(happy)))


class Kiosk(Protocol):
    """What a simulated shopper needs of a kiosk's window: the same actions that fingers have."""

    @property
    def screen(self) -> str: ...
    def choose_need(self, code: str) -> None: ...
    def choose_colour(self, colour: str) -> None: ...
    def choose_place(self, place: str) -> None: ...
    def join(self) -> None: ...
    def all_right(self) -> None: ...
    def rate(self, ces: int) -> None: ...
    def no_thanks(self) -> None: ...


async def shoppers_at(
    kiosk: Kiosk,
    device: Device,
    pace: Pace,
    chance: random.Random,
    busy: Callable[[], bool] = nobody_touches,
) -> None:
    """Shoppers who come to a kiosk with a window, one after another, for ever."""
    while True:
        await asyncio.sleep(pace.about(chance, pace.between_shoppers_s))
        steps = 0
        while not busy() and device.catalogue is not None and steps < 8:
            steps += 1
            if not _next_step(kiosk, device.catalogue, chance):
                break
            # On a screen everybody needs a moment to read, however fast the day goes by.
            await asyncio.sleep(max(0.4, pace.about(chance, pace.at_the_kiosk_s / 3)))


def _next_step(kiosk: Kiosk, catalogue: Catalogue, chance: random.Random) -> bool:
    """One tap on whatever the kiosk shows. False when this shopper is done there."""
    match str(kiosk.screen):
        case "need":
            kiosk.choose_need(chance.choice(catalogue.needs_under(None)).code)
        case "more":
            groups = [need for need in catalogue.needs if catalogue.need(need.code) and need.under]
            kiosk.choose_need(chance.choice(groups).code)
        case "spot":
            kiosk.choose_colour(chance.choice(COLOURS))
            if catalogue.places:
                kiosk.choose_place(chance.choice(catalogue.places).code)
            kiosk.join()
        case "thanks" if chance.random() < 0.7:
            kiosk.rate(chance.choice((5, 5, 4, 4, 3)))
        case "thanks":
            kiosk.no_thanks()
        case "line":
            kiosk.all_right()
            return False
        case _:
            return False
    return True
