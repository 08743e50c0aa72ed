"""The texts for an employee who walks to a shopper."""

from msgspec import Struct

from assets.i18n.texts import Texts
from staff_app.tablet_state import TabletState
from sync_server.protocol.rows import VisitRow

from . import names

MAX_NOTES = 3  # with a banner there is space for one only


class OnTheWayText(Struct, frozen=True):
    """`called`: the shopper was called again; `line` says when. Offline it says what is uncertain."""

    heading: str
    shopper: str
    place: str
    details: str
    colour: str | None
    need: str
    notes: tuple[str, ...]
    waiting: str
    line: str
    called: bool
    may_call: bool


def on_the_way(state: TabletState, texts: Texts, row: VisitRow) -> OnTheWayText:
    snapshot, connected = state.snapshot, state.banner is None
    return OnTheWayText(
        heading=texts.say("staff.walking.title", who=names.shopper_name(texts, row)),
        shopper=names.shopper_line(texts, row),
        place=names.place(snapshot, texts, row),
        details=names.dotted(*names.shopper_details(texts, row)),
        colour=row.colour,
        need=names.need_name(snapshot, texts, row.need),
        notes=row.notes[-(MAX_NOTES if connected else 1) :],
        waiting=texts.say("staff.offer.waiting", clock=texts.clock(snapshot.waited_s(row))),
        line=_line(state, texts, row),
        called=row.recalled_at is not None,
        may_call=connected,
    )


def _line(state: TabletState, texts: Texts, row: VisitRow) -> str:
    if state.banner is not None:
        unconfirmed = row.visit_id in state.snapshot.view.unsent
        return texts.say("staff.walking.unsure" if unconfirmed else "staff.walking.no_call")
    recalled_s = state.snapshot.recalled_s(row)
    if recalled_s is None:
        return ""
    where = "staff.walking.called" if row.phone else "staff.walking.called_kiosk"
    return texts.say(where, clock=texts.clock(recalled_s))
