"""How long each screen of the kiosk waits without a touch."""

from .session import KioskScreen, ShopperSession

STILL_THERE_MS = 15_000  # how long "Are you still there?" waits for an answer
LINE_MS = 25_000  # how long the ticket is shown
CHANGE_MS = 12_000  # the ticket is shown at least this long after something new is on it
RATED_MS = 6_000
ERROR_MS = 30_000

_FIXED = {KioskScreen.LINE: LINE_MS, KioskScreen.RATED: RATED_MS, KioskScreen.ERROR: ERROR_MS}
# On these screens somebody may be in the middle of something: ask before their input is lost.
_ASKS_FIRST = frozenset(
    {
        KioskScreen.NEED_GROUP,
        KioskScreen.IDENTIFY,
        KioskScreen.NAME,
        KioskScreen.CONFIRM_LEAVE,
        KioskScreen.PICK_TICKET,
        KioskScreen.FIND_TICKET,
        KioskScreen.RATING,
    }
)


def timeout_ms(session: ShopperSession, idle_ms: int) -> int:
    """How long after the last touch the screen changes by itself. `idle_ms` is the store's setting."""
    question = STILL_THERE_MS if session.asks_still_there else 0
    return _FIXED.get(session.screen, idle_ms + question)


def asks_first(session: ShopperSession) -> bool:
    """Whether the time-out asks if the shopper is still there, instead of starting a new session."""
    return session.screen in _ASKS_FIRST and not session.asks_still_there
