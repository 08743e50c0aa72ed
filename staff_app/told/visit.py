"""What the screens about one visit are told: the offer, the way there, and the time together."""

from msgspec import Struct

from assets.words import Words, language_name
from staff_app.board import Board
from staff_app.seen import Seen, endings
from sync_server.domain.events import Resolution
from sync_server.protocol.rows import VisitRow

from . import names

ENDING_ICONS = {
    Resolution.SOLVED: "check",
    Resolution.ADVICE_GIVEN: "message-2",
    Resolution.REPLACED_FREE: "gift",
    Resolution.SOLD: "shopping-bag-check",
    Resolution.PICKED_UP: "package",
    Resolution.RETURNED: "arrow-back-up",
    Resolution.REPAIR_BOOKED: "tool",
    Resolution.APPOINTMENT_BOOKED: "calendar-plus",
    Resolution.REFERRED: "share",
    Resolution.NOT_SOLVED: "flag",
}
MOST_ENDINGS = 5  # so many endings stay at hand; the others are one touch further
MOST_NOTES = 3
MOST_NOTES_AT_ONCE = 2  # an offer is read in a glance; on the way there is more time


class Choice(Struct, frozen=True):
    """Something to choose: a tile, a pill or an ending. `under` is a second, quieter line."""

    code: str
    text: str
    icon: str = ""
    under: str = ""
    chosen: bool = False
    colour: str = ""


class Offer(Struct, frozen=True):
    """`share` is how much of the ring is left, 0 to 1; `colour` the one the shopper wears, or empty."""

    heading: str
    waiting: str
    need: str
    shopper: str
    where: str
    details: str
    colour: str | None
    notes: tuple[str, ...]
    story: bool
    seconds: str
    share: float


class Walking(Struct, frozen=True):
    """`called`: the shopper was called again, and `line` says when; or `line` says what is unsure."""

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


class InHand(Struct, frozen=True):
    """`pace` is a `seen.Pace`: what colour the timer has."""

    heading: str
    details: str
    need: str
    notes: str
    clock: str
    pace: str
    tips: tuple[Choice, ...]
    gifts: tuple[Choice, ...]
    endings: tuple[Choice, ...]


class HandOver(Struct, frozen=True):
    """`text` says what happens next, `notes` are the visit's own, `story` is told along with it."""

    title: str
    text: str
    need: str
    notes: str
    story: str


def offer(seen: Seen, words: Words, row: VisitRow) -> Offer:
    ticket, *who = _who(words, row)
    return Offer(
        heading=words.say(
            "staff.offer.for_you", name=names.employee_name(seen, seen.me.id if seen.me else "")
        ),
        waiting=words.say("staff.offer.waiting", clock=words.clock(seen.waited_s(row))),
        need=names.need_name(seen, words, row.need),
        shopper=names.shopper(words, row),
        where=names.dotted(names.place(seen, words, row), ticket),
        details=names.dotted(*who),
        colour=row.colour,
        notes=row.notes[-MOST_NOTES_AT_ONCE:],
        story=row.handovers > 0,
        seconds=str(seen.offer_left_s(row)),
        share=seen.offer_left(row),
    )


def walking(board: Board, words: Words, row: VisitRow) -> Walking:
    seen = board.seen
    return Walking(
        heading=words.say("staff.walking.title", who=names.who(words, row)),
        shopper=names.shopper(words, row),
        place=names.place(seen, words, row),
        details=names.dotted(*_who(words, row)),
        colour=row.colour,
        need=names.need_name(seen, words, row.need),
        notes=row.notes[-(MOST_NOTES if board.banner is None else 1) :],
        waiting=words.say("staff.offer.waiting", clock=words.clock(seen.waited_s(row))),
        line=_walking_line(board, words, row),
        called=row.recalled_at is not None,
        may_call=board.banner is None,
    )


def _walking_line(board: Board, words: Words, row: VisitRow) -> str:
    if board.banner is not None:
        unsure = row.visit_id in board.seen.view.unsent
        return words.say("staff.walking.unsure" if unsure else "staff.walking.no_call")
    recalled = board.seen.recalled_s(row)
    return "" if recalled is None else words.say("staff.walking.called", clock=words.clock(recalled))


def in_hand(board: Board, words: Words, row: VisitRow) -> InHand:
    seen, extras = board.seen, board.extras
    catalogue, need = seen.catalogue, seen.need(row.need)
    assert catalogue is not None
    likely, _ = endings(need)
    limit = catalogue.store.goodwill_limit_cents
    return InHand(
        heading=words.say("staff.hand.with", who=names.who(words, row)),
        details=names.dotted(
            names.ticket(words, row) if row.alias else row.ticket,
            names.place(seen, words, row),
            names.wearing(words, row),
            language_name(row.language),
        ),
        need=names.need_name(seen, words, row.need),
        notes=names.dotted(*row.notes),
        clock=words.clock(seen.spent_s(row)),
        pace=seen.pace(row).value,
        tips=tuple(
            Choice(
                tip.code,
                words.text(tip.text),
                "check" if tip.code == extras.tip else "",
                chosen=tip.code == extras.tip,
            )
            for tip in catalogue.tips_for(row.need)
        ),
        gifts=(
            *(
                Choice(
                    gift.code,
                    names.dotted(words.text(gift.text), names.money(seen, words, gift.cents)),
                    "gift",
                    chosen=gift.code == extras.gift,
                )
                for gift in catalogue.gifts_for(row.need)
                if gift.cents <= limit
            ),
            _other_gift(seen, words, extras.cents),
        ),
        endings=tuple(ending(words, resolution) for resolution in likely[:MOST_ENDINGS]),
    )


def hand_over(board: Board, words: Words, row: VisitRow) -> HandOver:
    return HandOver(
        title=words.say("staff.hand_over.title"),
        text=words.say("staff.hand_over.text" if board.banner is None else "staff.hand_over.later"),
        need=names.need_name(board.seen, words, row.need),
        notes=names.dotted(*row.notes),
        story=board.extras.story,
    )


def need_choices(seen: Seen, words: Words, without: str = "") -> tuple[Choice, ...]:
    """Every need a visit can be for, as tiles."""
    return tuple(
        Choice(need.code, words.text(need.text), need.icon, names.group_name(seen, words, need))
        for need in seen.quick_needs
        if need.code != without
    )


def ending(words: Words, resolution: Resolution) -> Choice:
    return Choice(resolution.value, words.say(f"resolution.{resolution.value}"), ENDING_ICONS[resolution])


def _other_gift(seen: Seen, words: Words, cents: int) -> Choice:
    """The pill that leads to an amount of one's own choice, and shows it."""
    price = names.money(seen, words, cents)
    text = words.say("staff.hand.amount", price=price) if cents else words.say("staff.hand.other_amount")
    return Choice("other", text, "gift" if cents else "", chosen=cents > 0)


def _who(words: Words, row: VisitRow) -> tuple[str, ...]:
    known = row.alias or row.colour  # else their ticket is what is called out
    ticket = names.ticket(words, row) if known else ""
    return ticket, names.party(words, row), language_name(row.language)
