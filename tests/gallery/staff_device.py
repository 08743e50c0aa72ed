"""A tablet's device without a server, for pictures and for tests.

A test sets its rows. Ops stay unanswered until `answer` is called.
"""

from collections.abc import Callable

from msgspec import Struct

from sync_server.device.sync.optimistic_view import OptimisticView, optimistic_view
from sync_server.device.sync.replica import Replica
from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.visit import ticket
from sync_server.protocol.messages import SignedIn, Snapshot, Submit
from sync_server.protocol.rows import PersonRow, VisitRow


class FakeOutbox:
    """The part of the outbox that screens use."""

    def __init__(self) -> None:
        self._refused: list[tuple[Submit, Refusal]] = []

    def refused(self) -> list[tuple[Submit, Refusal]]:
        return list(self._refused)

    def dismiss(self, op_id: str) -> None:
        self._refused = [(submit, refusal) for submit, refusal in self._refused if submit.op_id != op_id]

    def add(self, submit: Submit, refusal: Refusal) -> None:
        self._refused.append((submit, refusal))


class FakeIdentity(Struct, frozen=True):
    """The part of the identity file that screens use."""

    device_id: str


class FakeStaffDevice:
    """`pins` are the correct PINs; `now` is the server's time, ms UTC."""

    def __init__(self, catalogue: Catalogue | None, device_id: str, now: int, letter: str = "M") -> None:
        self.catalogue = catalogue
        self.file = FakeIdentity(device_id)
        self.now = now
        self.pace = 1
        self.live = True
        self.problem: str | None = None
        self.last_contact_at: int | None = None
        self.undo_s = 10
        self.revoked = False
        self.moved_to: str | None = None
        self.duplicated: bool | None = None
        self.put_aside = ""
        self.pins: dict[str, str] = {}
        self.outbox = FakeOutbox()
        self.pending: list[Submit] = []
        self.on_change: Callable[[], None] = lambda: None
        self.on_refused: Callable[[Submit, Refusal], None] = lambda _submit, _refusal: None
        self._replica = Replica()
        self._view: OptimisticView | None = None
        self._letter = letter
        self._made = 0
        self._tickets = 0
        self.show()

    # --- the interface of Device -----------------------------------------------------------------

    def dismiss_notice(self) -> None:
        self.duplicated, self.put_aside = None, ""

    @property
    def view(self) -> OptimisticView:
        if self._view is None:
            self._view = optimistic_view(self._replica, self.pending, self.file.device_id, self.now)
        return self._view

    def server_time(self) -> int:
        return self.now

    def new_id(self) -> str:
        self._made += 1
        return ticket.uuid7(self.now, self._made.to_bytes(10, "big"))

    def next_ticket(self) -> str:
        self._tickets += 1
        return ticket.code(self._letter, self._tickets)

    def submit(self, op: ops.DeviceOp) -> str:
        submit = Submit(self.new_id(), self.now, op)
        self.pending.append(submit)
        self._changed()
        return submit.op_id

    async def sign_in(self, employee: str, pin: str) -> SignedIn | None:
        if not self.live:
            return None
        request = self.new_id()
        if employee not in self.pins:
            return SignedIn(request, Refusal(Code.NO_PIN, employee))
        if self.pins[employee] != pin:
            return SignedIn(request, Refusal(Code.WRONG_PIN))
        signed_in = PersonRow(employee, "available", self.now, self.file.device_id)
        people = {**self._replica.people, employee: signed_in}
        self.show(tuple(self._replica.visits.values()), tuple(people.values()))
        return SignedIn(request)

    # --- what a test does ------------------------------------------------------------------------

    def show(self, visits: tuple[VisitRow, ...] = (), people: tuple[PersonRow, ...] = ()) -> None:
        """Replaces the server's rows."""
        self._replica.load_snapshot(
            Snapshot(
                self._replica.n + 1,
                self.now,
                self.file.device_id,
                "",
                0,
                "",
                visits=visits,
                people=people,
                helps=True,
            )
        )
        self._changed()

    def answer(self, refusal: Refusal | None = None) -> Submit:
        """The server answers the oldest op."""
        submit = self.pending.pop(0)
        if refusal is not None:
            self.outbox.add(submit, refusal)
            self.on_refused(submit, refusal)
        self._changed()
        return submit

    def _changed(self) -> None:
        self._view = None
        self.on_change()
