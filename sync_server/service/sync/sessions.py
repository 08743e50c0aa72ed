"""The connected devices, what each may see, and what each has been sent so far.

All tablets share one stream of updates. Every kiosk has its own, because it sees only the visits it
opened. A stream's numbers have no gaps, so a device knows when it missed an update.
"""

from collections.abc import Iterable, Iterator

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Record
from sync_server.domain.floor.floor import Floor
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.people import Person
from sync_server.domain.visit.visit import ENDED, UNDO_SHOWN_S, Visit
from sync_server.protocol.compatibility import for_first_release
from sync_server.protocol.heartbeat import HEARTBEAT_S, MISSED_BEATS
from sync_server.protocol.messages import Hello, Snapshot, Update
from sync_server.protocol.rows import OverridesRow, PersonRow, QuoteRow, ToldWaitsRow, VisitRow
from sync_server.protocol.visibility import (
    kiosk_visit,
    overrides_row,
    person_row,
    quote_row,
    staff_visit,
)
from sync_server.protocol.wire import catalogue_digest
from sync_server.service.storage.device_rows import DeviceRow

from .op_order import OpOrder
from .waiting_messages import WaitingMessages

KIOSK_ENDED_VISITS_MS = 900_000  # how long a kiosk still shows an ended visit, to ask for feedback
SILENT_MS = int(HEARTBEAT_S * MISSED_BEATS * 2 * 1000)


class UpdateStream:
    """The numbers of the updates to one audience, without gaps."""

    def __init__(self) -> None:
        self.n = 0

    def next(self) -> int:
        self.n += 1
        return self.n


class Session:
    """One connected device. `peer` is the ROUTER's name for its connection."""

    def __init__(
        self,
        peer: bytes,
        device: DeviceRow,
        stream: UpdateStream,
        at: int,
        hello: Hello,
    ) -> None:
        self.peer = peer
        self.device = device
        self.actor = Actor(ActorKind(device.kind), device.device_id)
        self.is_kiosk = self.actor.kind is ActorKind.KIOSK
        self.stream = stream
        self.follows = False  # it has been sent a snapshot, and is sent the updates after it
        self.sent_n = 0  # the last update that was sent, or that is in the last snapshot
        self.seen_at = at  # when it last sent something, by a steady clock, ms
        self.run = hello.run  # the process of the device; empty for one of an earlier version
        self.lenient = hello.lenient  # whether the device ignores fields that it does not know
        self.coalesces = hello.coalesces  # whether one update may stand for several
        self.order = OpOrder()
        self.waiting = WaitingMessages()
        self.throttled = False  # it has used up what it may send for the moment
        self.unanswered = 0  # messages that are done and whose replies wait for the disk
        self.visits: dict[str, VisitRow] = {}  # what a kiosk was sent last
        self.quotes: dict[str, QuoteRow] = {}
        self.told_waits: ToldWaitsRow | None = None
        self.overrides = OverridesRow()


class Sessions:
    """All connected devices, by peer. `keep_h` tells devices how long they may keep descriptions.

    It may be changed.
    """

    def __init__(self, keep_h: int = 24) -> None:
        self.told_waits: ToldWaitsRow | None = None  # set as soon as it was read
        self.by_peer: dict[bytes, Session] = {}
        self.keep_h = keep_h
        self._staff = UpdateStream()
        self._people: dict[str, Person] = {}  # as all tablets have them
        self._by_device: dict[str, Session] = {}  # the last session of each device
        self._catalogues: dict[bool, tuple[Catalogue, Catalogue, str]] = {}  # see `_catalogue_for`
        self._staff_rows: dict[str, tuple[Visit, bool, VisitRow]] = {}  # see `_rows_for_tablets`

    def of_device(self, device_id: str) -> Session | None:
        """The session that this device has at present."""
        session = self._by_device.get(device_id)
        return session if session is not None and self.by_peer.get(session.peer) is session else None

    def open(self, peer: bytes, device: DeviceRow, at: int, hello: Hello) -> Session:
        """A device said Hello. A device has one session: an older one of it is closed."""
        if (old := self.of_device(device.device_id)) is not None:
            del self.by_peer[old.peer]
        stream = UpdateStream() if device.kind == ActorKind.KIOSK.value else self._staff
        session = self.by_peer[peer] = Session(peer, device, stream, at, hello)
        self._by_device[device.device_id] = session
        return session

    def close(self, peer: bytes) -> None:
        self.by_peer.pop(peer, None)

    def close_silent(self, at: int) -> None:
        """Closes the sessions of devices that have sent nothing for a while. `at` by a steady clock, ms."""
        for session in [s for s in self.by_peer.values() if at - s.seen_at > SILENT_MS]:
            del self.by_peer[session.peer]

    def reset(self, floor: Floor) -> None:
        """What was sent may not have happened: a snapshot for everybody follows."""
        self._people = dict(floor.people)

    def snapshot(
        self, session: Session, floor: Floor, epoch: str, now: int, hello: Hello | None = None
    ) -> Snapshot:
        """All that this device may see, now. The catalogue is left out where `hello` says it has it."""
        day = floor.catalogue.day(now)
        catalogue, digest = self._catalogue_for(session, floor)
        visits: Iterable[VisitRow]
        people: Iterable[PersonRow] = ()
        if session.is_kiosk:
            session.visits = {row.visit_id: row for row in self._own_rows(session, floor, now)}
            session.quotes = {row.need: row for row in _quotes(floor)}
            session.told_waits = self.told_waits
            session.overrides = overrides_row(floor, session.device.device_id, now)
            visits = session.visits.values()
        else:
            visits = self._rows_for_tablets(floor)
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
            epoch=epoch,
            keep_h=self.keep_h,
            undo_s=0 if session.is_kiosk else UNDO_SHOWN_S,
            told_waits=session.told_waits,
            overrides=session.overrides if session.overrides != OverridesRow() else None,
            counts_sessions=session.is_kiosk,
            helps=not session.is_kiosk,
        )

    def staff_update(
        self, floor: Floor, records: Iterable[Record], now: int
    ) -> tuple[Update, set[str]] | None:
        """The tablets' update because of these records, and the ids of the tablets that it concerns most."""
        visits, gone, employees = [], [], set[str | None]()
        for visit in _changed(floor, records):
            employees |= {visit.offer_to, visit.employee}
            if visit.state in ENDED:
                gone.append(visit.visit_id)
            else:
                visits.append(staff_visit(visit, visit.visit_id in floor.with_phone))
        people, tablets = [], set[str | None]()
        for person in floor.people.values():
            if person.id in employees:
                tablets.add(person.device_id)
            if (before := self._people.get(person.id)) is person:
                continue
            self._people[person.id] = person
            row = person_row(person)
            if before is None or person_row(before) != row:
                people.append(row)
                tablets |= {person.device_id, before.device_id if before else None}
        if not (visits or gone or people):
            return None
        update = Update(self._staff.next(), now, tuple(visits), tuple(gone), tuple(people))
        return update, {tablet for tablet in tablets if tablet is not None}

    def kiosk_updates(
        self, floor: Floor, records: Iterable[Record], now: int
    ) -> Iterator[tuple[Session, Update]]:
        """The updates for kiosks because of these records of their own visits."""
        by_device: dict[str | None, list[Visit]] = {}
        for visit in _changed(floor, records):
            by_device.setdefault(visit.device_id, []).append(visit)
        for device_id, own in by_device.items():
            session = self.of_device(device_id) if device_id else None
            if session is not None and session.is_kiosk:
                # A visit may end in the past; if long ago, only a kiosk that still shows it is sent it.
                shown = [v for v in own if v.visit_id in session.visits or not _ended_long_ago(v, now)]
                rows = [kiosk_visit(visit, floor) for visit in shown]
                if update := _kiosk_update(session, rows, [], now):
                    yield session, update

    def position_updates(self, floor: Floor, now: int) -> Iterator[tuple[Session, Update]]:
        """The updates for kiosks because of other things than their own visits: places, waits, overrides."""
        kiosks = [s for s in self.by_peer.values() if s.is_kiosk]
        if not kiosks:
            return
        quotes = list(_quotes(floor))
        own: dict[str | None, list[Visit]] = {}
        for visit in floor.line():
            own.setdefault(visit.device_id, []).append(visit)
        for session in kiosks:
            in_line = own.get(session.device.device_id, ())
            rows = [kiosk_visit(visit, floor, session.visits.get(visit.visit_id)) for visit in in_line]
            overrides = overrides_row(floor, session.device.device_id, now)
            if update := _kiosk_update(session, rows, quotes, now, self.told_waits, overrides):
                yield session, update

    def _catalogue_for(self, session: Session, floor: Floor) -> tuple[Catalogue, str]:
        """The catalogue for this device, and its digest.

        Worked out once: after a restart all devices ask within a second.
        """
        known = self._catalogues.get(session.lenient)
        if known is None or known[0] is not floor.catalogue:
            catalogue = floor.catalogue if session.lenient else for_first_release(floor.catalogue)
            known = self._catalogues[session.lenient] = (
                floor.catalogue, catalogue, catalogue_digest(catalogue),
            )  # fmt: skip
        return known[1], known[2]

    def _rows_for_tablets(self, floor: Floor) -> list[VisitRow]:
        """The rows of all open visits. Those that have not changed are not made again.

        After a restart all tablets ask within a second.
        """
        before, self._staff_rows = self._staff_rows, {}
        for visit in floor.open_visits():
            phone = visit.visit_id in floor.with_phone
            known = before.get(visit.visit_id)
            if known is None or known[0] is not visit or known[1] is not phone:
                known = visit, phone, staff_visit(visit, phone)
            self._staff_rows[visit.visit_id] = known
        return [row for _, _, row in self._staff_rows.values()]

    def _own_rows(self, session: Session, floor: Floor, now: int) -> Iterator[VisitRow]:
        for visit in floor.visits.values():
            if visit.device_id == session.device.device_id and not _ended_long_ago(visit, now):
                yield kiosk_visit(visit, floor)


def _changed(floor: Floor, records: Iterable[Record]) -> Iterable[Visit]:
    """The visits of these records, as they are now."""
    return {r.visit_id: floor.visits[r.visit_id] for r in records if r.visit_id in floor.visits}.values()


def _ended_long_ago(visit: Visit, now: int) -> bool:
    """Whether a kiosk does not show the visit any more.

    One that has just arrived may have ended long before, by its tap: its ticket may still be on the screen,
    and nobody else tells its shopper (17).
    """
    return visit.ended_at is not None and now - max(visit.ended_at, visit.arrived_at) > KIOSK_ENDED_VISITS_MS


def _kiosk_update(
    session: Session,
    rows: list[VisitRow],
    quotes: list[QuoteRow],
    now: int,
    told_waits: ToldWaitsRow | None = None,
    overrides: OverridesRow | None = None,
) -> Update | None:
    """An update with what differs from what the kiosk was sent last; None for none."""
    visits = tuple(row for row in rows if session.visits.get(row.visit_id) != row)
    new_quotes = tuple(row for row in quotes if session.quotes.get(row.need) != row)
    news = told_waits if told_waits != session.told_waits else None
    changed = overrides if overrides != session.overrides else None
    if not (visits or new_quotes or news or changed is not None):
        return None
    session.told_waits = news or session.told_waits
    session.visits.update((row.visit_id, row) for row in visits)
    session.quotes.update((row.need, row) for row in new_quotes)
    session.overrides = session.overrides if changed is None else changed
    n = session.stream.next()
    return Update(n, now, visits=visits, quotes=new_quotes, told_waits=news, overrides=changed)


def _quotes(floor: Floor) -> Iterator[QuoteRow]:
    for need in floor.catalogue.needs:
        if floor.catalogue.need(need.code):
            yield quote_row(need.code, floor)
