"""The texts of an offer."""

from msgspec import Struct

from assets.i18n.texts import Texts
from staff_app.snapshot import TabletSnapshot
from sync_server.protocol.rows import VisitRow

from . import names

MAX_NOTES = 2  # an offer has to be read at a glance


class OfferText(Struct, frozen=True):
    """`share` is the part of the ring that is left, 0 to 1. `colour` is the one that the shopper wears."""

    heading: str
    waiting: str
    need: str
    shopper: str
    where: str
    details: str
    colour: str | None
    notes: tuple[str, ...]
    handed_over: bool
    seconds: str
    share: float


def offer(snapshot: TabletSnapshot, texts: Texts, row: VisitRow) -> OfferText:
    ticket, *details = names.shopper_details(texts, row)
    if snapshot.lacks_skills_for(row):
        details.append(texts.say("staff.offer.everybody"))
    me = names.employee_name(snapshot, snapshot.me.id if snapshot.me else "")
    return OfferText(
        heading=texts.say("staff.offer.for_you", name=me),
        waiting=texts.say("staff.offer.waiting", clock=texts.clock(snapshot.waited_s(row))),
        need=names.need_name(snapshot, texts, row.need),
        shopper=names.shopper_line(texts, row),
        where=names.dotted(names.place(snapshot, texts, row), ticket),
        details=names.dotted(*details),
        colour=row.colour,
        notes=row.notes[-MAX_NOTES:],
        handed_over=row.handovers > 0,
        seconds=str(snapshot.offer_seconds_left(row)),
        share=snapshot.offer_share_left(row),
    )
