"""The texts of the two lines above every screen."""

from msgspec import Struct

from assets.i18n.texts import Texts
from staff_app.navigation import StaffScreen
from staff_app.snapshot import TabletSnapshot
from staff_app.tablet_state import Banner, Notice, TabletState
from staff_app.undo import Ending, Undoable

from . import names
from .closing_text import closing_text
from .refusals import refused_op_text
from .store_problem import store_problem

# The floor says it in its rows, and somebody who is away is told who waits for them.
WITHOUT_HINDRANCE = frozenset({StaffScreen.FLOOR, StaffScreen.OFFER, StaffScreen.AWAY})


class BannersText(Struct, frozen=True):
    """`banner` is about the connection or the store (`is_problem`), a colleague who asks for help, closing
    time, or a wait that is too long. `answer` is the text of the button with which one goes to help.

    `message` is about the refused op with the id `refused_op`, or it is a notice and that is empty. It
    may be about something that can be taken back: `take_back` is the text of that button.
    """

    banner: str
    is_problem: bool
    message: str
    refused_op: str
    is_error: bool
    take_back: str = ""
    answer: str = ""


def banners(state: TabletState, texts: Texts) -> BannersText:
    message, refused_op, is_error, take_back = "", "", False, ""
    if state.snapshot.refused:
        submit, refusal = state.snapshot.refused[0]
        message = refused_op_text(state.snapshot, texts, submit, refusal)
        refused_op, is_error = submit.op_id, True
    elif state.notice is not None:
        kind, about = state.notice
        message = _notice_text(state.snapshot, texts, kind, about)
        is_error = kind is Notice.NOT_SAVED
    elif state.last is not None:
        message = _ending_text(texts, state.last)
        take_back = texts.say("staff.undo.take_back", seconds=state.undo_seconds_left)
    problem = _problem_text(state, texts)
    help_text = "" if problem else _help_text(state.snapshot, texts)
    other = problem or help_text or closing_text(state.snapshot, texts) or _hindrance_text(state, texts)
    answer = texts.say("staff.help.go") if help_text else ""
    return BannersText(other, bool(problem), message, refused_op, is_error, take_back, answer)


def _help_text(snapshot: TabletSnapshot, texts: Texts) -> str:
    """Who asks for help, with which shopper and where."""
    if (asked := snapshot.asks_for_help) is None:
        return ""
    person, row = asked
    what = names.dotted(
        row.ticket, names.place(snapshot, texts, row), names.need_name(snapshot, texts, row.need)
    )
    return texts.say("staff.help.banner", name=names.employee_name(snapshot, person.id), what=what)


def _notice_text(snapshot: TabletSnapshot, texts: Texts, kind: Notice, about: str) -> str:
    about = names.employee_name(snapshot, about) if kind is Notice.THANKS else about
    return texts.say(f"staff.notice.{kind.value}", about=about)


def _hindrance_text(state: TabletState, texts: Texts) -> str:
    """Who waits too long, and what would help."""
    snapshot, hindered = state.snapshot, state.snapshot.hindered
    if hindered is None or state.screen in WITHOUT_HINDRANCE:
        return ""
    row, _ = hindered
    why = names.hindrance(snapshot, texts, row)
    clock = texts.clock(snapshot.waited_s(row))
    return texts.say("staff.hindrance.banner", ticket=row.ticket, clock=clock, why=why)


def _ending_text(texts: Texts, last: Undoable) -> str:
    if last.kind is Ending.HANDED_OVER:
        return texts.say("staff.undo.handed_over", ticket=last.ticket)
    how = texts.say(f"resolution.{last.resolution}")
    return texts.say(f"staff.undo.{last.kind.value}", ticket=last.ticket, resolution=how)


def _problem_text(state: TabletState, texts: Texts) -> str:
    match state.banner:
        case Banner.OFFLINE | Banner.LONG_OFFLINE if state.snapshot.catalogue is None:
            return ""  # the loading screen already says it, and nothing can be tapped yet
        case Banner.OFFLINE:
            return texts.say("staff.banner.offline")
        case Banner.LONG_OFFLINE:
            return texts.say("staff.banner.long_offline", clock=texts.clock(state.offline_s))
        case Banner.PROBLEM:
            return store_problem(texts, state.snapshot.problem or "")
    return ""
