"""Says in words when the shop opens again."""

from datetime import timedelta

from sync_server.domain.catalogue.catalogue import Catalogue

from .texts import Texts

WEEKDAY_RANGE_DAYS = 7  # within this range a weekday is enough to say which day is meant


def reopening_text(catalogue: Catalogue, at: int, texts: Texts) -> str:
    """When the shop opens next after `at` (ms UTC), as a sentence; empty if that is not known."""
    opens = catalogue.hours.next_opening(at)
    if opens is None:
        return ""
    when, today = catalogue.local(opens), catalogue.local(at).date()
    time = texts.time(when)
    if when.date() == today:
        return texts.say("kiosk.closed.today", time=time)
    if when.date() == today + timedelta(days=1):
        return texts.say("kiosk.closed.tomorrow", time=time)
    if when.date() < today + timedelta(days=WEEKDAY_RANGE_DAYS):
        return texts.say("kiosk.closed.weekday", day=texts.on_weekday(when), time=time)
    return texts.say("kiosk.closed.date", date=texts.date(when), time=time)
