"""Keeps the ops of one connection in the order of the taps."""

GIVE_UP_MS = 15_000  # an op that was put off and has not come back by then never will


class OpOrder:
    """Which op of a connection may be done next.

    Devices send several ops without waiting for answers. Once one op was put off, those behind it are
    put off too until it comes again. Otherwise they would be done before it.
    """

    def __init__(self) -> None:
        self._awaited: str | None = None  # the op that was put off
        self._since = 0

    def may_do(self, op_id: str, now: int, capacity: bool) -> bool:
        """Whether this op may be done now. `capacity` says whether the server can do one; `now` in ms."""
        if self._awaited not in (None, op_id) and now - self._since < GIVE_UP_MS:
            return False
        if not capacity:
            self.wait_for(op_id, now)
            return False
        self._awaited = None
        return True

    def wait_for(self, op_id: str, now: int) -> None:
        """This op was not done: those behind it wait until it comes again. `now` in ms."""
        self._awaited, self._since = op_id, now

    def waits_for(self, op_id: str) -> bool:
        """Whether all others wait for this op."""
        return self._awaited == op_id
