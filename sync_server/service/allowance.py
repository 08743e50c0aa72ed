"""How much one device may send, so that one gone mad keeps nobody else waiting."""

from .limits import MESSAGES_A_SECOND, MESSAGES_AT_ONCE

GIVEN_UP_MS = 15_000  # an op put off that has not come back by then never will


class Allowance:
    """Fills by MESSAGES_A_SECOND, up to MESSAGES_AT_ONCE. `now` in ms."""

    def __init__(self, now: int) -> None:
        self._left = float(MESSAGES_AT_ONCE)
        self._at = now

    def take(self, now: int, cost: int = 1) -> bool:
        """Whether there is enough left; if so it is less from now on."""
        filled = self._left + max(0, now - self._at) * MESSAGES_A_SECOND / 1000
        self._left, self._at = min(filled, MESSAGES_AT_ONCE), now
        if self._left < cost:
            return False
        self._left -= cost
        return True


class InOrder:
    """Keeps a connection's ops in the order of the taps.

    Devices send op after op without waiting for answers. Once one was put off, those behind it are
    put off as well until it comes again, or they would be done before it.
    """

    def __init__(self) -> None:
        self._awaited: str | None = None
        self._since = 0

    def lets(self, op_id: str, now: int, room: bool) -> bool:
        """Whether this op may be done now; `room` says whether the server has the means to do one."""
        if self._awaited not in (None, op_id) and now - self._since < GIVEN_UP_MS:
            return False
        if not room:
            self._awaited, self._since = op_id, now
            return False
        self._awaited = None
        return True

    def lost(self, op_id: str, now: int) -> None:
        """This op was let, and its commit failed: those behind it wait until it comes again."""
        self._awaited, self._since = op_id, now
