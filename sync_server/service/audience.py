"""Who is connected, what each may see, and what they have been told so far.

All tablets follow one stream of updates; every kiosk has its own, because it sees only the visits
it opened. A stream's numbers have no gaps, so a device knows when it missed something.
"""

from collections.abc import Iterable, Iterator

from sync_server.domain.events import Record
from sync_server.domain.floor import Floor
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.people import Person
from sync_server.domain.visit import ENDED, Visit
from sync_server.protocol.messages import HEARTBEAT_S, MISSED_BEATS, Hello, Snapshot, Update
from sync_server.protocol.older import for_the_first
from sync_server.protocol.rows import (
    PersonRow,
    QuoteRow,
    VisitRow,
    kiosk_visit,
    person_row,
    quote_row,
    staff_visit,
)
from sync_server.protocol.wire import catalogue_digest

from .allowance import InOrder
from .queries import DeviceRow

KIOSK_KEEPS_MS = 900_000  # how long a kiosk still shows an ended visit, to ask how it was
SILENT_MS = int(HEARTBEAT_S * MISSED_BEATS * 2 * 1000)


class Stream:
    """A gapless series of updates to one audience."""

    def __init__(self) -> None:
        self.n = 0

    def next(self) -> int:
        self.n += 1
        return self.n


class Session:
    """One connected device."""

    def __init__(self, peer: bytes, device: DeviceRow, stream: Stream, now: int) -> None:
        self.peer = peer
        self.device = device
        self.by = Actor(ActorKind(device.kind), device.device_id)
        self.is_kiosk = self.by.kind is ActorKind.KIOSK
        self.stream = stream
        self.seen_at = now
        self.lenient = True
        self.order = InOrder()
        self.visits: dict[str, VisitRow] = {}  # what a kiosk was told last
        self.quotes: dict[str, QuoteRow] = {}


class Audience:
    """All connected devices."""

    def __init__(self, epoch: str = "", keep_h: int = 24) -> None:
        self._epoch = epoch
        self._keep_h = keep_h
        self.sessions: dict[bytes, Session] = {}
        self._staff = Stream()
        self._people: dict[str, Person] = {}  # as all tablets know them

    def join(self, peer: bytes, device: DeviceRow, now: int, lenient: bool = True) -> Session:
        """A device said Hello. A device is connected once: an older connection of it is forgotten."""
        for old in [s for s in self.sessions.values() if s.device.device_id == device.device_id]:
            del self.sessions[old.peer]
        stream = Stream() if device.kind == ActorKind.KIOSK.value else self._staff
        session = self.sessions[peer] = Session(peer, device, stream, now)
        session.lenient = lenient
        return session

    def leave(self, peer: bytes) -> None:
        self.sessions.pop(peer, None)

    def drop_silent(self, now: int) -> None:
        """Forgets the devices that have not been heard of for a while."""
        for session in [s for s in self.sessions.values() if now - s.seen_at > SILENT_MS]:
            del self.sessions[session.peer]

    def start_over(self, floor: Floor) -> None:
        """What was told may not have happened: next comes a snapshot for everybody."""
        self._people = dict(floor.people)

    def snapshot(self, session: Session, floor: Floor, now: int, hello: Hello | None = None) -> Snapshot:
        """All that this device may see, now."""
        day = floor.catalogue.day(now)
        catalogue = floor.catalogue if session.lenient else for_the_first(floor.catalogue)
        digest = catalogue_digest(catalogue)
        visits: Iterable[VisitRow]
        people: Iterable[PersonRow] = ()
        if session.is_kiosk:
            session.visits = {row.visit_id: row for row in self._own_rows(session, floor, now)}
            session.quotes = {row.need: row for row in _quotes(floor)}
            visits = session.visits.values()
        else:
            visits = map(staff_visit, floor.open_visits())
            people = map(person_row, floor.people.values())
        return Snapshot(
            n=session.stream.n,
            at=now,
            device_id=session.device.device_id,
            day=day,
            last_ticket=floor.tickets.last(day, session.device.letter),
            digest=digest,
            catalogue=None if hello and hello.catalogue == digest else catalogue,
            visits=tuple(visits),
            people=tuple(people),
            quotes=tuple(session.quotes.values()),
            kind=session.device.kind,
            name=session.device.name,
            letter=session.device.letter,
            epoch=self._epoch,
            keep_h=self._keep_h,
        )

    def updates(
        self, floor: Floor, records: Iterable[Record], now: int
    ) -> Iterator[tuple[list[bytes], Update]]:
        """What each audience must be told of these records: the peers, and one message for all of them."""
        changed = {r.visit_id: floor.visits[r.visit_id] for r in records if r.visit_id in floor.visits}
        if (update := self._staff_update(floor, changed.values(), now)) is not None:
            yield [s.peer for s in self.sessions.values() if not s.is_kiosk], update
        by_device: dict[str | None, list[Visit]] = {}
        for visit in changed.values():
            by_device.setdefault(visit.device_id, []).append(visit)
        for session in self.sessions.values():
            if session.is_kiosk and (own := by_device.get(session.device.device_id)):
                # What ended long ago, by its own time, is news only to a kiosk that still shows it.
                told = [v for v in own if v.visit_id in session.visits or not _ended_long_ago(v, now)]
                rows = [kiosk_visit(visit, floor) for visit in told]
                if update := _kiosk_update(session, rows, [], now):
                    yield [session.peer], update

    def refresh(self, floor: Floor, now: int) -> Iterator[tuple[list[bytes], Update]]:
        """What moved for kiosks because of others: places in line and brackets."""
        kiosks = [s for s in self.sessions.values() if s.is_kiosk]
        if not kiosks:
            return
        quotes = list(_quotes(floor))
        own: dict[str | None, list[Visit]] = {}
        for visit in floor.line():
            own.setdefault(visit.device_id, []).append(visit)
        for session in kiosks:
            known, in_line = session.visits, own.get(session.device.device_id, ())
            rows = [kiosk_visit(visit, floor, known.get(visit.visit_id)) for visit in in_line]
            if update := _kiosk_update(session, rows, quotes, now):
                yield [session.peer], update

    def _staff_update(self, floor: Floor, changed: Iterable[Visit], now: int) -> Update | None:
        visits, gone = [], []
        for visit in changed:
            if visit.state in ENDED:
                gone.append(visit.visit_id)
            else:
                visits.append(staff_visit(visit))
        people = []
        for person in floor.people.values():
            if (before := self._people.get(person.id)) is person:
                continue
            self._people[person.id] = person
            row = person_row(person)
            if before is None or person_row(before) != row:
                people.append(row)
        if not (visits or gone or people):
            return None
        return Update(self._staff.next(), now, tuple(visits), tuple(gone), tuple(people))

    def _own_rows(self, session: Session, floor: Floor, now: int) -> Iterator[VisitRow]:
        for visit in floor.visits.values():
            if visit.device_id == session.device.device_id and not _ended_long_ago(visit, now):
                yield kiosk_visit(visit, floor)


def _ended_long_ago(visit: Visit, now: int) -> bool:
    return visit.ended_at is not None and now - visit.ended_at > KIOSK_KEEPS_MS


def _kiosk_update(session: Session, rows: list[VisitRow], quotes: list[QuoteRow], now: int) -> Update | None:
    """The rows and quotes that differ from what the kiosk knows."""
    visits = tuple(row for row in rows if session.visits.get(row.visit_id) != row)
    new_quotes = tuple(row for row in quotes if session.quotes.get(row.need) != row)
    if not (visits or new_quotes):
        return None
    session.visits.update((row.visit_id, row) for row in visits)
    session.quotes.update((row.need, row) for row in new_quotes)
    return Update(session.stream.next(), now, visits=visits, quotes=new_quotes)


def _quotes(floor: Floor) -> Iterator[QuoteRow]:
    for need in floor.catalogue.needs:
        if floor.catalogue.need(need.code):
            yield quote_row(need.code, floor)
