"""The texts of the screens with one message and one button."""

from msgspec import Struct

from assets.i18n.texts import Texts
from staff_app.snapshot import TabletSnapshot

from . import names
from .floor import since


class MessageText(Struct, frozen=True):
    """`line` is above the title. An empty `button` is not shown. `may_sign_off` shows a second button."""

    title: str
    text: str
    button: str = ""
    line: str = ""
    may_sign_off: bool = False


def loading(texts: Texts) -> MessageText:
    """The tablet does not know its store yet."""
    return MessageText(texts.say("staff.starting.title"), texts.say("staff.starting.text"))


def away(snapshot: TabletSnapshot, texts: Texts) -> MessageText:
    """The employee did not respond to an offer. Says who waits for them."""
    say, visit = texts.say, snapshot.waits_for_me
    text = say("staff.away.wanted", ticket=visit.ticket) if visit else say("staff.away.text")
    return MessageText(say("staff.away.title"), text, say("staff.away.back"))


def error(texts: Texts) -> MessageText:
    """A fault in this program."""
    say = texts.say
    return MessageText(say("staff.sorry.title"), say("staff.sorry.text"), say("staff.sorry.back"))


def on_break(snapshot: TabletSnapshot, texts: Texts) -> MessageText:
    waiting = texts.say("staff.floor.waiting", n=len(snapshot.waiting)) if snapshot.waiting else ""
    started_at = snapshot.me.since if snapshot.me else snapshot.now
    line = names.dotted(since(snapshot, texts, started_at), waiting)
    return MessageText(
        title=texts.say("staff.break.title"),
        text=texts.say("staff.break.text"),
        button=texts.say("staff.break.back"),
        line=line,
        may_sign_off=True,
    )
