"""The actions of simulated people at a device: mostly sensible, sometimes not.

They decide by what the device shows, also offline. Nothing here knows the server's state.
"""

from itertools import cycle, islice
from random import Random

from sync_server.device.device import Device
from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import COLOURS, Catalogue
from sync_server.domain.events import Presence
from sync_server.domain.kiosk_step import KioskStep
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import State
from sync_server.protocol.rows import PersonRow, VisitRow

from .store_settings import PIN

ALIAS = "Zq-{day}-{number}"  # the check of retention looks for these bytes on every disk


def arrive(device: Device, catalogue: Catalogue, day: int, number: int, chance: Random) -> None:
    """A shopper states a need at a kiosk."""
    need = chance.choice(catalogue.needs).code
    _open(device, need, day, number, chance)


def _open(device: Device, need: str, day: int, number: int, chance: Random) -> None:
    device.submit(
        ops.OpenVisit(
            device.new_id(),
            device.next_ticket(),
            need,
            "en",
            alias=ALIAS.format(day=day, number=number),
            colour=chance.choice(COLOURS),
            place=chance.choice(("door", None)),
            party_size=chance.choice((1, 1, 2, 4)),
            taps=chance.choice((3, None)),
            link=f"{chance.getrandbits(128):022x}"[-22:],
        )
    )


def return_to_kiosk(device: Device, chance: Random) -> None:
    """A shopper comes back to the kiosk and leaves the line, or rates the visit, or only looks."""
    rows = sorted(device.view.visits.values(), key=lambda row: row.created_at)
    if not rows:
        return
    row = chance.choice(rows[-12:])
    if row.ended_at is None:
        if chance.random() < 0.5:
            rev = chance.choice((None, None, row.rev, max(1, row.rev - 1)))
            device.submit(ops.Cancel(row.visit_id, rev))
        else:  # looks at the screen and goes; two taps in one ms would look the same to the checks
            device.submit(ops.CountSession(KioskStep.GREETING, "need", 0, 0))
    else:
        device.submit(ops.Rate(row.visit_id, ces=chance.randint(1, 5), nps=chance.choice((None, 9))))


def rate_many(device: Device, times: int) -> None:
    """So many shoppers rate their visits, one after the other; some of them twice."""
    ended = sorted(row.visit_id for row in device.view.visits.values() if row.ended_at is not None)
    for visit_id in islice(cycle(ended), times):
        device.submit(ops.Rate(visit_id, ces=3))


def use_tablet(
    device: Device, catalogue: Catalogue, who: str, day: int, number: int, chance: Random
) -> str | None:
    """An employee looks at the tablet and may tap. Returns the PIN if they want to sign in."""
    view = device.view
    me = view.holder(device.file.device_id)
    if me is None:
        return (PIN if chance.random() < 0.95 else "000000") if chance.random() < 0.5 else None
    if me.id != who:
        return PIN if chance.random() < 0.5 else None
    if chance.random() < 0.03:
        _act_implausibly(device, list(view.visits.values()), chance)
        return None
    mine = [row for row in view.visits.values() if row.employee == who or row.offer_to == who]
    if mine:
        _continue_visit(device, catalogue, min(mine, key=_urgency), who, chance)
        if chance.random() < 0.9:
            return None
    _act_without_visit(device, catalogue, me, chance, day, number)
    return None


def _urgency(row: VisitRow) -> tuple[int, str]:
    order = (State.OFFERED.value, State.SERVING.value, State.ACCEPTED.value, State.ON_HOLD.value)
    return (order.index(row.state) if row.state in order else 9, row.ticket)


def _continue_visit(device: Device, catalogue: Catalogue, row: VisitRow, who: str, chance: Random) -> None:
    """Takes the next step with a visit, or none yet."""
    roll = chance.random()
    visit, rev = row.visit_id, row.rev
    if row.state == State.OFFERED and row.offer_to == who:
        if roll < 0.72:
            device.submit(ops.Accept(visit, rev))
        elif roll < 0.80:
            device.submit(ops.Decline(visit, rev))
        elif roll < 0.83:
            device.submit(ops.Recall(visit, rev))
    elif row.state == State.ACCEPTED:
        if row.recalled_at is not None and roll < 0.4:
            device.submit(ops.MarkNoShow(visit, rev))
        elif roll < 0.70:
            device.submit(ops.Start(visit, rev))
        elif roll < 0.78:
            device.submit(ops.Recall(visit, rev))
        elif roll < 0.81:
            device.submit(ops.HandOver(visit, rev, "not mine"))
        elif roll < 0.83:
            device.submit(ops.Remove(visit, rev))
    elif row.state == State.SERVING:
        if roll < 0.42:
            gift = chance.choice(("cable", None, None))
            device.submit(
                ops.Complete(visit, rev, _resolution(chance), gift=gift, tip=chance.choice(("dry", None)))
            )
            if chance.random() < 0.15:
                device.submit(ops.Undo(visit, rev + 1))
        elif roll < 0.46:
            device.submit(ops.Hold(visit, rev))
        elif roll < 0.50:
            need = chance.choice((*(need.code for need in catalogue.needs), None))
            device.submit(ops.HandOver(visit, rev, "the story so far", need))
        elif roll < 0.54:
            device.submit(ops.AddNote(visit, rev, "a note"))
        elif roll < 0.60:
            device.submit(ops.AskForHelp(visit, rev, wanted=roll < 0.59))
    elif row.state == State.ON_HOLD:
        if roll < 0.6:
            device.submit(ops.Resume(visit, rev))
        elif roll < 0.65:
            device.submit(ops.HandOver(visit, rev))


def _act_without_visit(
    device: Device,
    catalogue: Catalogue,
    me: PersonRow,
    chance: Random,
    day: int,
    number: int,
) -> None:
    roll = chance.random()
    if me.presence in (Presence.NOT_RESPONDING, Presence.ON_BREAK):
        if roll < 0.4:
            device.submit(ops.SetPresence(Presence.AVAILABLE))
        return
    asks = next((row.help_visit for row in device.view.people.values() if row.help_visit is not None), None)
    if asks is not None and chance.random() < 0.2:
        device.submit(ops.AnswerHelp(asks))
    elif roll < 0.10 and (in_line := _in_line(device)):
        row = chance.choice(in_line)
        device.submit(ops.Claim(row.visit_id, row.rev))
    elif 0.10 <= roll < 0.13:
        need = chance.choice(catalogue.needs).code
        said_s = chance.choice((None, 120, 300, 600))
        made = device.new_id(), device.next_ticket()
        device.submit(ops.QuickResolution(*made, need, "en", _resolution(chance), service_s=said_s))
    elif 0.13 <= roll < 0.135:
        _open(device, chance.choice(catalogue.needs).code, day, number, chance)
    elif roll < 0.145 and (in_line := _in_line(device)):
        row = chance.choice(in_line)
        device.submit(ops.Remove(row.visit_id, row.rev))
    elif roll < 0.16 and (handed_over := [row for row in _in_line(device) if row.handovers]):
        row = chance.choice(handed_over)  # perhaps a colleague's
        device.submit(ops.Undo(row.visit_id, row.rev))
    elif 0.145 <= roll < 0.155:
        device.submit(ops.SetPresence(Presence.ON_BREAK))
    elif 0.155 <= roll < 0.16:
        device.submit(ops.SetPresence(Presence.OFF_FLOOR))


def _in_line(device: Device) -> list[VisitRow]:
    waiting = [row for row in device.view.visits.values() if row.state in (State.WAITING, State.OFFERED)]
    return sorted(waiting, key=lambda row: row.created_at)


def _act_implausibly(device: Device, rows: list[VisitRow], chance: Random) -> None:
    """A tap that no sensible screen would offer, or the same tap twice."""
    if not rows:
        return
    row = chance.choice(sorted(rows, key=lambda row: row.ticket))
    rev = max(1, row.rev + chance.choice((-2, -1, 0, 0, 0, 1)))
    op = chance.choice(
        (
            ops.Accept(row.visit_id, rev),
            ops.Claim(row.visit_id, rev),
            ops.Start(row.visit_id, rev),
            ops.Complete(row.visit_id, rev, Resolution.SOLVED),
            ops.Hold(row.visit_id, rev),
            ops.Resume(row.visit_id, rev),
            ops.Undo(row.visit_id, rev),
            ops.MarkNoShow(row.visit_id, rev),
            ops.AddNote(row.visit_id, rev, "hm"),
            ops.Cancel(row.visit_id, rev),
        )
    )
    for _ in range(chance.choice((1, 1, 2))):
        device.submit(op)


def _resolution(chance: Random) -> Resolution:
    return chance.choice((Resolution.SOLVED, Resolution.SOLD, Resolution.REFERRED, Resolution.NOT_SOLVED))
