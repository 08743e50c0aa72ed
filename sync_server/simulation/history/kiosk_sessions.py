"""What simulated shoppers tap at a kiosk: those who join the line, and those who do not."""

from collections.abc import Iterator
from random import Random

from sync_server.domain.kiosk_step import KioskStep
from sync_server.domain.ops import CountSession

OPENS_PAGE = 0.4  # share of those in line who open their ticket's page on their phone
# For each shopper who joins, so many touch the kiosk and go, or go while saying how they are found.
ONLY_LOOKS, GIVES_UP = 0.12, 0.05
SECONDS_A_TAP = 4.0


def others_at_the_kiosk(chance: Random) -> Iterator[CountSession]:
    """The sessions, beside that of a shopper who joins, that lead to no visit."""
    if chance.random() < ONLY_LOOKS:
        yield kiosk_session(KioskStep.GREETING, chance)
    if chance.random() < GIVES_UP:
        yield kiosk_session(KioskStep.NEED, chance)


def kiosk_session(reached: KioskStep, chance: Random) -> CountSession:
    """A session that came so far."""
    match reached:
        case KioskStep.GREETING:
            last, taps = "need", chance.choice((0, 0, 1))
        case KioskStep.NEED:
            last, taps = chance.choice(("identify", "identify", "name", "need")), chance.randint(2, 5)
        case KioskStep.LINE:
            name = chance.choice((0, 0, 0, 0, 1, 1)) * chance.randint(4, 9)
            last, taps = "line", 2 + chance.choice((0, 1, 1, 2)) + name
        case KioskStep.TICKET:
            last, taps = "rated", chance.choice((2, 2, 3))
    return CountSession(reached, last, taps, round(chance.gammavariate(3, SECONDS_A_TAP / 3) * (taps + 1)))
