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

    def __init__(self, known: Iterable[tuple[str, bytes, Refusal | None]] = ()) -> None:
        self._durable = {op_id: Answered(digest, refusal) for op_id, digest, refusal in known}
        self._pending: dict[str, Answered] = {}

    def find(self, op_id: str, digest: bytes) -> Answered | None:
        """The fate of this op if it was done before; a refusal where the id stands for another op.

        Whether it is another is known for a day; after that its id alone decides.
        """
        found = self._pending.get(op_id) or self._durable.get(op_id)
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
            if (answered := self._pending.pop(op_id, None)) is not None:
                self._durable[op_id] = answered

    def forget(self, op_ids: Iterable[str]) -> None:
        """What these ops said is due to be forgotten; that they were answered, and how, is not."""
        for op_id in op_ids:
            if (answered := self._durable.get(op_id)) is not None:
                self._durable[op_id] = Answered(NO_DIGEST, answered.refusal)

    def drop(self, op_ids: Iterable[str]) -> None:
        """The answers of these are kept no more."""
        for op_id in op_ids:
            self._durable.pop(op_id, None)

    def drop_pending(self) -> None:
        """The commit failed: what is not on disk did not happen."""
        self._pending.clear()
