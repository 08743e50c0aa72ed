"""Fills a store's database with the visits of several days, played on a real floor.

    play_days(folder, days=["2026-03-07"], until="17:10")

The same seed gives the same days. Shoppers arrive, wait, are helped or leave. After 15:00 most employees
are on a break, so that this hour has long waits.
"""

import heapq
import random
from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from functools import partial

from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Opened, Presence, Record
from sync_server.domain.floor.floor import Floor
from sync_server.domain.kiosk_step import KioskStep
from sync_server.domain.ops import SYSTEM, Actor, ActorKind
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit import ticket
from sync_server.domain.visit.visit import IN_LINE, State, Visit
from sync_server.service.config.load import load_settings
from sync_server.service.storage import mapping
from sync_server.service.storage.connection import connect, transaction
from sync_server.service.storage.data_dir import DataDir
from sync_server.simulation.history.kiosk_sessions import OPENS_PAGE, kiosk_session, others_at_the_kiosk

KIOSK = Actor(ActorKind.KIOSK, "front-door")
NEEDS = {"repair": 5, "pick_up": 4, "choose_laptop": 2, "choose_phone": 3, "choose_headphones": 2}
ARRIVALS = {9: 7, 10: 9, 11: 12, 12: 14, 13: 15, 14: 12, 15: 17, 16: 14, 17: 8}  # visits in each hour
TEAM = ("maya", "sam", "lotte", "noor")
ON_BREAK = ("sam", "noor", "lotte")  # from 15:00 to 15:45
SOLVED = (Resolution.SOLVED, Resolution.SOLD, Resolution.ADVICE_GIVEN, Resolution.PICKED_UP)


class _Day:
    """Plays one day. Actions wait in a heap, ordered by their time in ms UTC."""

    def __init__(self, floor: Floor, day: str, until: int, rng: random.Random) -> None:
        self.floor = floor
        self.catalogue = floor.catalogue
        self.rng = rng
        self.until = until
        self.records: list[Record] = []
        self.opens_at = int(
            datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=self.zone).timestamp() * 1000
        )
        self.number = 0
        self._taps = random.Random(day)
        self._order = 0
        self._actions: list[tuple[int, int, Callable[[int], None]]] = []

    @property
    def zone(self) -> tzinfo:
        return zone(self.catalogue)

    def at(self, when: int, action: Callable[[int], None]) -> None:
        self._order += 1
        heapq.heappush(self._actions, (when, self._order, action))

    def play(self) -> list[Record]:
        for n, name in enumerate(TEAM):
            self.at(self.opens_at - 600_000 + n * 1000, partial(self._sign_on, name))
        for hour, visits in ARRIVALS.items():
            for _ in range(visits):
                arrives_at = self.opens_at + int((hour - 9 + self.rng.random()) * 3_600_000)
                self.at(arrives_at, self._arrive)
        for name in ON_BREAK:
            self.at(self.opens_at + 6 * 3_600_000, partial(self._take_break, name))
            self.at(self.opens_at + 6 * 3_600_000 + 2_700_000, partial(self._sign_on, name))
        while self._actions:
            now, _, action = heapq.heappop(self._actions)
            if now > self.until:
                break
            self._record(self.floor.tick(now))
            action(now)
            due = self.floor.next_deadline(now)
            if due is not None and not (self._actions and self._actions[0][0] <= due):
                self.at(due, lambda _now: None)
        return self.records

    def _do(self, op: ops.AnyOp, by: Actor, now: int) -> bool:
        outcome = self.floor.handle(op, by, now)
        if not isinstance(outcome, list):
            return False
        self._record(outcome)
        return True

    def _record(self, records: list[Record]) -> None:
        self.records += records
        for record in records:
            visit = self.floor.visits.get(record.visit_id or "")
            if visit is not None and visit.state is State.OFFERED and visit.rev == record.rev:
                answers_at = record.at + self.rng.randint(2, 14) * 1000
                self.at(answers_at, partial(self._answer, visit))

    def _sign_on(self, employee: str, now: int) -> None:
        self._do(ops.SignOn(employee, f"tablet-{employee}"), SYSTEM, now)
        self._do(ops.SetPresence(Presence.AVAILABLE), tablet(employee), now)

    def _take_break(self, employee: str, now: int) -> None:
        if not self._do(ops.SetPresence(Presence.ON_BREAK), tablet(employee), now):
            self.at(now + 30_000, partial(self._take_break, employee))

    def _arrive(self, now: int) -> None:
        self.number += 1
        visit_id = ticket.uuid7(now, self.rng.randbytes(10))
        need = self.rng.choices([*NEEDS], [*NEEDS.values()])[0]
        code = ticket.code("AB"[self.number % 2], (self.number + 1) // 2)
        language = self.rng.choice(self.catalogue.store.languages)
        taps = self._taps.choice((2, 3, 3, 4, 9))
        self._do(ops.OpenVisit(visit_id, code, need, language, taps=taps), KIOSK, now)
        self.at(now + self.rng.randint(4 * 60, 12 * 60) * 1000, partial(self._give_up, visit_id))

    def _give_up(self, visit_id: str, now: int) -> None:
        if self.floor.visits[visit_id].state in IN_LINE:
            self._do(ops.Cancel(visit_id), KIOSK, now)

    def _answer(self, asked: Visit, now: int) -> None:
        visit = self.floor.visits.get(asked.visit_id)
        if visit is None or visit.offer_to is None or visit.rev != asked.rev:
            return
        if self._do(ops.Accept(visit.visit_id, visit.rev), tablet(visit.offer_to), now):
            walk_s = int(self.rng.lognormvariate(3.3, 0.7))
            self.at(now + walk_s * 1000, partial(self._start, visit.visit_id))

    def _start(self, visit_id: str, now: int) -> None:
        visit = self.floor.visits[visit_id]
        if visit.employee and self._do(ops.Start(visit_id, visit.rev), tablet(visit.employee), now):
            service_s = self.rng.lognormvariate(5.35, 0.5)
            self.at(now + int(service_s * 1000), partial(self._complete, visit_id))

    def _complete(self, visit_id: str, now: int) -> None:
        visit = self.floor.visits[visit_id]
        assert visit.employee is not None
        solved = self.rng.random() < 0.88
        resolution = self.rng.choice(SOLVED) if solved else Resolution.REPAIR_BOOKED
        tips = self.catalogue.tips_for(visit.need)
        tip = tips[0].code if tips and self.rng.random() < 0.35 else None
        self._do(ops.Complete(visit_id, visit.rev, resolution, tip=tip), tablet(visit.employee), now)
        if self.rng.random() < 0.57:
            effort = self.rng.choice((5, 5, 5, 4, 4, 3, 2))
            self.at(now + 60_000, partial(self._rate, visit_id, effort))

    def _rate(self, visit_id: str, effort: int, now: int) -> None:
        self._do(ops.Rate(visit_id, ces=effort), KIOSK, now)


def zone(catalogue: Catalogue) -> tzinfo:
    found = catalogue.local(0).tzinfo
    assert found is not None
    return found


def tablet(employee: str) -> Actor:
    return Actor(ActorKind.STAFF, f"tablet-{employee}")


def play_days(folder: DataDir, days: Iterable[str], until: str = "23:58", seed: int = 7) -> None:
    """Plays the days, the last one only `until` that local time, and writes them to the database."""
    catalogue = load_settings(folder.settings).catalogue()
    rng = random.Random(seed)
    floor = Floor(catalogue)
    presence_log = mapping.PresenceLog(floor)
    days = list(days)
    db = connect(folder.store)
    try:
        for day in days:
            end = f"{day}T{until if day == days[-1] else '23:58'}"
            until_ms = int(datetime.fromisoformat(end).replace(tzinfo=zone(catalogue)).timestamp() * 1000)
            records = _Day(floor, day, until_ms, rng).play()
            if day != days[-1]:
                records += floor.tick(catalogue.next_closing(until_ms))
            with transaction(db):
                _write(db.executemany, floor, records, presence_log)
    finally:
        db.close()


def _write(
    many: Callable[..., object], floor: Floor, records: list[Record], presence_log: mapping.PresenceLog
) -> None:
    _write_visits(many, floor, records)
    many(mapping.INSERT_EVENT, [mapping.event_row(record) for record in records])
    many(mapping.INSERT_FEEDBACK, [row for r in records if (row := mapping.feedback_row(r)) is not None])
    _write_sessions(many, records)
    many(mapping.INSERT_PRESENCE, _presence(records, presence_log, floor.catalogue))


def _write_sessions(many: Callable[..., object], records: list[Record]) -> None:
    """What was touched at the kiosks, and which pages were opened: as much as in the demo's past."""
    chance = random.Random(records[0].seq)
    sessions, pages = [], []
    for record in records:
        if isinstance(record.event, Opened):
            found = [kiosk_session(KioskStep.LINE, chance), *others_at_the_kiosk(chance)]
            sessions += [mapping.session_row(op, record.event.day) for op in found]
            if chance.random() < OPENS_PAGE:
                pages.append((record.visit_id, record.event.day))
    many(mapping.COUNT_SESSION, sessions)
    many(mapping.OPEN_PAGE, pages)


def _write_visits(many: Callable[..., object], floor: Floor, records: list[Record]) -> None:
    """Makes the rows from the records, because the floor drops visits an hour after their end."""
    replayed = Floor(floor.catalogue, seq=records[0].seq - 1)
    rows = {}
    for record in records:
        replayed.apply(record)
        if record.visit_id is not None:
            rows[record.visit_id] = mapping.visit_row(replayed.visits[record.visit_id])
    many(mapping.UPSERT_VISIT, list(rows.values()))


def _presence(
    records: list[Record], presence_log: mapping.PresenceLog, catalogue: Catalogue
) -> list[mapping.Row]:
    replayed = Floor(catalogue, seq=records[0].seq - 1)
    rows: list[mapping.Row] = []
    for record in records:
        replayed.apply(record)
        rows += presence_log.rows(replayed, [record])
    return rows
