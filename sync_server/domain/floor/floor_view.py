"""What the commands read of a floor: the live one, or the one as it was before closing time."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct, field

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.ops import Actor
from sync_server.domain.people import Person
from sync_server.domain.queue.wait_estimate import Quote
from sync_server.domain.visit.ticket import Tickets
from sync_server.domain.visit.visit import Visit

from .overrides import Overrides


class FloorView(Protocol):
    """The members of a floor that a command may read. A command never changes a floor."""

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def visits(self) -> Mapping[str, Visit]:
        """By visit id: the open visits, and those that ended within the last hour."""

    @property
    def people(self) -> Mapping[str, Person]:
        """By employee id."""

    @property
    def tickets(self) -> Tickets: ...

    @property
    def overrides(self) -> Overrides: ...

    @property
    def paused_until(self) -> int:
        """Until then, ms UTC, no offer lapses."""

    def holder(self, device_id: str | None) -> Person | None:
        """The employee who is signed in on this tablet."""

    def employee_of(self, by: Actor) -> Person | None:
        """The employee who acts."""

    def line(self) -> Sequence[Visit]:
        """The visits that are waiting or offered, in the order in which they will be served."""

    def quote(self, need_code: str, ahead: int | None = None, /) -> Quote | None:
        """The wait to expect with this need behind `ahead` visits, None: behind the whole line."""


class FloorAt(Struct, frozen=True):
    """A floor as it was at some moment in the past, as far as an op on one of its visits needs it.

    It has no line, no tickets and no quotes: an op that opens a visit is refused, because the visit is there.
    """

    catalogue: Catalogue
    visits: Mapping[str, Visit]
    people: Mapping[str, Person]
    tickets: Tickets = field(default_factory=Tickets)
    overrides: Overrides = field(default_factory=Overrides)
    paused_until: int = 0

    def holder(self, device_id: str | None) -> Person | None:
        return next((p for p in self.people.values() if p.device_id == device_id is not None), None)

    def employee_of(self, by: Actor) -> Person | None:
        return self.holder(by.device_id)

    def line(self) -> Sequence[Visit]:
        return ()

    def quote(self, _need_code: str, _ahead: int | None = None, /) -> Quote | None:
        return None
