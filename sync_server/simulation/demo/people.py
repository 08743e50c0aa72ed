"""Simulated people of the demo: one coroutine for each, which acts through a Device as touches would.

Durations are those of a real store, in seconds, divided by `speed`. The simulation does nothing on a screen
while `busy()` is true, because a real person uses it.
"""

import asyncio
import random
import secrets
from collections.abc import Callable
from typing import Protocol

from sync_server.device.device import Device
from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import COLOURS, Catalogue, Need
from sync_server.domain.events import Presence
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import State
from sync_server.protocol.rows import VisitRow
from sync_server.simulation.behaviour import (
    Behaviour,
    chosen_ces,
    chosen_need,
    chosen_resolution,
    needs_met_by,
)

LOOK_EVERY_S = 0.05
CLOSED_LOOK_S = 1.0  # how often somebody looks whether the store is open
RETRY_SIGN_IN_S = 1.0


def nobody_touches() -> bool:
    return False


# --- employees -----------------------------------------------------------------------------------


async def employee(
    device: Device,
    who: str,
    pin: str,
    behaviour: Behaviour,
    chance: random.Random,
    busy: Callable[[], bool] = nobody_touches,
) -> None:
    """Works on the floor until cancelled: signs in, accepts offers, serves, and completes visits."""
    act_at: tuple[object, float] = (None, 0.0)
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        if busy() or not device.live or device.catalogue is None:
            continue
        me = device.view.holder(device.file.device_id)
        if me is None and not behaviour.arrivals[_local_hour(device) or 0]:
            continue  # the store is closed
        if me is None:
            if await device.sign_in(who, pin) is None:
                await asyncio.sleep(RETRY_SIGN_IN_S)
            continue
        if me.presence == "not_responding":
            device.submit(ops.SetPresence(Presence.AVAILABLE))
            continue
        row = _current_visit(device, me.id)
        if row is None:
            continue
        # Each step is taken a while after its state was first seen.
        step = (row.visit_id, row.state)
        if act_at[0] != step:
            act_at = (step, loop.time() + _step_duration(row, device.catalogue, behaviour, chance))
        elif loop.time() >= act_at[1]:
            _take_step(device, device.catalogue, row, behaviour, chance)


def _current_visit(device: Device, me: str) -> VisitRow | None:
    """The visit in hand, or the one that is offered to this employee."""
    for row in device.view.visits.values():
        if row.employee == me and row.state in (State.ACCEPTED, State.SERVING):
            return row
        if row.offer_to == me and row.state == State.OFFERED:
            return row
    return None


def _step_duration(row: VisitRow, catalogue: Catalogue, behaviour: Behaviour, chance: random.Random) -> float:
    if row.state == State.OFFERED:
        return behaviour.about(chance, behaviour.reaction_s)
    if row.state == State.ACCEPTED:
        return behaviour.about(chance, behaviour.walk_s)
    return behaviour.service_s(chance, catalogue.need(row.need))


def _take_step(
    device: Device, catalogue: Catalogue, row: VisitRow, behaviour: Behaviour, chance: random.Random
) -> None:
    if row.state == State.OFFERED:
        answer = ops.Decline if chance.random() < behaviour.declines else ops.Accept
        device.submit(answer(row.visit_id, row.rev))
    elif row.state == State.ACCEPTED:
        device.submit(ops.Start(row.visit_id, row.rev))
    else:
        need = catalogue.need(row.need)
        tips = catalogue.tips_for(row.need)
        gifts = catalogue.gifts_for(row.need)
        resolution = chosen_resolution(need, chance)
        gift = gifts[0] if gifts and resolution is Resolution.REPLACED_FREE else None
        device.submit(
            ops.Complete(
                row.visit_id,
                row.rev,
                resolution,
                tip=chance.choice(tips).code if tips and chance.random() < 0.4 else None,
                gift=gift.code if gift else None,
            )
        )


# --- shoppers ------------------------------------------------------------------------------------


async def _first_shopper_comes(device: Device, behaviour: Behaviour, chance: random.Random) -> None:
    """Waits until the device is ready, and for somebody who stands before it already."""
    while not device.live or device.catalogue is None:
        await asyncio.sleep(LOOK_EVERY_S)
    await asyncio.sleep(behaviour.about(chance, behaviour.at_the_kiosk_s))


async def _shopper_comes(device: Device, behaviour: Behaviour, chance: random.Random, share: float) -> None:
    """Waits until the next shopper comes; `share` of all of them come to this kiosk."""
    while True:
        hour = _local_hour(device)
        wait_s = None if hour is None else behaviour.next_arrival_s(chance, hour, share)
        await asyncio.sleep(CLOSED_LOOK_S if wait_s is None else wait_s)
        if wait_s is not None:
            return


def _local_hour(device: Device) -> int | None:
    """The hour of the day in the store; None before the device knows the store."""
    return None if device.catalogue is None else device.catalogue.local(device.server_time()).hour


async def shoppers(device: Device, behaviour: Behaviour, chance: random.Random, share: float = 1.0) -> None:
    """Shoppers at a kiosk without a window, one after another, until cancelled."""
    going = set()
    await _first_shopper_comes(device, behaviour, chance)
    while True:
        if device.catalogue is not None:
            going.add(task := asyncio.ensure_future(_shopper(device, device.catalogue, behaviour, chance)))
            task.add_done_callback(going.discard)
        await _shopper_comes(device, behaviour, chance, share)


def _wanted_need(catalogue: Catalogue, chance: random.Random) -> Need:
    return chosen_need(needs_met_by(catalogue, [employee.id for employee in catalogue.employees]), chance)


async def _shopper(device: Device, catalogue: Catalogue, behaviour: Behaviour, chance: random.Random) -> None:
    """One shopper: gets in line, is served or loses patience, and may rate the visit."""
    visit_id = device.new_id()
    device.submit(
        ops.OpenVisit(
            visit_id,
            device.next_ticket(),
            _wanted_need(catalogue, chance).code,
            chance.choice(catalogue.store.languages),
            alias=chance.choice(("Robin", "Kim", "Eero", "Noa", None, None)),
            colour=chance.choice((*COLOURS, None)),
            place=chance.choice(catalogue.places).code if catalogue.places else None,
            link=secrets.token_urlsafe(16),
        )
    )
    loop = asyncio.get_running_loop()
    leaves_at = loop.time() + behaviour.about(chance, behaviour.patience_s)
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        row = device.view.visits.get(visit_id)
        if row is not None and row.ended_at is not None:
            break
        waiting = row is None or row.state in (State.WAITING, State.OFFERED)
        if waiting and loop.time() >= leaves_at:
            device.submit(ops.Cancel(visit_id))
            leaves_at = float("inf")
    if row.state in (State.COMPLETED, State.CANCELLED) and chance.random() < behaviour.rates:
        device.submit(ops.Rate(visit_id, ces=chosen_ces(row.state == State.COMPLETED, chance)))


class KioskPort(Protocol):
    """What a simulated shopper needs of a kiosk's controller: the actions of its buttons."""

    @property
    def screen(self) -> str: ...
    def choose_need(self, code: str) -> None: ...
    def choose_colour(self, colour: str) -> None: ...
    def choose_place(self, place: str) -> None: ...
    def join(self) -> None: ...
    def acknowledge(self) -> None: ...
    def rate(self, ces: int) -> None: ...
    def decline_rating(self) -> None: ...


async def shoppers_at(
    kiosk: KioskPort,
    device: Device,
    behaviour: Behaviour,
    chance: random.Random,
    share: float = 1.0,
    busy: Callable[[], bool] = nobody_touches,
) -> None:
    """Shoppers at a kiosk with a window, one after another, until cancelled."""
    await _first_shopper_comes(device, behaviour, chance)
    while True:
        steps, wanted = 0, None
        while not busy() and device.catalogue is not None and steps < 8:
            steps += 1
            wanted = wanted or _wanted_need(device.catalogue, chance)
            if not _next_step(kiosk, device.catalogue, wanted, chance):
                break
            # Long enough to be seen, also at a high speed.
            await asyncio.sleep(max(0.4, behaviour.about(chance, behaviour.at_the_kiosk_s / 3)))
        await _shopper_comes(device, behaviour, chance, share)


def _next_step(kiosk: KioskPort, catalogue: Catalogue, wanted: Need, chance: random.Random) -> bool:
    """One tap on the screen that the kiosk shows. False if this shopper is done there."""
    match str(kiosk.screen):
        case "need":
            kiosk.choose_need(wanted.under or wanted.code)
        case "need_group":
            kiosk.choose_need(wanted.code)
        case "identify":
            kiosk.choose_colour(chance.choice(COLOURS))
            if catalogue.places:
                kiosk.choose_place(chance.choice(catalogue.places).code)
            kiosk.join()
        case "rating" if chance.random() < 0.7:
            kiosk.rate(chosen_ces(True, chance))
        case "rating":
            kiosk.decline_rating()
        case "line":
            kiosk.acknowledge()
            return False
        case _:
            return False
    return True
