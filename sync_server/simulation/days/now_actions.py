"""The manager's page Now: what one manager does there, or two at once, as both of them see the floor."""

from collections.abc import Callable
from random import Random

from sync_server.domain import ops
from sync_server.domain.events import Back, Presence, RemovedBecause
from sync_server.domain.floor.floor import Floor

MAY_BE_SET = (Presence.AVAILABLE, Presence.ON_BREAK, Presence.OFF_FLOOR)
TWO_AT_ONCE = 0.3  # how often a second manager does the same at the same moment


def acts(floor: Floor, kiosks: tuple[str, ...], now: int, chance: Random) -> list[ops.AnyOp]:
    """The ops of one or two managers at `now`, ms UTC; none where there is nothing to do."""
    deeds: tuple[Callable[[], ops.AnyOp | None], ...] = (
        lambda: _ask_again(floor, chance),
        lambda: _ask_again(floor, chance),
        lambda: _offer(floor, chance),
        lambda: _offer(floor, chance),
        lambda: _take_out(floor, chance),
        lambda: _set_presence(floor, chance),
        lambda: _need(floor, now, chance),
        lambda: _text(floor, kiosks, now, chance),
        lambda: ops.PutAway(chance.choice(kiosks)) if kiosks else None,
        lambda: _answer_help(floor),
    )
    op = chance.choice(deeds)()
    return [] if op is None else [op] * (2 if chance.random() < TWO_AT_ONCE else 1)


def _ask_again(floor: Floor, chance: Random) -> ops.AnyOp | None:
    """A visit that waits too long, or just one."""
    if not (line := floor.line()):
        return None
    late = [visit for visit in line if visit.alerted_at is not None]
    return ops.AskAgain(chance.choice(late or line).visit_id, chance.random() < 0.5)


def _offer(floor: Floor, chance: Random) -> ops.AnyOp | None:
    if not (line := floor.line()):
        return None
    visit, employee = chance.choice(line), chance.choice(floor.catalogue.employees)
    return ops.OfferTo(visit.visit_id, visit.rev, employee.id)


def _answer_help(floor: Floor) -> ops.AnswerHelp | None:
    asked = (person.help for person in floor.people.values())
    return next((ops.AnswerHelp(one.visit_id) for one in asked if one is not None), None)


def _take_out(floor: Floor, chance: Random) -> ops.AnyOp | None:
    if not (visits := floor.open_visits()):
        return None
    visit = chance.choice(visits)
    return ops.Remove(visit.visit_id, visit.rev, chance.choice(tuple(RemovedBecause)))


def _set_presence(floor: Floor, chance: Random) -> ops.AnyOp | None:
    person = floor.people[chance.choice(floor.catalogue.employees).id]
    return ops.SetPresenceOf(person.id, person.chosen, chance.choice(MAY_BE_SET))


def _need(floor: Floor, now: int, chance: Random) -> ops.AnyOp | None:
    """Opens a closed need again, as a rule, or closes one."""
    closed = floor.overrides.closed_needs(now)
    if closed and chance.random() < 0.7:
        return ops.ReopenNeed(chance.choice(closed).need)
    needs = [need.code for need in floor.catalogue.needs if floor.catalogue.need(need.code)]
    return ops.CloseNeed(chance.choice(needs), chance.choice(tuple(Back)), {"en": "Soon"})


def _text(floor: Floor, kiosks: tuple[str, ...], now: int, chance: Random) -> ops.AnyOp | None:
    kiosk = chance.choice((None, *kiosks))
    present = floor.overrides.announcement(kiosk, now)
    words = {} if present and chance.random() < 0.5 else {"en": f"Text {chance.randrange(100)}"}
    return ops.Announce(words, kiosk, present.seq if present else 0)
