"""What the screens about people and the line are told, and the lines above every screen."""

from msgspec import Struct

from assets.words import Words
from staff_app.board import Banner, Board, Notice
from staff_app.screen import Screen
from staff_app.seen import Colleague, Doing, Seen
from sync_server.domain import ops
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.visit import State
from sync_server.protocol.messages import SignedIn, Submit
from sync_server.protocol.rows import VisitRow

from . import names
from .closing import closing
from .trouble import trouble
from .visit import Choice


class Who(Struct, frozen=True):
    """`people` are all who may sign in; under the name of one who is here stands that they are."""

    people: tuple[Choice, ...]
    line: str


class Pin(Struct, frozen=True):
    """`line` is what became of the last try, or what to do; `trouble`: it did not work."""

    title: str
    name: str
    colour: str
    line: str
    trouble: bool
    ready: bool


class LineRow(Struct, frozen=True):
    """One visit in line, or one of mine on hold (`held`)."""

    visit_id: str
    ticket: str
    need: str
    shopper: str
    colour: str | None
    clock: str
    asked: str
    late: bool = False
    held: bool = False


class PersonLine(Struct, frozen=True):
    person: str
    name: str
    colour: str
    doing: str
    free: bool


class Floor(Struct, frozen=True):
    """`as_of` says of when the rows are, where that is not now."""

    title: str
    as_of: str
    rows: tuple[LineRow, ...]
    people: tuple[PersonLine, ...]


class Calm(Struct, frozen=True):
    """A full screen with one thing to do: are you there, the end of a break, or on after a fault."""

    title: str
    text: str
    button: str
    line: str
    may_leave: bool


class Ask(Struct, frozen=True):
    """A question with one tap to confirm; `yes` empty: it cannot be done now, `text` says why."""

    title: str
    text: str
    yes: str
    no: str
    other: str = ""


class Lines(Struct, frozen=True):
    """What stands above every screen. `refused` is the op_id of the op that `note` is about, or empty.

    `cut_off`: the banner is about the connection, not about closing time.
    """

    banner: str
    cut_off: bool
    note: str
    refused: str
    trouble: bool


# --- signing in ----------------------------------------------------------------------------------


def who(board: Board, words: Words) -> Who:
    seen = board.seen
    employees = seen.catalogue.employees if seen.catalogue else ()
    here = {c.person.id for c in seen.on_floor}
    return Who(
        people=tuple(
            Choice(e.id, e.name, under=words.say("staff.who.here") if e.id in here else "", colour=e.colour)
            for e in employees
        ),
        line="" if seen.live or board.banner else words.say("staff.who.offline"),
    )


def pin(board: Board, words: Words) -> Pin:
    who = board.who or ""
    name = names.employee_name(board.seen, who)
    line = _pin_line(board, words)
    return Pin(
        title=words.say("staff.pin.title", name=name),
        name=name,
        colour=names.employee_colour(board.seen, who),
        line=line or words.say("staff.pin.checking" if board.asking else "staff.pin.ask"),
        trouble=bool(line),
        ready=not board.asking and not board.wait_s,
    )


def _pin_line(board: Board, words: Words) -> str:
    """What went wrong with the last PIN; empty if nothing."""
    if board.wait_s:
        return words.say("staff.pin.wait", n=board.wait_s)
    refusal = board.answer.refusal if isinstance(board.answer, SignedIn) else None
    if board.answer is Code.NOT_SIGNED_IN:
        return words.say("staff.who.offline")
    if refusal is None:
        return ""
    match refusal.code:
        case Code.WRONG_PIN | Code.TOO_MANY_TRIES:
            return words.say("staff.pin.wrong")
        case Code.NO_PIN:
            return words.say("staff.pin.none")
    return refusal_line(board.seen, words, refusal)


# --- the floor -----------------------------------------------------------------------------------


def floor(board: Board, words: Words) -> Floor:
    seen = board.seen
    waiting = seen.waiting
    return Floor(
        title=words.say("staff.floor.waiting", n=len(waiting)) if waiting else "",
        as_of=_as_of(board, words),
        rows=tuple(_row(seen, words, row) for row in (*seen.holding, *waiting)),
        people=tuple(_person(seen, words, colleague) for colleague in seen.on_floor),
    )


def _as_of(board: Board, words: Words) -> str:
    seen = board.seen
    if seen.live or board.banner is None or seen.catalogue is None:
        return ""
    lost_at = seen.catalogue.local(seen.now - board.offline_s * 1000)
    return words.say("staff.floor.as_of", time=words.time(lost_at))


def _row(seen: Seen, words: Words, row: VisitRow) -> LineRow:
    held, late = row.state == State.ON_HOLD, seen.is_late(row)
    asked = ""
    if row.state == State.OFFERED:
        asked = words.say("staff.floor.asked", name=names.employee_name(seen, row.offer_to))
    clock = seen.held_s(row) if held else seen.waited_s(row)
    return LineRow(
        visit_id=row.visit_id,
        ticket=row.ticket,
        need=names.need_name(seen, words, row.need),
        shopper=names.dotted(
            names.shopper(words, row) if row.alias or row.colour else words.ticket_name(row.ticket),
            names.place(seen, words, row),
            _other_language(words, row),
        ),
        colour=row.colour,
        clock=words.clock(clock),
        asked=words.say("state.on_hold") if held else asked,
        late=late and not held,
        held=held,
    )


def _other_language(words: Words, row: VisitRow) -> str:
    """The shopper's language where it is not the tablet's: `FI`."""
    return "" if row.language == words.language else row.language.upper()


def _person(seen: Seen, words: Words, colleague: Colleague) -> PersonLine:
    person = colleague.person
    doing = _doing(seen, words, colleague)
    if seen.me is not None and person.id == seen.me.id:
        doing = names.dotted(words.say("staff.floor.you"), doing)
    return PersonLine(
        person=person.id,
        name=names.employee_name(seen, person.id),
        colour=names.employee_colour(seen, person.id),
        doing=doing,
        free=colleague.doing is Doing.FREE,
    )


def _doing(seen: Seen, words: Words, colleague: Colleague) -> str:
    visit = colleague.visit
    match colleague.doing:
        case Doing.WITH if visit is not None:
            with_ticket = words.say("staff.floor.with", ticket=visit.ticket)
            return names.dotted(with_ticket, words.clock(seen.spent_s(visit)))
        case Doing.WALKING if visit is not None:
            return words.say("staff.floor.walking", ticket=visit.ticket)
        case Doing.ASKED if visit is not None:
            return words.say("staff.floor.being_asked", ticket=visit.ticket)
        case Doing.BREAK:
            return names.dotted(
                words.say("staff.floor.on_break"), _since(seen, words, colleague.person.since)
            )
        case Doing.SILENT:
            return words.say("staff.floor.silent")
    return words.say("staff.floor.free")


# --- not on the floor ----------------------------------------------------------------------------


def away(words: Words) -> Calm:
    say = words.say
    return Calm(say("staff.away.title"), say("staff.away.text"), say("staff.away.back"), "", False)


def sorry(words: Words) -> Calm:
    say = words.say
    return Calm(say("staff.sorry.title"), say("staff.sorry.text"), say("staff.sorry.back"), "", False)


def on_break(seen: Seen, words: Words) -> Calm:
    say = words.say
    waiting = say("staff.floor.waiting", n=len(seen.waiting)) if seen.waiting else ""
    line = names.dotted(_since(seen, words, seen.me.since if seen.me else seen.now), waiting)
    return Calm(say("staff.break.title"), say("staff.break.text"), say("staff.break.back"), line, True)


def ask(board: Board, words: Words) -> Ask:
    """The question of the page that is open."""
    seen = board.seen
    page = board.screen.value
    shopper = names.who(words, seen.in_hand) if seen.in_hand else ""
    text, yes = words.say(f"staff.{page}.text"), words.say(f"staff.{page}.yes")
    if board.screen is Screen.SIGN_OFF and seen.holding:
        text = words.say("refusal.finish_first", about=names.dotted(*(v.ticket for v in seen.holding)))
        yes = ""
    if board.screen is Screen.GIVE_BACK and board.banner is not None:
        text = words.say("staff.give_back.later")
    return Ask(
        title=words.say(f"staff.{page}.title", who=shopper),
        text=text,
        yes=yes,
        no=words.say(f"staff.{page}.no"),
        other=words.say("staff.give_back.mistake") if board.screen is Screen.GIVE_BACK else "",
    )


# --- the lines above every screen ----------------------------------------------------------------


def lines(board: Board, words: Words) -> Lines:
    note, refused, trouble = "", "", False
    if board.seen.refused:
        submit, refusal = board.seen.refused[0]
        note, refused, trouble = refused_line(board.seen, words, submit, refusal), submit.op_id, True
    elif board.notice is not None:
        kind, about = board.notice
        note = _notice(board.seen, words, kind, about)
        trouble = kind is Notice.NOT_SAVED
    banner = _banner(board, words)
    return Lines(banner or closing(board.seen, words), bool(banner), note, refused, trouble)


def _notice(seen: Seen, words: Words, kind: Notice, about: str) -> str:
    if kind is Notice.SAVED:
        return words.say("staff.quick.saved", resolution=words.say(f"resolution.{about}"))
    about = names.employee_name(seen, about) if kind is Notice.THANKS else about
    return words.say(f"staff.notice.{kind.value}", about=about)


def _banner(board: Board, words: Words) -> str:
    match board.banner:
        case Banner.OFFLINE | Banner.LONG_OFFLINE if board.seen.catalogue is None:
            return ""  # nothing can be tapped yet, and the screen says what is awaited
        case Banner.OFFLINE:
            return words.say("staff.banner.offline")
        case Banner.LONG_OFFLINE:
            return words.say("staff.banner.long_offline", clock=words.clock(board.offline_s))
        case Banner.PROBLEM:
            return trouble(words, board.seen.problem or "")
    return ""


def refused_line(seen: Seen, words: Words, submit: Submit, refusal: Refusal) -> str:
    """What was not done, why, and what to do."""
    op = submit.op
    visit = None if isinstance(op, ops.SetPresence) else seen.view.visits.get(op.visit_id)
    ticket = (
        op.ticket if isinstance(op, ops.QuickResolution | ops.OpenVisit) else visit.ticket if visit else ""
    )
    if refusal.code is Code.ALREADY_TAKEN and ticket:
        return words.say("staff.op.taken", name=names.employee_name(seen, refusal.about), ticket=ticket)
    what = names.dotted(words.say(f"staff.op.{op_tag(submit)}"), ticket)
    return words.say("staff.op.refused", what=what, why=refusal_line(seen, words, refusal, ticket))


def refusal_line(seen: Seen, words: Words, refusal: Refusal, ticket: str = "") -> str:
    """The refusal in words; codes and ids in it become names."""
    about = refusal.about
    if refusal.code is Code.OVER_GOODWILL_LIMIT:
        about = names.money(seen, words, int(about) if about.isdigit() else 0)
    elif seen.catalogue is not None and seen.catalogue.employee(about):
        about = names.employee_name(seen, about)
    elif refusal.code in (Code.STALE_REV, Code.WRONG_STATE, Code.UNKNOWN_VISIT):
        about = ticket
    return words.say(f"refusal.{refusal.code.value}", about=about)


def op_tag(submit: Submit) -> str:
    """The op's name on the wire: `accept`, `set_presence`."""
    return str(submit.op.__struct_config__.tag)


def _since(seen: Seen, words: Words, at: int) -> str:
    if seen.catalogue is None:
        return ""
    return words.say("staff.floor.since", time=words.time(seen.catalogue.local(at)))
