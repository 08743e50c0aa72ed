"""Counts what one session at the kiosk took, and how far it came. Nothing that a shopper enters is in it."""

from sync_server.domain.kiosk_step import KioskStep
from sync_server.domain.ops import MAX_SESSION_S, MAX_TAPS, CountSession

from .session import KioskScreen, ShopperSession

# Choosing a need and saying how one is found. The other screens are for those who have a ticket already.
_NEED = frozenset({KioskScreen.NEED_CLOSED, KioskScreen.IDENTIFY, KioskScreen.NAME})
_BEFORE = frozenset({KioskScreen.LOADING, KioskScreen.NEED, KioskScreen.NEED_GROUP, KioskScreen.CLOSED})


class SessionCounter:
    """A session begins with the first touch. `now` is a steady clock, ms."""

    def __init__(self) -> None:
        self._began: int | None = None
        self._until = 0
        self._reached = KioskStep.GREETING
        self.taps = 0

    def touch(self, now: int) -> None:
        """Somebody touched the screen, wherever."""
        if self._began is None:
            self._began = self._until = now

    def tap(self, now: int) -> None:
        """Somebody tapped something. Once the shopper is in line, taps are not counted any more."""
        self.touch(now)
        if self._reached is not KioskStep.LINE:
            self._until = now
            self.taps = min(MAX_TAPS, self.taps + 1)

    def joined(self) -> None:
        """The shopper has joined the line."""
        self._reached = KioskStep.LINE

    def follow(self, session: ShopperSession) -> None:
        """Takes note of the screen that a tap has led to."""
        if self._reached is KioskStep.LINE or session.screen in _BEFORE:
            return
        if session.screen in _NEED:
            self._reached = KioskStep.NEED
        elif self._reached is KioskStep.GREETING and session.screen is not KioskScreen.ERROR:
            self._reached = KioskStep.TICKET

    def end(self, session: ShopperSession) -> CountSession | None:
        """What the session came to, and begins to count anew; None if nobody touched the screen."""
        began, until, taps, reached = self._began, self._until, self.taps, self._reached
        self._began, self.taps, self._reached = None, 0, KioskStep.GREETING
        if began is None:
            return None
        seconds = min(MAX_SESSION_S, max(0, until - began) // 1000)
        return CountSession(reached, session.screen.value, taps, seconds)
