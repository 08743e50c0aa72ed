"""Figures of a running server for Prometheus. `docs/watching.md` has each with its meaning.

They are gathered when somebody asks; only the time of a commit is noted as it happens.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from sync_server.domain.events import Presence
from sync_server.domain.ops import ActorKind
from sync_server.domain.visit import OPEN

from . import nightly
from .counters import COUNTED
from .server import Server

COMMIT_S = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

Values = Mapping[tuple[str, ...], float]

METRICS = {
    "welkom_info": "1, with the server's `version` and the store's `epoch`",
    "welkom_unwell": "1 while nothing can be saved, else 0",
    "welkom_events_total": "what happened on the floor and is on disk, by `event`: `offered`, `timed_out`, …",
    "welkom_refusals_total": "ops the rules refused, by `code`",
    "welkom_commit_seconds": "how long a write to the disk took",
    "welkom_turns_waiting": "turns of ops that wait for the disk",
    "welkom_visits_open": "open visits, by `state`",
    "welkom_people": "employees, by `presence`",
    "welkom_devices_online": "devices heard of lately, by `kind`",
    "welkom_backup_age_seconds": "since the latest nightly backup; left out where there is none",
    "welkom_backup_failures_total": "nightly backups that failed since the server's start",
}


class Metrics:
    """Of one server. `text()` is what Prometheus reads."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        name = "welkom_commit_seconds"
        commits = Histogram(name, METRICS[name], buckets=COMMIT_S, registry=self._registry)
        server.shop.store.on_commit = commits.observe

    def text(self) -> bytes:
        return generate_latest(self._registry)

    def describe(self) -> list[Metric]:
        """Nothing: the registry need not ask for the figures before there are any."""
        return []

    def collect(self) -> Iterator[Metric]:
        server, shop = self._server, self._server.shop
        yield _gauge("welkom_info", {(_version(), shop.epoch): 1}, "version", "epoch")
        yield _gauge("welkom_unwell", {(): int(shop.mending.unwell is not None)})
        yield _counter("welkom_events_total", _labelled(shop.happened), "event")
        yield _counter("welkom_refusals_total", _labelled(shop.refusals), "code")
        yield _gauge("welkom_turns_waiting", {(): shop.turns_waiting})
        states = dict.fromkeys(OPEN, 0) | Counter(visit.state for visit in shop.floor.open_visits())
        yield _gauge("welkom_visits_open", _labelled(states), "state")
        people = shop.floor.people.values()
        presences = dict.fromkeys(Presence, 0) | Counter(person.presence for person in people)
        yield _gauge("welkom_people", _labelled(presences), "presence")
        kinds = dict.fromkeys((ActorKind.KIOSK.value, ActorKind.STAFF.value), 0)
        kinds |= Counter(device.kind for device in server.desk.connected)
        yield _gauge("welkom_devices_online", _labelled(kinds), "kind")
        latest = nightly.latest(server.nightly.into)
        age: Values = {} if latest is None else {(): (shop.clock() - latest) / 1000}
        yield _gauge("welkom_backup_age_seconds", age)
        yield _counter("welkom_backup_failures_total", {(): server.nightly.failures})
        for name, value in server.counters.values().items():
            yield _counter(f"welkom_{name}_total", {(): value}, meaning=COUNTED[name])


def _gauge(name: str, values: Values, *labels: str) -> Metric:
    family = GaugeMetricFamily(name, METRICS[name], labels=labels)
    for of, value in values.items():
        family.add_metric(of, value)
    return family


def _counter(name: str, values: Values, *labels: str, meaning: str | None = None) -> Metric:
    family = CounterMetricFamily(name, meaning or METRICS[name], labels=labels)
    for of, value in values.items():
        family.add_metric(of, value)
    return family


def _labelled(values: Mapping[Any, int]) -> dict[tuple[str, ...], float]:
    return {(str(label),): value for label, value in values.items()}


def _version() -> str:
    try:
        return version("welkom")
    except PackageNotFoundError:
        return "unknown"
