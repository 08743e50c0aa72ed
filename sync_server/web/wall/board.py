"""What a wall display shows of the floor. Pure: from the floor to texts.

Nothing here describes a person: no shopper's words, no need, no employee.
"""

from datetime import datetime

from msgspec import Struct

from assets.i18n.reopening import reopening_text
from assets.i18n.texts import Texts, is_useful_wait
from sync_server.domain.floor.floor import Floor
from sync_server.domain.visit.progress import Stage, is_overdue, place_to_tell, stage_of, wait_to_tell
from sync_server.domain.visit.visit import Visit
from sync_server.protocol.visibility import kiosk_visit

MAX_COMING = 10  # a screen has no room for more
# Beside up to so many called and coming: how many in line a lying and a standing screen have room for.
IN_LINE = ((0, 14, 14), (1, 7, 10), (6, 7, 7), (MAX_COMING, 7, 5))


class CalledTicket(Struct, frozen=True):
    """A ticket to whom somebody comes. `called`: somebody looks for them and has not found them yet."""

    ticket: str
    name: str
    called: bool


class WaitingTicket(Struct, frozen=True):
    """A ticket in line. `place` and `wait` are short texts; empty where nobody can say."""

    ticket: str
    name: str
    place: str
    wait: str


class Board(Struct, frozen=True):
    """The tickets called and coming, the latest first, and those in line, in their order.

    `more_coming` counts those for whom there is no room, `in_line` all in line. A lying screen shows `lying`
    of these, a standing one `standing`. `closed` is when the shop opens again, as a sentence, if it is
    closed and nobody waits.
    """

    coming: list[CalledTicket]
    more_coming: int
    line: list[WaitingTicket]
    in_line: int
    lying: int
    standing: int
    closed: str
    is_closed: bool


def board(floor: Floor, now: int, texts: Texts) -> Board:
    """What a wall display shows `now`, ms UTC."""
    stages = {visit.visit_id: stage_of(visit.state, visit.recalled_at) for visit in floor.open_visits()}
    coming = [v for v in floor.open_visits() if stages[v.visit_id] in (Stage.CALLED, Stage.COMING)]
    called = {v.visit_id for v in coming if stages[v.visit_id] is Stage.CALLED}
    coming.sort(key=lambda v: (v.visit_id in called, v.recalled_at or v.accepted_at or 0), reverse=True)
    shown = min(len(coming), MAX_COMING)
    lying, standing = next((lying, standing) for most, lying, standing in IN_LINE if shown <= most)
    line = [v for v in floor.line() if stages.get(v.visit_id) is Stage.FINDING]
    is_closed = not (coming or line or floor.catalogue.hours.is_open(now))
    return Board(
        coming=[
            CalledTicket(v.ticket, texts.ticket_name(v.ticket), v.visit_id in called)
            for v in coming[:MAX_COMING]
        ],
        more_coming=max(0, len(coming) - MAX_COMING),
        line=[_waiting(visit, floor, texts) for visit in line[: max(lying, standing)]],
        in_line=len(line),
        lying=lying,
        standing=standing,
        closed=reopening_text(floor.catalogue, now, texts) if is_closed else "",
        is_closed=is_closed,
    )


def shown_time(floor: Floor, now: int, is_doubted: bool) -> datetime | None:
    """The store's time, unless its clock is in doubt: no time is better than a wrong one."""
    return None if is_doubted else floor.catalogue.local(now)


def _waiting(visit: Visit, floor: Floor, texts: Texts) -> WaitingTicket:
    row = kiosk_visit(visit, floor)
    ahead = place_to_tell(row.place_in_line - 1 if row.place_in_line else None, row.high_s)
    wait = wait_to_tell(row.estimate, row.promised, floor.now)
    place = "" if ahead is None else texts.say("wall.before", ahead) if ahead else texts.say("wall.next")
    if row.hindrance or is_overdue(row.promised, floor.now):
        said = texts.say("wall.longer")
    else:
        said = _minutes(*wait, texts) if wait else ""
    return WaitingTicket(visit.ticket, texts.ticket_name(visit.ticket), place, said)


def _minutes(low_s: float, high_s: float, texts: Texts) -> str:
    """A wait in few words: rounded outwards, like everywhere that shoppers read it."""
    low, high = int(low_s // 60), max(1, -int(-high_s // 60))
    if not is_useful_wait(low_s, high_s):
        return texts.say("wall.minutes_or_more", low) if low else ""
    if low < 1:
        return texts.say("wall.within", high)
    return texts.say("wall.minutes", bracket=f"{low}–{high}" if low < high else str(high))
