"""What the server writes to its log: text for people, or one line of JSON for each thing that happens.

No line ever holds what a shopper was called, looked like or said, nor a note, a PIN or a link.
Events are named, never shown whole.
"""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from sync_server.domain.events import Record

from .limits import WARNINGS_ALIKE

FIELDS = ("event", "seq", "visit_id", "rev", "actor", "device_id")  # of an event; its body is left out
MOST_KINDS = 1000  # of warnings, remembered

_events = logging.getLogger("welkom.events")


def set_up(as_json: bool, verbose: bool) -> None:
    """Directs the log of this process to its standard error. JSON tells every event too."""
    handler = logging.StreamHandler()
    handler.addFilter(Seldom())
    handler.setFormatter(
        JsonLines() if as_json else logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    )
    logging.basicConfig(level=logging.INFO if as_json or verbose else logging.WARNING, handlers=[handler])


def tell(records: Iterable[Record]) -> None:
    """Writes what happened on the floor, once it is on disk."""
    if not _events.isEnabledFor(logging.INFO):
        return
    for record in records:
        kind = type(record.event).__struct_config__.tag
        values = (kind, record.seq, record.visit_id, record.rev, record.actor, record.device_id)
        fields = {name: value for name, value in zip(FIELDS, values, strict=True) if value is not None}
        _events.info("%s", kind, extra={"fields": fields})


class Seldom(logging.Filter):
    """Lets WARNINGS_ALIKE warnings of one kind through each minute; the next after that tells of the rest."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[tuple[str, object], tuple[int, int]] = {}  # which minute, and how many

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        kind, minute = (record.name, record.msg), int(record.created // 60)
        before, count = self._kinds.get(kind, (minute, 0))
        if before != minute:
            if count > WARNINGS_ALIKE:
                record.msg = f"{record.getMessage()} (and {count - WARNINGS_ALIKE} more like it)"
                record.args = ()
            count = 0
        if len(self._kinds) > MOST_KINDS:
            self._kinds.clear()
        self._kinds[kind] = minute, count + 1
        return count < WARNINGS_ALIKE


class JsonLines(logging.Formatter):
    """One object a line: `at` (ISO 8601, UTC), `level`, `logger`, `text`, what else is known, `fault`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["fault"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()
