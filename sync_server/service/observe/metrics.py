"""Writes the server's figures in the format of Prometheus. `docs/shop/monitoring.md` explains each.

They are read when somebody asks. Only the time of a commit is noted as it happens.
"""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct
from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from sync_server.version import own_version

from .counters import COUNTED

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


class ServerFigures(Struct, frozen=True, kw_only=True):
    """The figures of a server at one moment. `backup_age_s` is None where there is no backup."""

    epoch: str
    can_write: bool
    units_waiting: int
    events: Mapping[str, int]
    refusals: Mapping[str, int]
    visits: Mapping[str, int]
    people: Mapping[str, int]
    devices: Mapping[str, int]
    backup_age_s: float | None
    backup_failures: int
    counters: Mapping[str, int]


class Metrics:
    """The metrics of one server. `read()` gives its figures."""

    def __init__(self, read: Callable[[], ServerFigures]) -> None:
        self._read = read
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        name = "welkom_commit_seconds"
        self._commits = Histogram(name, METRICS[name], buckets=COMMIT_S, registry=self._registry)

    def observe_commit(self, seconds: float) -> None:
        """Notes how long a commit took. May be called by any thread."""
        self._commits.observe(seconds)

    def text(self) -> bytes:
        """What Prometheus reads."""
        return generate_latest(self._registry)

    def describe(self) -> list[Metric]:
        """Nothing, so that the registry does not ask for the figures before there are any."""
        return []

    def collect(self) -> Iterator[Metric]:
        figures = self._read()
        yield _gauge("welkom_info", {(own_version(), figures.epoch): 1}, "version", "epoch")
        yield _gauge("welkom_unwell", {(): int(not figures.can_write)})
        yield _counter("welkom_events_total", _labelled(figures.events), "event")
        yield _counter("welkom_refusals_total", _labelled(figures.refusals), "code")
        yield _gauge("welkom_turns_waiting", {(): figures.units_waiting})
        yield _gauge("welkom_visits_open", _labelled(figures.visits), "state")
        yield _gauge("welkom_people", _labelled(figures.people), "presence")
        yield _gauge("welkom_devices_online", _labelled(figures.devices), "kind")
        age: Values = {} if figures.backup_age_s is None else {(): figures.backup_age_s}
        yield _gauge("welkom_backup_age_seconds", age)
        yield _counter("welkom_backup_failures_total", {(): figures.backup_failures})
        for name, value in figures.counters.items():
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


def _labelled(values: Mapping[str, int]) -> dict[tuple[str, ...], float]:
    return {(label,): value for label, value in values.items()}
