"""Which ops were answered, and how: one op_id, at most one effect."""

from collections.abc import Iterable

from msgspec import Struct

from sync_server.domain.refusal import Code, Refusal

from .retention import NO_DIGEST


class Answered(Struct, frozen=True):
    """The fate of one op: done where `refusal` is None."""

    digest: bytes
    refusal: Refusal | None


class Answers:
    """Every op's fate, for as long as answers are kept.

    Those not yet on disk can be forgotten again, should the commit fail.
    """

    def __init__(
        self, done: Iterable[tuple[str, bytes]] = (), refused: Iterable[tuple[str, bytes, Refusal]] = ()
    ) -> None:
        self._done = dict(done)  # the digests: nearly all ops are done, and there are months of them
        self._refused = {op_id: Answered(digest, refusal) for op_id, digest, refusal in refused}
        self._pending: dict[str, Answered] = {}

    def find(self, op_id: str, digest: bytes) -> Answered | None:
        """The fate of this op if it was done before; a refusal where the id stands for another op.

        Whether it is another is known for a day; after that its id alone decides.
        """
        found = self._pending.get(op_id) or self._refused.get(op_id)
        if found is None and op_id in self._done:
            found = Answered(self._done[op_id], None)
        if found is not None and found.digest not in (digest, NO_DIGEST):
            return Answered(digest, Refusal(Code.OP_ID_REUSED, op_id))
        return found

    def keep(self, op_id: str, answered: Answered) -> None:
        self._pending[op_id] = answered

    @property
    def waiting(self) -> int:
        """How many are not yet on disk."""
        return len(self._pending)

    def written(self, op_ids: Iterable[str]) -> None:
        """These are on disk now."""
        for op_id in op_ids:
            if (answered := self._pending.pop(op_id, None)) is None:
                continue
            if answered.refusal is None:
                self._done[op_id] = answered.digest
            else:
                self._refused[op_id] = answered

    def forget(self, op_ids: Iterable[str]) -> None:
        """What these ops said is due to be forgotten; that they were answered, and how, is not."""
        for op_id in op_ids:
            if op_id in self._done:
                self._done[op_id] = NO_DIGEST
            elif op_id in self._refused:
                self._refused[op_id] = Answered(NO_DIGEST, self._refused[op_id].refusal)

    def drop(self, op_ids: Iterable[str]) -> None:
        """The answers of these are kept no more."""
        for op_id in op_ids:
            self._done.pop(op_id, None)
            self._refused.pop(op_id, None)

    def drop_pending(self) -> None:
        """The commit failed: what is not on disk did not happen."""
        self._pending.clear()
