"""Where a shopper's visit stands, as their own phone tells it. Pure: rows in, words out."""

from enum import StrEnum

from msgspec import Struct

from assets.words import Words
from sync_server.domain.catalogue import Catalogue
from sync_server.domain.floor import KEEP_ENDED_MS, Floor
from sync_server.domain.visit import ENDED, State
from sync_server.protocol.rows import kiosk_visit
from sync_server.service.figures import OneVisit

CAN_LEAVE = frozenset({State.WAITING, State.OFFERED, State.ACCEPTED, State.ON_HOLD})
ASKED = frozenset({State.COMPLETED, State.CANCELLED})  # how it was; see the table of transitions


class Stage(StrEnum):
    """How far a visit is, in the shopper's eyes."""

    FINDING = "finding"
    COMING = "coming"
    CALLED = "called"
    WITH_YOU = "with_you"
    HELD = "held"
    OVER = "over"


class Standing(Struct, frozen=True):
    """All that the page says. `ahead` and the bracket (seconds) are known in line only.

    `step` is the one of the three that is under way: 1 finding, 2 with you, 3 both done.
    """

    visit: OneVisit
    stage: Stage
    name: str | None
    ahead: int | None
    low_s: float | None
    high_s: float | None

    @property
    def over(self) -> bool:
        return self.stage is Stage.OVER

    @property
    def can_leave(self) -> bool:
        return self.visit.state in CAN_LEAVE

    @property
    def to_ask(self) -> bool:
        """Whether the shopper may still say how it was."""
        return self.visit.state in ASKED and self.visit.ces is None


def alive(visit: OneVisit, now: int) -> bool:
    """Whether the visit's link still opens its page: until an hour after the end."""
    return visit.ended_at is None or now - visit.ended_at < KEEP_ENDED_MS


def standing(visit: OneVisit, floor: Floor) -> Standing:
    """What to tell the shopper. The state is the disk's; who, where in line and how long, the floor's."""
    live = floor.visits.get(visit.visit_id)
    row = kiosk_visit(live, floor) if live is not None else None
    stage = _stage(visit.state, row.recalled_at if row else None)
    who = visit.employee or (live.offer_to if live and stage is Stage.CALLED else None)
    in_line = stage is Stage.FINDING and row is not None
    return Standing(
        visit=visit,
        stage=stage,
        name=_name(floor.catalogue, who),
        ahead=row.place_in_line - 1 if in_line and row and row.place_in_line else None,
        low_s=row.low_s if in_line and row else None,
        high_s=row.high_s if in_line and row else None,
    )


def _stage(state: str, recalled_at: int | None) -> Stage:
    if state in ENDED:
        return Stage.OVER
    if state == State.SERVING:
        return Stage.WITH_YOU
    if state == State.ON_HOLD:
        return Stage.HELD
    if recalled_at is not None:
        return Stage.CALLED
    return Stage.COMING if state == State.ACCEPTED else Stage.FINDING


def _name(catalogue: Catalogue, employee_id: str | None) -> str | None:
    employee = catalogue.employee(employee_id) if employee_id else None
    return employee.name if employee else employee_id


def headline(now: Standing, words: Words) -> str:
    """The page's title: the one thing to know now."""
    if now.stage is Stage.FINDING and now.ahead is not None:
        return words.say("phone.title.before", now.ahead) if now.ahead else words.say("phone.title.next")
    return words.say(f"phone.title.{now.stage}", name=now.name or "")


def ending(now: Standing, words: Words) -> str:
    """How the visit ended, in words."""
    return words.say(f"phone.ended.{now.visit.state}", name=now.name or "")
