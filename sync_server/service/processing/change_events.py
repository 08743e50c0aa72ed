"""Who wants to know at once when something in the shop has changed: the pages that renew themselves."""

import asyncio
import contextlib
from collections.abc import Iterator


class Watchers:
    """Events that are set after each change on disk, of one visit or of anything."""

    def __init__(self) -> None:
        self._events: dict[str | None, set[asyncio.Event]] = {}

    def __bool__(self) -> bool:
        return bool(self._events)

    @contextlib.contextmanager
    def watch(self, visit_id: str | None = None) -> Iterator[asyncio.Event]:
        """An event that is set after each change of this visit, or of anything for None."""
        event = asyncio.Event()
        events = self._events.setdefault(visit_id, set())
        events.add(event)
        try:
            yield event
        finally:
            events.discard(event)
            if not events:
                self._events.pop(visit_id, None)

    def wake(self, changed: set[str | None]) -> None:
        """Tells whoever watches one of these visits, or everything."""
        for visit_id in changed | {None}:
            for event in self._events.get(visit_id, ()):
                event.set()
