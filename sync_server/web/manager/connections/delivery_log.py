"""The log of deliveries as the pages of webhooks show it: in parts, and page by page."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from sync_server.service.server import Server
from sync_server.service.webhooks.webhook_outbox import DeliveryState, LoggedDelivery, LogPart

SHOWN = 30  # deliveries on a page


class ShownDelivery(Struct, frozen=True):
    """A delivery as a page shows it. `next` is when it is tried again, None if it is not.

    `problem` is the code of what went wrong, empty if nothing did; `detail` says more about it.
    """

    delivery: LoggedDelivery
    made: datetime
    next: datetime | None
    may_send_again: bool
    problem: str
    detail: str


class DeliveryPlace(Struct, frozen=True):
    """Where in a log somebody is: in which part of it, and `before` which delivery; None for the newest."""

    part: LogPart
    before: int | None

    @property
    def query(self) -> str:
        """For an address, with its question mark; empty for the newest of all."""
        given = [] if self.part is LogPart.ALL else [f"show={self.part}"]
        if self.before is not None:
            given.append(f"before={self.before}")
        return "?" + "&".join(given) if given else ""


def delivery_place(given: Mapping[str, str]) -> DeliveryPlace:
    """The place that an address or a form names; what cannot be read is left out."""
    show, before = given.get("show", ""), given.get("before", "")
    part = LogPart(show) if show in set(LogPart) else LogPart.ALL
    return DeliveryPlace(part, int(before) if before.isdecimal() and len(before) < 18 else None)


class DeliveryPage(Struct, frozen=True):
    """A page of a log. `older` is the next one, None on the last."""

    deliveries: list[ShownDelivery]
    place: DeliveryPlace
    older: DeliveryPlace | None


def delivery_page(server: Server, log: Sequence[LoggedDelivery], place: DeliveryPlace) -> DeliveryPage:
    """The page at this place, of a log of which one more than SHOWN was read."""
    older = DeliveryPlace(place.part, log[SHOWN - 1].n) if len(log) > SHOWN else None
    return DeliveryPage(shown_deliveries(server, log[:SHOWN]), place, older)


def shown_deliveries(server: Server, log: Sequence[LoggedDelivery]) -> list[ShownDelivery]:
    """The deliveries with the store's local times."""
    local = server.processor.catalogue.local
    known = {target.name for target in server.live_settings.current.settings.webhooks}
    shown = []
    for one in log:
        problem, _, detail = (one.problem or "").partition(": ")
        is_new = one.state is DeliveryState.WAITING and not one.tries
        following = local(one.next_at) if one.state is DeliveryState.WAITING and one.tries else None
        arrived = one.state is DeliveryState.DELIVERED
        shown.append(
            ShownDelivery(
                one,
                local(one.made_at),
                following,
                one.target in known and not is_new,
                "" if arrived else problem,
                detail,
            )
        )
    return shown
