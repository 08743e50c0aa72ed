"""The messages of one connection that were received and are not done yet."""

from collections import deque
from collections.abc import Iterator

from sync_server.protocol.messages import FromDevice, Submit


class WaitingMessages:
    """In the order in which they were received.

    A submit that waits already (`in`) should not be added again. A device of 0.1.0 repeats all its
    unanswered ops whenever one is put off. To do each of them as often would use up what the device may
    send, and let nothing new through.
    """

    def __init__(self) -> None:
        self._messages: deque[FromDevice] = deque()
        self._submits: set[Submit] = set()

    def __len__(self) -> int:
        return len(self._messages)

    def __contains__(self, message: FromDevice) -> bool:
        """Whether this very submit waits already."""
        return isinstance(message, Submit) and message in self._submits

    def add(self, message: FromDevice) -> None:
        self._messages.append(message)
        if isinstance(message, Submit):
            self._submits.add(message)

    def take_next(self) -> FromDevice:
        """The oldest. Raises IndexError if there is none."""
        message = self._messages.popleft()
        if isinstance(message, Submit):
            self._submits.discard(message)
        return message

    def take_submits(self) -> Iterator[Submit]:
        """All submits; what else waits stays."""
        messages, self._messages, self._submits = self._messages, deque(), set()
        for message in messages:
            if isinstance(message, Submit):
                yield message
            else:
                self._messages.append(message)
