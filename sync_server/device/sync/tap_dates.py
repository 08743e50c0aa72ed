"""When unanswered ops were tapped, by the device's steady clock.

What the device's own clock said at the tap does not count: without a battery it starts anywhere.
"""

from collections.abc import Collection, Mapping

from msgspec.structs import replace

from sync_server.protocol.messages import Submit

from .server_clock import ServerClock


class TapDates:
    """`steady` holds the times of the steady clock, ms, by op_id; at first those of earlier processes."""

    def __init__(self, steady: Mapping[str, int] | None = None) -> None:
        self.steady: dict[str, int] = dict(steady or {})
        self._undated = set(self.steady)  # tapped before this process heard the server

    def add(self, op_id: str, now: int, clock: ServerClock) -> None:
        """An op was tapped `now`. If the server's `clock` is known, it has the time of its tap already."""
        self.steady[op_id] = now
        if clock.ahead is None:
            self._undated.add(op_id)

    def date(self, pending: Mapping[str, Submit], clock: ServerClock) -> tuple[Submit, ...]:
        """The unanswered ops that can be dated now: by the time that has passed since they were tapped."""
        dated = []
        for op_id in self._undated & pending.keys():
            submit = pending[op_id]
            if (at := clock.now(self.steady[op_id])) is not None:
                dated.append(replace(submit, ahead_ms=at - submit.at_device))
        self._undated.clear()
        return tuple(dated)

    def keep_only(self, op_ids: Collection[str]) -> None:
        """Forgets the times of all other ops."""
        self.steady = {op_id: at for op_id, at in self.steady.items() if op_id in op_ids}
