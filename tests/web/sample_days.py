"""A shop's past: days as they might have been, played on a real floor and written to a store's file.

    live(folder, days=["2026-03-07"], until="17:10")

The same seed gives the same days. People arrive, wait, are helped or leave; between 15 and 16 one
colleague is missing, so that one hour stands out.
"""

import heapq
import random
from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from functools import partial

from sync_server.domain import ops, ticket
from sync_server.domain.catalogue import Catalogue
from sync_server.domain.events import Presence, Record, Resolution
from sync_server.domain.floor import Floor
from sync_server.domain.ops import SYSTEM, Actor, ActorKind
from sync_server.domain.visit import IN_LINE, State, Visit
from sync_server.service import tables
from sync_server.service.folder import Folder
from sync_server.service.settings import load_settings
from sync_server.service.store import connect, transaction

KIOSK = Actor(ActorKind.KIOSK, "front-door")
NEEDS = {"repair": 5, "pick_up": 4, "choose_laptop": 2, "choose_phone": 3, "choose_headphones": 2}
BUSY = {9: 7, 10: 9, 11: 12, 12: 14, 13: 15, 14: 12, 15: 17, 16: 14, 17: 8}  # visits an hour
TEAM = ("maya", "sam", "lotte", "noor")
ABSENT = ("sam", "noor", "lotte")  # from 15 to a quarter to four
GOOD = (Resolution.SOLVED, Resolution.SOLD, Resolution.ADVICE_GIVEN, Resolution.PICKED_UP)


class _Day:
    """One day's play. Things to do stand in a heap by their time, ms UTC."""

    def __init__(self, floor: Floor, day: str, until: int, dice: random.Random) -> None:
        self.floor = floor
        self.catalogue = floor.catalogue
        self.dice = dice
        self.until = until
        self.records: list[Record] = []
        self.open = int(datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=self.zone).timestamp() * 1000)
        self.number = 0
        self._order = 0
        self._todo: list[tuple[int, int, Callable[[int], None]]] = []

    @property
    def zone(self) -> tzinfo:
        return zone(self.catalogue)

    def at(self, when: int, what: Callable[[int], None]) -> None:
        self._order += 1
        heapq.heappush(self._todo, (when, self._order, what))

    def play(self) -> list[Record]:
        for n, name in enumerate(TEAM):
            self.at(self.open - 600_000 + n * 1000, partial(self._here, name))
        for hour, visits in BUSY.items():
            for _ in range(visits):
                came = self.open + int((hour - 9 + self.dice.random()) * 3_600_000)
                self.at(came, self._arrive)
        for name in ABSENT:
            self.at(self.open + 6 * 3_600_000, partial(self._break, name))
            self.at(self.open + 6 * 3_600_000 + 2_700_000, partial(self._here, name))
        while self._todo:
            now, _, what = heapq.heappop(self._todo)
            if now > self.until:
                break
            self._keep(self.floor.tick(now))
            what(now)
            due = self.floor.next_deadline(now)
            if due is not None and not (self._todo and self._todo[0][0] <= due):
                self.at(due, lambda _now: None)
        return self.records

    def _do(self, op: ops.AnyOp, by: Actor, now: int) -> bool:
        outcome = self.floor.handle(op, by, now)
        if not isinstance(outcome, list):
            return False
        self._keep(outcome)
        return True

    def _keep(self, records: list[Record]) -> None:
        self.records += records
        for record in records:
            visit = self.floor.visits.get(record.visit_id or "")
            if visit is not None and visit.state is State.OFFERED and visit.rev == record.rev:
                answers_at = record.at + self.dice.randint(2, 14) * 1000
                self.at(answers_at, partial(self._answer, visit))

    def _here(self, employee: str, now: int) -> None:
        self._do(ops.SignOn(employee, f"tablet-{employee}"), SYSTEM, now)
        self._do(ops.SetPresence(Presence.AVAILABLE), tablet(employee), now)

    def _break(self, employee: str, now: int) -> None:
        if not self._do(ops.SetPresence(Presence.ON_BREAK), tablet(employee), now):
            self.at(now + 30_000, partial(self._break, employee))

    def _arrive(self, now: int) -> None:
        self.number += 1
        visit_id = ticket.uuid7(now, self.dice.randbytes(10))
        need = self.dice.choices([*NEEDS], [*NEEDS.values()])[0]
        code = ticket.code("AB"[self.number % 2], (self.number + 1) // 2)
        language = self.dice.choice(self.catalogue.store.languages)
        self._do(ops.OpenVisit(visit_id, code, need, language), KIOSK, now)
        self.at(now + self.dice.randint(4 * 60, 12 * 60) * 1000, partial(self._give_up, visit_id))

    def _give_up(self, visit_id: str, now: int) -> None:
        if self.floor.visits[visit_id].state in IN_LINE:
            self._do(ops.Cancel(visit_id), KIOSK, now)

    def _answer(self, asked: Visit, now: int) -> None:
        visit = self.floor.visits.get(asked.visit_id)
        if visit is None or visit.offer_to is None or visit.rev != asked.rev:
            return
        if self._do(ops.Accept(visit.visit_id, visit.rev), tablet(visit.offer_to), now):
            walk_s = int(self.dice.lognormvariate(3.3, 0.7))
            self.at(now + walk_s * 1000, partial(self._start, visit.visit_id))

    def _start(self, visit_id: str, now: int) -> None:
        visit = self.floor.visits[visit_id]
        if visit.employee and self._do(ops.Start(visit_id, visit.rev), tablet(visit.employee), now):
            took_s = self.dice.lognormvariate(5.35, 0.5)
            self.at(now + int(took_s * 1000), partial(self._complete, visit_id))

    def _complete(self, visit_id: str, now: int) -> None:
        visit = self.floor.visits[visit_id]
        assert visit.employee is not None
        solved = self.dice.random() < 0.88
        resolution = self.dice.choice(GOOD) if solved else Resolution.REPAIR_BOOKED
        tips = self.catalogue.tips_for(visit.need)
        tip = tips[0].code if tips and self.dice.random() < 0.35 else None
        self._do(ops.Complete(visit_id, visit.rev, resolution, tip=tip), tablet(visit.employee), now)
        if self.dice.random() < 0.57:
            effort = self.dice.choice((5, 5, 5, 4, 4, 3, 2))
            self.at(now + 60_000, partial(self._rate, visit_id, effort))

    def _rate(self, visit_id: str, effort: int, now: int) -> None:
        self._do(ops.Rate(visit_id, ces=effort), KIOSK, now)


def zone(catalogue: Catalogue) -> tzinfo:
    found = catalogue.local(0).tzinfo
    assert found is not None
    return found


def tablet(employee: str) -> Actor:
    return Actor(ActorKind.STAFF, f"tablet-{employee}")


def live(folder: Folder, days: Iterable[str], until: str = "23:58", seed: int = 7) -> None:
    """Plays each of the days, the last one only `until` that local time, and writes them down."""
    catalogue = load_settings(folder.settings).catalogue()
    dice = random.Random(seed)
    floor = Floor(catalogue)
    follow = tables.PresenceLog(floor)
    days = list(days)
    db = connect(folder.store)
    try:
        for day in days:
            end = f"{day}T{until if day == days[-1] else '23:58'}"
            until_ms = int(datetime.fromisoformat(end).replace(tzinfo=zone(catalogue)).timestamp() * 1000)
            records = _Day(floor, day, until_ms, dice).play()
            if day != days[-1]:
                records += floor.tick(catalogue.next_closing(until_ms))
            with transaction(db):
                _write(db.executemany, floor, records, follow)
    finally:
        db.close()


def _write(
    many: Callable[..., object], floor: Floor, records: list[Record], follow: tables.PresenceLog
) -> None:
    _write_visits(many, floor, records)
    many(tables.INSERT_EVENT, [tables.event_row(record) for record in records])
    many(tables.INSERT_FEEDBACK, [row for r in records if (row := tables.feedback_row(r)) is not None])
    many(tables.INSERT_PRESENCE, _presence(records, follow, floor.catalogue))


def _write_visits(many: Callable[..., object], floor: Floor, records: list[Record]) -> None:
    """The rows as the records make them: the floor itself forgets visits an hour after they ended."""
    replayed = Floor(floor.catalogue, seq=records[0].seq - 1)
    rows = {}
    for record in records:
        replayed.apply(record)
        if record.visit_id is not None:
            rows[record.visit_id] = tables.visit_row(replayed.visits[record.visit_id])
    many(tables.UPSERT_VISIT, list(rows.values()))


def _presence(records: list[Record], follow: tables.PresenceLog, catalogue: Catalogue) -> list[tables.Row]:
    replayed = Floor(catalogue, seq=records[0].seq - 1)
    rows: list[tables.Row] = []
    for record in records:
        replayed.apply(record)
        rows += follow.rows(replayed, [record])
    return rows
