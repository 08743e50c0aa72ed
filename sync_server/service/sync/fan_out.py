"""Brings each update of the floor to all tablets, a few at a time: those concerned have it at once.

A store may have a thousand tablets. To send to all of them takes several ms, in which nobody is answered.
So the others are served in slices, and what arrives in between is done in between. An update that stands for
all that a tablet lacks takes the place of many.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence

from sync_server.protocol.messages import Update
from sync_server.protocol.rows import PersonRow, QuoteRow, VisitRow
from sync_server.protocol.wire import encode

from .sessions import Session, Sessions

SLICE = 50  # updates sent before everybody else gets their turn: about half a ms
PAUSE_S = 0.01  # between two slices: a thousand tablets have all been served after a fifth of a second
MAX_BEHIND = 50  # updates; a server whose tablets lack more sends those first, and so takes fewer ops


def coalesce(updates: Sequence[Update]) -> Update:
    """One update that has the effect of all of these, which follow each other."""
    if len(updates) == 1:
        return updates[0]
    visits, gone = dict[str, VisitRow](), dict[str, None]()
    people, quotes = dict[str, PersonRow](), dict[str, QuoteRow]()
    told_waits = overrides = None
    for update in updates:
        for visit in update.visits:
            visits[visit.visit_id] = visit
            gone.pop(visit.visit_id, None)
        for visit_id in update.gone:
            visits.pop(visit_id, None)
            gone[visit_id] = None
        people.update((person.id, person) for person in update.people)
        quotes.update((quote.need, quote) for quote in update.quotes)
        told_waits = update.told_waits or told_waits
        overrides = update.overrides if update.overrides is not None else overrides
    first, last = updates[0], updates[-1]
    return Update(
        last.n,
        last.at,
        tuple(visits.values()),
        tuple(gone),
        tuple(people.values()),
        tuple(quotes.values()),
        told_waits,
        first.n if first.first is None else first.first,
        overrides,
    )


class FanOut:
    """The updates that some tablet lacks, and the tablets that lack some.

    Each tablet gets all that it lacks, in order, and before anything else: `catch_up` comes before any
    other message to it. `send` gives a frame to a session and says whether it could. `pause` is the
    time between two slices, in s.
    """

    def __init__(
        self,
        sessions: Sessions,
        send: Callable[[Session, bytes], bool],
        pause: Callable[[], float] = lambda: PAUSE_S,
    ) -> None:
        self._sessions = sessions
        self._send = send
        self._pause = pause
        self._updates: deque[Update] = deque()  # from the first that anyone lacks
        self._frames: dict[
            tuple[int, int], bytes
        ] = {}  # of the first and the last update that each stands for
        # The one that has waited longest comes first, so none of the others lacks an earlier update.
        self._behind: OrderedDict[Session, None] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None

    def publish(self, update: Update, concerned: Iterable[str]) -> None:
        """Sends it: at once to the devices that are `concerned`, to the other tablets soon."""
        self._updates.append(update)
        self._frames.clear()
        tablets = [s for s in self._sessions.by_peer.values() if s.follows and not s.is_kiosk]
        self._behind.update(dict.fromkeys(tablets))
        for device_id in concerned:
            if (session := self._sessions.of_device(device_id)) is not None:
                self.catch_up(session)
        # As many as this update has added: the number of those that wait grows no more.
        self._send_next(len(tablets) if len(self._updates) > MAX_BEHIND else 0)
        if self._behind and self._timer is None:
            self._schedule(0)

    def catch_up(self, session: Session) -> int:
        """Sends all updates that this tablet lacks; how many messages that took."""
        if session not in self._behind:
            return 0
        del self._behind[session]
        if self._sessions.by_peer.get(session.peer) is not session:
            return 0  # it was closed meanwhile: a revoked device is sent nothing more
        lacking = [update for update in self._updates if update.n > session.sent_n]
        parts = [lacking] if session.coalesces else [[update] for update in lacking]
        for part in parts:
            session.sent_n = part[-1].n
            if not self._send(session, self._frame(part)):
                break
        return len(parts)

    def skip(self, session: Session, n: int) -> None:
        """A snapshot has brought this device to update `n`."""
        session.follows, session.sent_n = True, n
        self._behind.pop(session, None)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _frame(self, updates: Sequence[Update]) -> bytes:
        """One message with all these. Many tablets lack the same ones, so it is kept for a while."""
        key = updates[0].n, updates[-1].n
        if (frame := self._frames.get(key)) is None:
            frame = self._frames[key] = encode(coalesce(updates))
        return frame

    def _schedule(self, pause_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(pause_s, self._send_slice)

    def _send_slice(self) -> None:
        self._timer = None
        self._send_next(SLICE)
        if self._behind:
            self._schedule(self._pause())

    def _send_next(self, count: int) -> None:
        """Sends about `count` messages, and forgets the updates that nobody lacks any more."""
        while self._behind and count > 0:
            count -= self.catch_up(next(iter(self._behind)))
        first = next(iter(self._behind), None)
        while self._updates and (first is None or self._updates[0].n <= first.sent_n):
            self._updates.popleft()
