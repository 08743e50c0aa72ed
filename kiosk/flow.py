"""A shopper's session at the kiosk, without a screen, a socket or a clock.

Feed it what fingers do (`choose_need`, `join`, …), what the floor does (`see`) and the passing of
time (`tick`); draw what `session` says; submit the ops and play the sounds it gives back.
`now` is a clock that never jumps, in ms.
"""

from msgspec.structs import replace

from sync_server.domain import ops, visit
from sync_server.domain.catalogue import LANGUAGES, Need
from sync_server.domain.refusal import Code
from sync_server.protocol.rows import VisitRow

from . import telling
from .patience import LINE_MS, NEWS_MS, asks_first, waits_ms
from .session import OnScreen, Screen, Session, Sound, Trouble
from .standing import Answered, Calls, Stage, World, stage

REFRESH_MS = 60_000  # a greeting goes with the hour, an old ticket leaves the list
RESUME_MS = 120_000  # after a crash, a ticket younger than this is shown again


Effect = ops.ShopperOp | Sound


class Flow:
    """`preferred` is the language to start in where the store speaks it; else the store's first."""

    def __init__(self, preferred: str = "", now: int = 0) -> None:
        self.world = World()
        self._preferred = preferred
        self._active_at = now
        self._refresh_at = now + REFRESH_MS
        self._answered = Answered()
        self._calls = Calls()
        self._joined_at = 0
        self.session = Session(self.language, Screen.MOMENT)

    # --- what screens read -----------------------------------------------------------------------

    @property
    def language(self) -> str:
        """The language a session starts in."""
        spoken = self.languages
        return self._preferred if self._preferred in spoken else spoken[0]

    @property
    def languages(self) -> tuple[str, ...]:
        return self.world.catalogue.store.languages if self.world.catalogue else LANGUAGES

    @property
    def stage(self) -> Stage:
        return stage(self.session.row)

    @property
    def tiles(self) -> tuple[Need, ...]:
        """The needs to choose from on the screen of the moment."""
        group = self.session.group if self.session.screen is Screen.MORE else None
        return self.world.catalogue.needs_under(group) if self.world.catalogue else ()

    @property
    def to_ask(self) -> tuple[VisitRow, ...]:
        """The visits whose shoppers may still say how it was."""
        return self._answered.without(self.world)

    @property
    def address(self) -> str | None:
        """Where the ticket's own page is, for its QR code; None where phones cannot reach the store."""
        catalogue, link = self.world.catalogue, self.session.link
        if catalogue is None or link is None or not catalogue.store.public_url:
            return None
        return f"{catalogue.store.public_url.rstrip('/')}/v/{link}"

    @property
    def passed_on(self) -> bool:
        """Whether the server has all this shopper said."""
        return (self.session.asked_of or self.session.visit_id) not in self.world.view.unsent

    def seconds_left(self, now: int) -> int:
        """How long the overlay still waits."""
        return max(0, -(-(self._deadline() - now) // 1000)) if self.session.still_there else 0

    # --- through a crash -------------------------------------------------------------------------

    @property
    def on_screen(self) -> OnScreen | None:
        """What must be there again after a crash: the ticket nobody has tapped away yet."""
        session = self.session
        shown = session.screen in (Screen.LINE, Screen.LEAVE, Screen.TROUBLE)
        if not shown or session.visit_id is None:
            return None
        return OnScreen(session.visit_id, session.ticket, session.link, session.language, self._joined_at)

    def resume(self, kept: OnScreen, at: int, now: int) -> None:
        """The ticket of before the crash, where its shopper may still be here. `at` is the server's time."""
        if 0 <= at - kept.since < RESUME_MS:
            self._active_at, self._joined_at = now, kept.since
            self.session = Session(
                kept.language, Screen.LINE, visit_id=kept.visit_id, ticket=kept.ticket, link=kept.link
            )

    # --- the floor and the clock -----------------------------------------------------------------

    def see(self, world: World, now: int) -> list[Effect]:
        """The floor, the catalogue or the connection changed."""
        self.world = world
        session = self.session
        if world.catalogue is None:
            return []
        if session.screen is Screen.MOMENT or session.language not in self.languages:
            self._reset(now)
        elif session.screen in (Screen.NEED, Screen.CLOSED) or self._lost_its_ground:
            self._go(self._home, need=None, group=None)
        return [*self._follow(now), *self._new_calls()]

    def tick(self, now: int) -> list[Effect]:
        """Does what is due."""
        if now >= self._refresh_at:
            self._refresh_at = now + REFRESH_MS
        if now < self._deadline():
            return []
        if asks_first(self.session):
            self.session = replace(self.session, still_there=True)
        else:
            self._reset(now)
        return []

    def next_deadline(self, now: int) -> int:
        """When the screen next has to change without anything happening."""
        deadline = self._deadline()
        if self.session.still_there:
            return min(deadline, now + ((deadline - now) % 1000 or 1000))
        return min(deadline, self._refresh_at)

    def touched(self, now: int) -> None:
        """Somebody touched the glass, wherever. The overlay's question wants one of its own answers."""
        if not self.session.still_there:
            self._active_at = now

    # --- the way into the line -------------------------------------------------------------------

    def speak(self, language: str, now: int) -> None:
        """Another language, on any screen."""
        if language in self.languages:
            self._touch(now)
            self.session = replace(self.session, language=language)

    def choose_need(self, code: str, now: int) -> None:
        if self.world.catalogue is not None:
            self._told(telling.need(self.session, self.world.catalogue, code), now)

    def choose_colour(self, colour: str, now: int) -> None:
        self._told(telling.colour(self.session, colour), now)

    def choose_place(self, place: str, now: int) -> None:
        if self.world.catalogue is not None:
            self._told(telling.place(self.session, self.world.catalogue, place), now)

    def open_name(self, now: int) -> None:
        self._told(telling.name_page(self.session), now)

    def type(self, text: str, now: int) -> None:
        self._told(telling.typed(self.session, text), now)

    def erase(self, now: int) -> None:
        self._told(telling.erased(self.session), now)

    def join(self, visit_id: str, ticket: str, link: str, now: int) -> list[Effect]:
        """Into the line. `link` is the ticket's secret address, made by the device."""
        visit = telling.visit(self.session, visit_id, ticket, link)
        if visit is None:
            return []
        self._touch(now)
        self._joined_at = self.world.at
        self._go(Screen.LINE, visit_id=visit_id, ticket=ticket, link=link, row=None, notice=None)
        return [visit]

    def back(self, now: int) -> None:
        """One screen back; what was said stays said."""
        above = Screen.MORE if self.session.group else Screen.NEED
        to = {
            Screen.MORE: Screen.NEED,
            Screen.SPOT: above,
            Screen.NAME: Screen.SPOT,
            Screen.LEAVE: Screen.LINE,
            Screen.PICK: Screen.NEED,
        }.get(self.session.screen)
        if to is None:
            return
        self._touch(now)
        if to is Screen.NEED:
            self._go(self._home, group=None)
        else:
            self._go(to)

    # --- in line ---------------------------------------------------------------------------------

    def all_right(self, now: int) -> list[Effect]:
        """The shopper has seen it, whatever it was: the greeting for the next one, or their ticket again."""
        if self.session.screen is Screen.TROUBLE and self.session.visit_id is not None:
            self._touch(now)
            self._go(Screen.LINE, trouble=None)
            return self._follow(now)
        if self.session.screen in (Screen.LINE, Screen.THANKED, Screen.TROUBLE):
            self._reset(now)
        return []

    def leave(self, now: int) -> list[Effect]:
        """Asks whether to leave the line; asked already, leaves it."""
        session = self.session
        if session.visit_id is None:
            return []
        self._touch(now)
        if session.screen is Screen.LINE and self.stage is not Stage.OVER:
            self._go(Screen.LEAVE, notice=None)
            return []
        if session.screen is Screen.LEAVE:
            self._ask(session.visit_id)
            return [ops.Cancel(session.visit_id)]
        return []

    # --- how it was ------------------------------------------------------------------------------

    def how_was_it(self, now: int) -> None:
        """Somebody comes by on their way out."""
        recent = self.to_ask
        if self.session.screen in (Screen.NEED, Screen.CLOSED) and recent:
            self._touch(now)
            if len(recent) == 1:
                self._ask(recent[0].visit_id)
            else:
                self._go(Screen.PICK, tickets=recent)

    def pick(self, visit_id: str, now: int) -> None:
        """This ticket was mine. On a phone it may have been answered for meanwhile."""
        shown = (row.visit_id for row in self.session.tickets)
        if self.session.screen is not Screen.PICK or visit_id not in shown:
            return
        self._touch(now)
        if any(row.visit_id == visit_id for row in self.to_ask):
            self._ask(visit_id)
        else:
            self._go(Screen.THANKED)

    def rate(self, ces: int, now: int) -> list[Effect]:
        """A face: effort 1–5, 5 = very easy."""
        visit_id = self.session.asked_of
        if self.session.screen is not Screen.THANKS or visit_id is None or not 1 <= ces <= 5:
            return []
        self._touch(now)
        self._answered.add(visit_id, self.world.at)
        self._go(Screen.THANKED)
        return [ops.Rate(visit_id, ces=ces)]

    def no_thanks(self, now: int) -> None:
        """Not asked again."""
        if self.session.screen is Screen.THANKS and self.session.asked_of:
            self._answered.add(self.session.asked_of, self.world.at)
            self._reset(now)

    # --- still there? ----------------------------------------------------------------------------

    def here(self, now: int) -> None:
        """Yes, still here: all as it was."""
        self._touch(now)

    def start_over(self, now: int) -> None:
        """Everything typed is forgotten."""
        self._reset(now)

    # --- what went wrong -------------------------------------------------------------------------

    def refused(self, op: ops.DeviceOp, code: Code, now: int) -> bool:
        """The server said no for good. Whether the shopper it concerns is here and now sees it."""
        session = self.session
        match op:
            case ops.OpenVisit() if op.visit_id == session.asked_of:
                self._go(Screen.THANKED)  # left the line already: nothing is lost
            case ops.OpenVisit() if op.visit_id == session.visit_id:
                # Said again it may go through: the ticket is a new one, the rest is still there.
                self._touch(now)
                self._go(Screen.TROUBLE, trouble=Trouble.REFUSED, notice=code, visit_id=None, row=None)
            case ops.Cancel() if op.visit_id == session.visit_id:
                # Still in line, or with somebody: the next row says which.
                self._touch(now)
                self._go(Screen.LINE, asked_of=None, notice=code)
            case ops.Rate() if op.visit_id == session.asked_of:
                self._touch(now)
                self._go(Screen.THANKED, notice=code)
            case _:
                return False
        return True

    def try_again(self, now: int) -> None:
        """Back to where the shopper said it, with all that was said."""
        if self.session.screen is not Screen.TROUBLE or self.session.trouble is not Trouble.REFUSED:
            return
        self._touch(now)
        catalogue, need = self.world.catalogue, self.session.need
        known = catalogue is not None and need is not None and catalogue.need(need) is not None
        self._go(Screen.SPOT if known else self._home, trouble=None, notice=None, ticket="", link=None)

    def fail(self, trouble: Trouble, now: int) -> None:
        """Something of ours does not work: say so, promise nothing, forget the rest.

        Only a ticket that was on the screen when a fault happened comes back.
        """
        self._active_at = now
        if trouble is Trouble.BROKEN and self.on_screen is not None:
            self._go(Screen.TROUBLE, trouble=trouble, still_there=False)
        else:
            self.session = Session(self.session.language, Screen.TROUBLE, trouble=trouble)

    # --- inside ----------------------------------------------------------------------------------

    @property
    def _home(self) -> Screen:
        """Where everybody begins: at the greeting, or before a closed door."""
        catalogue = self.world.catalogue
        if catalogue is None:
            return Screen.MOMENT
        return Screen.NEED if catalogue.takes_needs(self.world.at) else Screen.CLOSED

    @property
    def _lost_its_ground(self) -> bool:
        """Whether the store no longer offers what this screen is about."""
        catalogue, session = self.world.catalogue, self.session
        if session.screen is Screen.MORE:
            return not self.tiles
        unknown = catalogue is None or session.need is None or catalogue.need(session.need) is None
        return session.screen in (Screen.SPOT, Screen.NAME) and unknown

    def _deadline(self) -> int:
        """When this screen has waited long enough."""
        catalogue = self.world.catalogue
        idle_ms = int(catalogue.times.idle_s * 1000) if catalogue else REFRESH_MS
        return self._active_at + waits_ms(self.session, idle_ms)

    def _touch(self, now: int) -> None:
        self._active_at = now
        if self.session.still_there:
            self.session = replace(self.session, still_there=False)

    def _told(self, session: Session, now: int) -> None:
        if session is not self.session:
            self.session = session
            self._touch(now)

    def _go(self, screen: Screen, **changes: object) -> None:
        self.session = replace(self.session, screen=screen, **changes)

    def _reset(self, now: int) -> None:
        self._active_at = now
        self.session = Session(self.language, self._home)

    def _ask(self, visit_id: str) -> None:
        self._go(Screen.THANKS, asked_of=visit_id, notice=None)

    def _follow(self, now: int) -> list[Effect]:
        """Takes in what became of the visit on the screen."""
        session = self.session
        if session.visit_id is None or session.screen not in (Screen.LINE, Screen.LEAVE):
            return []
        # A row may be gone for a moment between our own guess and the server's word: keep the last.
        row = self.world.view.visits.get(session.visit_id, session.row)
        before, after = self.stage, stage(row)
        self.session = replace(session, row=row)
        if before is after:
            return []
        self._active_at = max(self._active_at, now - LINE_MS + NEWS_MS)
        if row is not None and row.state in (visit.State.COMPLETED, visit.State.CANCELLED):
            self._touch(now)
            if row.rated:
                self._go(Screen.THANKED, asked_of=row.visit_id, notice=None)
            else:
                self._ask(row.visit_id)
            return []
        if after is Stage.OVER or after is Stage.WITH_YOU:
            self._go(Screen.LINE)
        return [Sound.ACCEPTED] if after is Stage.COMING and before is Stage.FINDING else []

    def _new_calls(self) -> list[Effect]:
        """The sound for a ticket called just now, unless somebody else is busy at this screen."""
        new = self._calls.new(self.world)
        may_hear = self.session.screen is Screen.NEED or self.session.visit_id in new
        return [Sound.CALLED] if new and may_hear else []
