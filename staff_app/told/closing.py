"""What a colleague is told when closing time is near, or past while a visit is still in hand."""

from assets.words import Words
from staff_app.seen import Seen

MINUTE_MS = 60_000


def closing(seen: Seen, words: Words) -> str:
    """The line above every screen; empty at any other time, and while nobody is signed in."""
    catalogue = seen.catalogue
    if catalogue is None or seen.me is None:
        return ""
    closes = catalogue.closes_soon(seen.now)
    if closes is not None:
        waiting = len(seen.waiting)
        soon = words.say(
            "staff.closing.soon",
            n=-(-(closes - seen.now) // MINUTE_MS),
            time=words.time(catalogue.local(closes)),
        )
        return f"{soon} {words.say('staff.closing.waiting', n=waiting)}" if waiting else soon
    ends = catalogue.last_closing(seen.now) + catalogue.store.leftovers_min * MINUTE_MS
    if (seen.in_hand or seen.holding) and not catalogue.hours.is_open(seen.now) and seen.now < ends:
        return words.say("staff.closing.late", time=words.time(catalogue.local(ends)))
    return ""
