"""Measures quote_us: the processor time of one quote on a floor of 40 waiting visits and 20 employees.

Right after a change, when nothing is cached.
"""

import time

import msgspec

from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Employee, Need
from sync_server.domain.floor.floor import Floor
from sync_server.domain.line_situation import LineSituation
from sync_server.domain.ops import SYSTEM, Actor, ActorKind
from sync_server.domain.queue.line import Line
from sync_server.domain.queue.line_estimates import LineEstimates
from sync_server.domain.queue.wait_estimate import History
from tests import sample_store

EMPLOYEES, WAITING, NEEDS = 20, 40, 8
OUTCOMES = 2_000
BEGIN = 1_772_442_000_000  # a Monday morning


def busy_floor() -> Floor:
    """Everybody serves somebody, and 40 wait for eight needs. Each employee has half of the skills."""
    needs = tuple(Need(f"n{n}", {"en": f"Need {n}"}, "tool", skills=(f"s{n}",)) for n in range(NEEDS))
    employees = tuple(
        Employee(f"e{n}", f"E{n}", frozenset(f"s{(n + k) % NEEDS}" for k in range(NEEDS // 2)))
        for n in range(EMPLOYEES)
    )
    history = History()
    for n in range(OUTCOMES):
        situation = LineSituation(60.0 + n % 900, ahead=n % 12, able=10, head_wait_s=float(n % 400))
        history.add_wait(f"n{n % NEEDS}", "2026-03-01", situation, 30.0 + (n * 37) % 1100, (60.0, 600.0))
    catalogue = msgspec.structs.replace(sample_store.catalogue(), needs=needs, employees=employees)
    floor = Floor(catalogue, history)
    for n in range(EMPLOYEES):
        floor.handle(ops.SignOn(f"e{n}", f"t{n}"), SYSTEM, BEGIN)
    kiosk = Actor(ActorKind.KIOSK, "kiosk")
    for n in range(EMPLOYEES + WAITING):
        op = ops.OpenVisit(f"{n:032x}", f"A-{n + 1}", f"n{n % NEEDS}", "en")
        floor.handle(op, kiosk, BEGIN + 1_000 * (n + 1))
        for person in [p for p in floor.people.values() if p.offer]:
            visit = floor.visits[person.offer or ""]
            staff = Actor(ActorKind.STAFF, person.device_id)
            floor.handle(ops.Accept(visit.visit_id, visit.rev), staff, floor.now)
    return floor


def measure(count: int = 2_000) -> list[float]:
    """What each of `count` quotes took of the processor, sorted, µs."""
    floor = busy_floor()
    assert len(floor.line()) >= WAITING, "the floor is not as busy as it should be"
    open_visits = {v.visit_id: v for v in floor.open_visits()}
    line = Line(open_visits, floor.catalogue.times.credit_s)
    estimates = LineEstimates(floor.catalogue, floor.history, line, floor.people)
    times = []
    for n in range(count):
        estimates.invalidate(people_changed=False)
        need = floor.catalogue.needs[n % NEEDS]
        began = time.thread_time_ns()
        estimates.quote(need, floor.now)
        times.append((time.thread_time_ns() - began) / 1000)
    return sorted(times)
