"""Which wall displays are open in a browser now."""

from collections import Counter
from collections.abc import AsyncIterator


class ShownWalls:
    """Counts the browsers that listen to each wall display, by its number."""

    def __init__(self) -> None:
        self._listening: Counter[int] = Counter()

    def __contains__(self, n: int) -> bool:
        return self._listening[n] > 0

    async def counted(self, n: int, events: AsyncIterator[str]) -> AsyncIterator[str]:
        """The same events, for a browser that counts while it listens."""
        self._listening[n] += 1
        try:
            async for event in events:
                yield event
        finally:
            self._listening[n] -= 1
