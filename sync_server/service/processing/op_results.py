"""Remembers the result of every op, so that an op_id has at most one effect (idempotency)."""

from collections.abc import Iterable

from msgspec import Struct

from sync_server.domain.op_redaction import redact_op
from sync_server.domain.ops import AnyOp
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol.wire import op_digest
from sync_server.service.privacy.retention import NO_DIGEST


class OpResult(Struct, frozen=True):
    """What became of one op: it was done where `refusal` is None. `digest` identifies its body."""

    digest: bytes
    refusal: Refusal | None


def digest_of(op: AnyOp) -> bytes:
    """The digest that is stored for an op: without words about a shopper.

    A device may have removed the words before it repeats the op.
    """
    return op_digest(redact_op(op))


def _is_of(digest: bytes, op: AnyOp) -> bool:
    """Whether this stored digest is that of the op. Earlier versions stored it with the words."""
    return digest == NO_DIGEST or digest == digest_of(op) or digest == op_digest(op)


class OpResults:
    """The results of all ops, for as long as they are kept on disk.

    Results that are not on disk yet are pending; they are forgotten when the commit fails.
    """

    def __init__(
        self, done: Iterable[tuple[str, bytes]] = (), refused: Iterable[tuple[str, bytes, Refusal]] = ()
    ) -> None:
        # Nearly all ops are done, and there are months of them: for those only the digest is kept.
        self._done = dict(done)
        self._refused = {op_id: OpResult(digest, refusal) for op_id, digest, refusal in refused}
        self._pending: dict[str, OpResult] = {}

    def find(self, op_id: str, op: AnyOp) -> OpResult | None:
        """The result of this op if it was done before; a refusal where the id belongs to another op.

        Bodies can be compared for a day. After that the digest is removed, and the id alone decides.
        """
        found = self._pending.get(op_id) or self._refused.get(op_id)
        if found is None and op_id in self._done:
            found = OpResult(self._done[op_id], None)
        if found is not None and not _is_of(found.digest, op):
            return OpResult(found.digest, Refusal(Code.OP_ID_REUSED, op_id))
        return found

    def add(self, op_id: str, result: OpResult) -> None:
        """Adds a result that is not on disk yet."""
        self._pending[op_id] = result

    @property
    def pending_count(self) -> int:
        """How many results are not on disk yet."""
        return len(self._pending)

    def commit(self, op_ids: Iterable[str]) -> None:
        """The results of these ops are on disk now."""
        for op_id in op_ids:
            if (result := self._pending.pop(op_id, None)) is None:
                continue
            if result.refusal is None:
                self._done[op_id] = result.digest
            else:
                self._refused[op_id] = result

    def rollback(self) -> None:
        """The commit failed: forgets all results that are not on disk."""
        self._pending.clear()

    def remove_digests(self, op_ids: Iterable[str]) -> None:
        """Forgets what these ops contained. That they were done, and their refusals, stays."""
        for op_id in op_ids:
            if op_id in self._done:
                self._done[op_id] = NO_DIGEST
            elif op_id in self._refused:
                self._refused[op_id] = OpResult(NO_DIGEST, self._refused[op_id].refusal)

    def remove(self, op_ids: Iterable[str]) -> None:
        """Forgets these ops altogether."""
        for op_id in op_ids:
            self._done.pop(op_id, None)
            self._refused.pop(op_id, None)
