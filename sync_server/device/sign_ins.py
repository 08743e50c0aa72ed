"""The sign-ins that wait for the server's answer."""

import asyncio

from sync_server.protocol.messages import SignedIn

SIGN_IN_S = 8.0  # how long a sign-in waits for the server's answer


class PendingSignIns:
    """A sign-in ends with its answer, with its connection, or after SIGN_IN_S."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: dict[str, asyncio.Future[SignedIn | None]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def begin(self, request: str) -> None:
        """To be called before the request is sent."""
        self._waiting[request] = self._loop.create_future()

    async def answer_to(self, request: str) -> SignedIn | None:
        """The server's answer; None if there is none."""
        try:
            return await asyncio.wait_for(self._waiting[request], SIGN_IN_S)
        except TimeoutError:
            return None
        finally:
            del self._waiting[request]

    def answered(self, signed_in: SignedIn) -> None:
        waiting = self._waiting.get(signed_in.request)
        if waiting is not None and not waiting.done():
            waiting.set_result(signed_in)

    def link_closed(self) -> None:
        """No answer can come over a closed link."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(None)
