"""What the screen that is up is told, whichever it is."""

from msgspec import Struct

from assets.words import Words
from staff_app.board import Board
from staff_app.screen import Screen
from staff_app.seen import endings
from sync_server.domain.events import Resolution

from . import floor, names, visit
from .visit import Choice

PHRASES = 6  # ready phrases for notes, `staff.phrase.1` and so on


class Start(Struct, frozen=True):
    title: str
    text: str


class Pick(Struct, frozen=True):
    title: str
    choices: tuple[Choice, ...]


class Endings(Struct, frozen=True):
    title: str
    need: str
    likely: tuple[Choice, ...]
    others: tuple[Choice, ...]


class Gift(Struct, frozen=True):
    """`limit` in cents of `currency`."""

    title: str
    limit: int
    currency: str


class Note(Struct, frozen=True):
    """`kept` is what was written before."""

    title: str
    hint: str
    phrases: tuple[Choice, ...]
    kept: str = ""


def tell(board: Board, words: Words) -> Struct:
    """What the board's screen is told."""
    seen, row, say = board.seen, board.visit, words.say
    match board.screen:
        case Screen.WHO:
            return floor.who(board, words)
        case Screen.PIN:
            return floor.pin(board, words)
        case Screen.FLOOR:
            return floor.floor(board, words)
        case Screen.AWAY:
            return floor.away(words)
        case Screen.SORRY:
            return floor.sorry(words)
        case Screen.BREAK:
            return floor.on_break(seen, words)
        case Screen.SIGN_OFF | Screen.NOT_HERE | Screen.GIVE_BACK:
            return floor.ask(board, words)
        case Screen.OFFER if row is not None:
            return visit.offer(seen, words, row)
        case Screen.WALKING if row is not None:
            return visit.walking(board, words, row)
        case Screen.IN_HAND if row is not None:
            return visit.in_hand(board, words, row)
        case Screen.ENDINGS if row is not None:
            return _endings(board, words, say("staff.endings.title"), row.need)
        case Screen.QUICK_END:
            return _endings(board, words, say("staff.quick.ending"), board.quick_need or "")
        case Screen.QUICK:
            return Pick(say("staff.quick.need"), visit.need_choices(seen, words))
        case Screen.OTHER_NEED if row is not None:
            return Pick(say("staff.hand_over.which"), visit.need_choices(seen, words, without=row.need))
        case Screen.HAND_OVER if row is not None:
            return visit.hand_over(board, words, row)
        case Screen.GIFT if seen.catalogue is not None:
            store = seen.catalogue.store
            return Gift(say("staff.gift.title"), store.goodwill_limit_cents, store.currency)
        case Screen.NOTE:
            return Note(say("staff.note.title"), say("staff.note.hint"), _phrases(words))
        case Screen.STORY:
            story = board.extras.story
            return Note(say("staff.hand_over.story"), say("staff.hand_over.hint"), _phrases(words), story)
        case _:
            return Start(say("staff.starting.title"), say("staff.starting.text"))


def _endings(board: Board, words: Words, title: str, need: str) -> Endings:
    likely, others = endings(board.seen.need(need))
    return Endings(
        title=title,
        need=names.need_name(board.seen, words, need),
        likely=_all(words, likely[: visit.MOST_ENDINGS]),
        others=_all(words, [*likely[visit.MOST_ENDINGS :], *others]),
    )


def _all(words: Words, resolutions: list[Resolution]) -> tuple[Choice, ...]:
    return tuple(visit.ending(words, resolution) for resolution in resolutions)


def _phrases(words: Words) -> tuple[Choice, ...]:
    return tuple(Choice(str(n), words.say(f"staff.phrase.{n}")) for n in range(1, PHRASES + 1))
