"""How far a shopper's visit is, for their own page. Pure: from the store's rows to texts."""

from msgspec import Struct

from assets.i18n.texts import Texts
from sync_server.domain.floor.floor import KEEP_ENDED_MS, Floor
from sync_server.domain.visit.progress import Stage, longer_wait_key, place_to_tell, stage_of, wait_to_tell
from sync_server.domain.visit.visit import State
from sync_server.protocol.rows import VisitRow
from sync_server.protocol.visibility import kiosk_visit
from sync_server.service.reports.visit_detail import VisitDetail

CAN_LEAVE = frozenset({State.WAITING, State.OFFERED, State.ACCEPTED, State.ON_HOLD})
CAN_RATE = frozenset({State.COMPLETED, State.CANCELLED})


class VisitProgress(Struct, frozen=True):
    """How far a visit is.

    `name` is the employee who comes, came or looks for the shopper; None if it is not known. `low_s` to
    `high_s` is the wait from now on; None for a visit that is not in line, and if there is no estimate.
    `longer` is the key of the text that says why it is longer than was told at first; None if it is not.
    `ahead` is how many wait before this one for the same employees; None also where that would contradict
    the wait. `hindrance` is what keeps a visit that waits too long.
    """

    visit: VisitDetail
    stage: Stage
    name: str | None
    ahead: int | None
    low_s: float | None
    high_s: float | None
    hindrance: str = ""
    longer: str | None = None

    @property
    def tells_hindrance(self) -> bool:
        """Whether what keeps the visit says more than why the wait is longer than was told."""
        return bool(self.hindrance) and (
            self.longer is None or self.hindrance in ("nobody", "not_responding")
        )

    @property
    def is_over(self) -> bool:
        return self.stage is Stage.OVER

    @property
    def was_handed_over(self) -> bool:
        """Whether an employee has passed this visit on, and another one is being looked for."""
        return self.stage is Stage.FINDING and self.visit.handovers > 0

    @property
    def can_leave(self) -> bool:
        return self.visit.state in CAN_LEAVE

    @property
    def may_rate(self) -> bool:
        """Whether the shopper may still say how it was."""
        return self.visit.state in CAN_RATE and self.visit.ces is None


def has_live_link(visit: VisitDetail, now: int) -> bool:
    """Whether the visit's link still opens its page: until an hour after the end. `now` in ms UTC."""
    return visit.ended_at is None or now - visit.ended_at < KEEP_ENDED_MS


def visit_progress(visit: VisitDetail, floor: Floor) -> VisitProgress:
    """How far a visit is: its state as in the database; who, place in line and wait from the floor."""
    live = floor.visits.get(visit.visit_id)
    row = kiosk_visit(live, floor) if live is not None else None
    stage = stage_of(visit.state, row.recalled_at if row else None)
    name = visit.employee_name
    if name is None and live is not None and stage is Stage.CALLED and live.offer_to:
        asked = floor.catalogue.employee(live.offer_to)
        name = asked.name if asked else None
    in_line = row if stage is Stage.FINDING else None
    promised = in_line.promised if in_line else None
    estimate = in_line.estimate if in_line else None
    low_s, high_s = wait_to_tell(estimate, promised, floor.now) or (None, None)
    return VisitProgress(
        visit=visit,
        stage=stage,
        name=name,
        ahead=_ahead(in_line) if in_line else None,
        low_s=low_s,
        high_s=high_s,
        hindrance=in_line.hindrance if in_line else "",
        longer=longer_wait_key(in_line.extended_because if in_line else None, promised, floor.now),
    )


def _ahead(row: VisitRow) -> int | None:
    return place_to_tell(row.place_in_line - 1 if row.place_in_line else None, row.high_s)


def headline(progress: VisitProgress, texts: Texts) -> str:
    """The page's title: the most important thing at this stage."""
    if progress.is_over:
        return texts.say(f"phone.title.over.{progress.visit.state}")
    if progress.was_handed_over:
        return texts.say("phone.title.handed_over")
    if progress.stage is Stage.FINDING and progress.ahead is not None:
        if progress.ahead == 0:
            return texts.say("phone.title.next")
        return texts.say("phone.title.before", progress.ahead)
    return texts.say(f"phone.title.{progress.stage}", name=_name(progress, texts))


def ending(progress: VisitProgress, texts: Texts) -> str:
    """How the visit ended, as a sentence."""
    return texts.say(f"phone.ended.{progress.visit.state}", name=_name(progress, texts))


def _name(progress: VisitProgress, texts: Texts) -> str:
    """The employee's name. A shopper never reads an id."""
    return progress.name or texts.say("phone.somebody")
