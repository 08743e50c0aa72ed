"""How long each of the kiosk's screens waits, untouched, before it asks, goes on or forgets. Pure."""

from .session import Screen, Session

STILL_THERE_MS = 15_000  # how long "Are you still there?" waits for an answer
LINE_MS = 25_000  # the ticket's screen, untouched
NEWS_MS = 12_000  # the ticket's screen stays at least so long after something new is on it
THANKED_MS = 6_000
TROUBLE_MS = 30_000

_OWN = {Screen.LINE: LINE_MS, Screen.THANKED: THANKED_MS, Screen.TROUBLE: TROUBLE_MS}
# Where somebody may be in the middle of something: they are asked before it is forgotten.
_ASKS = frozenset(
    (Screen.MORE, Screen.SPOT, Screen.NAME, Screen.LEAVE, Screen.PICK, Screen.THANKS)
)  # fmt: skip


def waits_ms(session: Session, idle_ms: int) -> int:
    """How long after the last touch something is due. `idle_ms` is the store's own patience."""
    asked = STILL_THERE_MS if session.still_there else 0
    return _OWN.get(session.screen, idle_ms + asked)


def asks_first(session: Session) -> bool:
    """Whether the shopper is asked whether they are still there, before all they said is forgotten."""
    return session.screen in _ASKS and not session.still_there
