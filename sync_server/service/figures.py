"""Reads the figures of a running server, for its metrics."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from sync_server.domain.events import Presence
from sync_server.domain.ops import ActorKind
from sync_server.domain.visit.visit import OPEN

from .observe.metrics import Metrics, ServerFigures
from .server import Server


def metrics_of(server: Server) -> Metrics:
    """The metrics of this server. Its writer reports the time of each commit to them from now on."""
    metrics = Metrics(lambda: figures_of(server))
    server.processor.writer.on_commit = metrics.observe_commit
    return metrics


def figures_of(server: Server) -> ServerFigures:
    """The figures at this moment."""
    processor, backups = server.processor, server.backup_scheduler
    floor = processor.floor
    latest = backups.latest()
    return ServerFigures(
        epoch=processor.epoch,
        can_write=processor.recovery.write_error is None,
        units_waiting=processor.units_waiting,
        events=processor.event_counts,
        refusals=processor.refusal_counts,
        visits=_count(OPEN, [visit.state for visit in floor.open_visits()]),
        people=_count(Presence, [person.presence for person in floor.people.values()]),
        devices=_count(
            (ActorKind.KIOSK, ActorKind.STAFF),
            [ActorKind(device.kind) for device in server.device_handler.connected_devices],
        ),
        backup_age_s=None if latest is None else (processor.clock() - latest) / 1000,
        backup_failures=backups.failures,
        counters=server.counters.values(),
    )


def _count(labels: Iterable[StrEnum], found: Iterable[StrEnum]) -> dict[str, int]:
    """How often each label was found, with those that were not."""
    counts = Counter(found)
    return {str(label): counts[label] for label in labels}
