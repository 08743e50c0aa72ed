"""Says that the shop closes soon, or that it has closed while a visit is not completed."""

from assets.i18n.texts import Texts
from staff_app.snapshot import TabletSnapshot

MINUTE_MS = 60_000


def closing_text(snapshot: TabletSnapshot, texts: Texts) -> str:
    """The line above every screen; empty at any other time, and while nobody is signed in."""
    catalogue = snapshot.catalogue
    if catalogue is None or snapshot.me is None:
        return ""
    closes = catalogue.closes_soon(snapshot.now)
    if closes is not None:
        waiting = len(snapshot.waiting)
        soon = texts.say(
            "staff.closing.soon",
            n=-(-(closes - snapshot.now) // MINUTE_MS),
            time=texts.time(catalogue.local(closes)),
        )
        return f"{soon} {texts.say('staff.closing.waiting', n=waiting)}" if waiting else soon
    ends = catalogue.last_closing(snapshot.now) + catalogue.store.leftovers_min * MINUTE_MS
    unfinished = snapshot.in_hand or snapshot.on_hold
    if unfinished and not catalogue.hours.is_open(snapshot.now) and snapshot.now < ends:
        return texts.say("staff.closing.late", time=texts.time(catalogue.local(ends)))
    return ""
