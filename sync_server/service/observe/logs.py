"""Writes the server's log: text for people, or one line of JSON for each event.

No line ever holds what a shopper is called or looks like, what they said, a note, a PIN or a link.
Events are named and never shown whole.
"""

import logging
import re
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from sync_server.domain.events import Record
from sync_server.service.limits.numbers import MAX_WARNING_KINDS, WARNINGS_PER_MINUTE
from sync_server.service.limits.rate_limit import PerKey, SlidingWindow

FIELDS = ("event", "seq", "visit_id", "rev", "actor", "device_id")  # of an event; its body is left out

RECENT_LINES = 300  # that diagnostics show

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # with these a line could become two
_events = logging.getLogger("welkom.events")
lifecycle = logging.getLogger("welkom.lifecycle")  # start and end of the server: always in the log


def configure_logging(as_json: bool, verbose: bool) -> None:
    """Sends the log of this process to its standard error. JSON includes every event."""
    handler = logging.StreamHandler()
    handler.addFilter(RateLimitFilter())
    handler.setFormatter(JsonFormatter() if as_json else TextFormatter())
    lifecycle.setLevel(logging.INFO)
    level = logging.INFO if as_json or verbose else logging.WARNING
    logging.basicConfig(level=level, handlers=[handler, recent])


def log_events(records: Iterable[Record]) -> None:
    """Logs what happened on the floor. To be called once it is on disk."""
    if not _events.isEnabledFor(logging.INFO):
        return
    for record in records:
        kind = type(record.event).__struct_config__.tag
        values = (kind, record.seq, record.visit_id, record.rev, record.actor, record.device_id)
        fields = {name: value for name, value in zip(FIELDS, values, strict=True) if value is not None}
        _events.info("%s", kind, extra={"fields": fields})


class RateLimitFilter(logging.Filter):
    """Lets WARNINGS_PER_MINUTE warnings of one kind through. The next one later says how many were left out.

    Warnings are of one kind when the same line of code logs them, for the same class of exception if there is
    one. Their text does not matter: a library may have filled values in already.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kinds = PerKey(_Kind, MAX_WARNING_KINDS)

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        kind = self._kinds.of(
            (record.name, record.pathname, record.lineno, record.exc_info and record.exc_info[0])
        )
        if not kind.rate.take(record.created * 1000):
            kind.left_out += 1
            return False
        if kind.left_out:
            record.msg = f"{record.getMessage()} (and {kind.left_out} more like it)"
            record.args = ()
            kind.left_out = 0
        return True


class _Kind:
    """One kind of warning."""

    def __init__(self) -> None:
        self.rate = SlidingWindow(WARNINGS_PER_MINUTE, 60_000)
        self.left_out = 0


class TextFormatter(logging.Formatter):
    """A line for people, with the offset of the time from UTC. A message is one line, whatever is in it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S%z")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's own name)
        record.message = _CONTROL.sub(lambda found: repr(found[0])[1:-1], record.message)
        return super().formatMessage(record)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `at` (ISO 8601, UTC), `level`, `logger`, `text`, an event's fields, `fault`."""

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


class RecentLines(logging.Handler):
    """Keeps the latest lines of the log in memory, for diagnostics."""

    def __init__(self, count: int = RECENT_LINES) -> None:
        super().__init__()
        self.lines: deque[str] = deque(maxlen=count)
        self.setFormatter(TextFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


recent = RecentLines()  # of this process
