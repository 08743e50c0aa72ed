"""A device without a server: the same face as `Device`, for pictures of the screens and for tests.

Its rows are set by hand; ops wait until `answer` is called, as they do without a connection.
"""

from collections.abc import Callable

from msgspec import Struct

from sync_server.device.project import View, project
from sync_server.device.replica import Replica
from sync_server.domain import ops, ticket
from sync_server.domain.catalogue import Catalogue
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol.messages import SignedIn, Snapshot, Submit
from sync_server.protocol.rows import PersonRow, VisitRow


class Refusals:
    """What `Device.outbox` offers to screens."""

    def __init__(self) -> None:
        self._refused: list[tuple[Submit, Refusal]] = []

    def refused(self) -> list[tuple[Submit, Refusal]]:
        return list(self._refused)

    def dismiss(self, op_id: str) -> None:
        self._refused = [(submit, refusal) for submit, refusal in self._refused if submit.op_id != op_id]

    def add(self, submit: Submit, refusal: Refusal) -> None:
        self._refused.append((submit, refusal))


class Named(Struct, frozen=True):
    """What `Device.file` tells a tablet about itself."""

    device_id: str


class StandIn:
    """`pins` are the PINs that are right; `now` is the server's time, ms UTC."""

    def __init__(self, catalogue: Catalogue | None, device_id: str, now: int, letter: str = "M") -> None:
        self.catalogue = catalogue
        self.file = Named(device_id)
        self.now = now
        self.live = True
        self.problem: str | None = None
        self.heard_at: int | None = None
        self.dismissed = False
        self.moved_to: str | None = None
        self.pins: dict[str, str] = {}
        self.outbox = Refusals()
        self.pending: list[Submit] = []
        self.on_change: Callable[[], None] = lambda: None
        self.on_refused: Callable[[Submit, Refusal], None] = lambda _submit, _refusal: None
        self._replica = Replica()
        self._view: View | None = None
        self._letter = letter
        self._made = 0
        self._tickets = 0
        self.show()

    # --- what a device offers --------------------------------------------------------------------

    @property
    def view(self) -> View:
        if self._view is None:
            self._view = project(self._replica, self.pending, self.file.device_id, self.now)
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

    # --- what the one who holds it does ----------------------------------------------------------

    def show(self, visits: tuple[VisitRow, ...] = (), people: tuple[PersonRow, ...] = ()) -> None:
        """These are the server's rows from now on."""
        self._replica.take(
            Snapshot(
                self._replica.n + 1, self.now, self.file.device_id, "", 0, "", visits=visits, people=people
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
