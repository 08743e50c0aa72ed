"""Wakes the pages that renew themselves when something has changed on disk."""

import asyncio
import contextlib
from collections.abc import Iterator


class ChangeNotifier:
    """Sets events after each commit: those that watch one visit, and those that watch everything."""

    def __init__(self) -> None:
        self._events: dict[str | None, set[asyncio.Event]] = {}

    def __bool__(self) -> bool:
        """Whether anybody watches."""
        return bool(self._events)

    @contextlib.contextmanager
    def watch(self, visit_id: str | None = None) -> Iterator[asyncio.Event]:
        """An event that is set after each change of this visit; for None, after each change."""
        event = asyncio.Event()
        events = self._events.setdefault(visit_id, set())
        events.add(event)
        try:
            yield event
        finally:
            events.discard(event)
            if not events:
                self._events.pop(visit_id, None)

    def notify(self, changed: set[str | None]) -> None:
        """Sets the events of these visits, and those of everything."""
        for visit_id in changed | {None}:
            for event in self._events.get(visit_id, ()):
                event.set()
