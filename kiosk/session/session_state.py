"""The state of a shopper's session at the kiosk, and what follows from it. `now` is a steady clock, ms."""

from msgspec.structs import replace

from sync_server.domain.catalogue.catalogue import Catalogue, Need
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.domain.ops import CountSession
from sync_server.domain.visit.progress import Stage
from sync_server.domain.visit.visit import OPEN, State
from sync_server.protocol.rows import VisitRow

from .find_ticket import Tries
from .session import KioskScreen, ShopperSession, TicketOnScreen
from .session_counter import SessionCounter
from .timeouts import timeout_ms
from .visit_progress import CallSounds, FloorState, RatedVisits, closed_need, stage

REFRESH_MS = 60_000  # the greeting depends on the hour, and old tickets have to leave the list


class SessionState:
    """`preferred` is the language in which a session starts, if the store has it; else its first one."""

    def __init__(self, preferred: str = "", now: int = 0) -> None:
        self.floor = FloorState()
        self._preferred = preferred
        self._active_at = now
        self._refresh_at = now + REFRESH_MS
        self._rated = RatedVisits()
        self._call_sounds = CallSounds()
        self._joined_at = 0
        self._links: dict[str, str] = {}  # by visit id: the address of a ticket of this kiosk, while it runs
        self._tries = Tries()
        self._counter = SessionCounter()
        self._finished: list[CountSession] = []
        self.session = ShopperSession(self.language, KioskScreen.LOADING)

    # --- what screens read -----------------------------------------------------------------------

    @property
    def language(self) -> str:
        """The language in which a session starts."""
        available = self.languages
        return self._preferred if self._preferred in available else available[0]

    @property
    def languages(self) -> tuple[str, ...]:
        return self.floor.catalogue.store.languages if self.floor.catalogue else LANGUAGES

    @property
    def stage(self) -> Stage:
        """How far the visit on the screen is."""
        return stage(self.session.row)

    @property
    def needs(self) -> tuple[Need, ...]:
        """The needs to choose from on the present screen: instead of a closed one, others that are open."""
        catalogue, session = self.floor.catalogue, self.session
        if catalogue is None:
            return ()
        if session.screen is KioskScreen.NEED_CLOSED:
            others = [self._open_needs(catalogue, group) for group in (session.group, None)]
            return others[0] or others[1]
        return catalogue.needs_under(session.group if session.screen is KioskScreen.NEED_GROUP else None)

    def _open_needs(self, catalogue: Catalogue, group: str | None) -> tuple[Need, ...]:
        """The needs of one level that are offered at present."""
        needs = catalogue.needs_under(group)
        return tuple(need for need in needs if closed_need(self.floor, need.code) is None)

    @property
    def rateable(self) -> tuple[VisitRow, ...]:
        """The visits whose shoppers can still rate them here."""
        return self._rated.rateable(self.floor)

    @property
    def has_open_tickets(self) -> bool:
        """Whether somebody who got a ticket here is in line or being served."""
        return any(row.state in OPEN for row in self.floor.view.visits.values())

    @property
    def may_return(self) -> bool:
        """Whether this shopper was called, not found, and may come back into line."""
        row, catalogue = self.session.row, self.floor.catalogue
        was_lost = row is not None and row.state == State.NO_SHOW and self.session.screen is KioskScreen.LINE
        known = catalogue is not None and row is not None and catalogue.offers(row.need)
        known = known and row is not None and closed_need(self.floor, row.need) is None
        return was_lost and known and self._first_screen is KioskScreen.NEED

    def may_find(self, now: int) -> bool:
        """Whether another pair of words may be tried."""
        return self._tries.may_try(now)

    @property
    def ticket_url(self) -> str | None:
        """The ticket's own page, for its QR code; None if phones cannot reach the store."""
        catalogue, link = self.floor.catalogue, self.session.link
        if catalogue is None or link is None or not catalogue.store.public_url:
            return None
        return f"{catalogue.store.public_url.rstrip('/')}/v/{link}"

    @property
    def is_sent(self) -> bool:
        """Whether the server has answered everything this shopper has done."""
        return (self.session.rated_visit_id or self.session.visit_id) not in self.floor.view.unsent

    def seconds_left(self, now: int) -> int:
        """How long the question "Are you still there?" waits, whole seconds, rounded up."""
        return max(0, -(-(self._deadline() - now) // 1000)) if self.session.asks_still_there else 0

    @property
    def ticket_on_screen(self) -> TicketOnScreen | None:
        """The ticket that has to be shown again after a crash; None if none is on the screen."""
        session = self.session
        shown = session.screen in (KioskScreen.LINE, KioskScreen.CONFIRM_LEAVE, KioskScreen.ERROR)
        if not shown or session.visit_id is None:
            return None
        return TicketOnScreen(
            session.visit_id, session.ticket, session.link, session.language, self._joined_at
        )

    # --- for SessionFlow -------------------------------------------------------------------------

    @property
    def _first_screen(self) -> KioskScreen:
        """The screen on which a session starts."""
        catalogue = self.floor.catalogue
        if catalogue is None:
            return KioskScreen.LOADING
        return KioskScreen.NEED if catalogue.takes_needs(self.floor.at) else KioskScreen.CLOSED

    @property
    def _is_obsolete(self) -> bool:
        """Whether the store no longer has the need or group that this screen is about."""
        catalogue, session = self.floor.catalogue, self.session
        if session.screen is KioskScreen.NEED_GROUP:
            return not self.needs
        if session.screen is KioskScreen.NEED_CLOSED:
            return closed_need(self.floor, session.need) is None
        unknown = catalogue is None or session.need is None or catalogue.need(session.need) is None
        return session.screen in (KioskScreen.IDENTIFY, KioskScreen.NAME) and unknown

    def _deadline(self) -> int:
        """When the present screen times out."""
        catalogue = self.floor.catalogue
        idle_ms = int(catalogue.times.idle_s * 1000) if catalogue else REFRESH_MS
        return self._active_at + timeout_ms(self.session, idle_ms)

    def _touch(self, now: int) -> None:
        self._active_at = now
        if self.session.asks_still_there:
            self.session = replace(self.session, asks_still_there=False)

    def _update(self, session: ShopperSession, now: int) -> None:
        if session is not self.session:
            self.session = session
            self._touch(now)

    def _go(self, screen: KioskScreen, **changes: object) -> None:
        self.session = replace(self.session, screen=screen, **changes)

    def _reset(self, now: int) -> None:
        if (count := self._counter.end(self.session)) is not None:
            self._finished.append(count)
        self._active_at = now
        self.session = ShopperSession(self.language, self._first_screen)
