"""Says in words when a need that is closed today is offered again."""

from datetime import timedelta

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Back

from .texts import Texts

WEEKDAY_RANGE_DAYS = 7  # within this range a weekday is enough to say which day is meant


def back_again(catalogue: Catalogue, back: str, until: int, at: int, texts: Texts) -> str:
    """A sentence: `We do this again tomorrow from 9:00.`

    `back` is a value of `Back`. It is closed until `until`, and now is `at` (ms UTC).
    """
    if back == Back.TODAY:
        return texts.say("common.back_again.today")
    if back == Back.NEXT_DAY and not catalogue.hours.known:  # open every day
        return texts.say("common.back_again.next_day")
    opens = catalogue.hours.next_opening(until) if back == Back.NEXT_DAY else None
    if opens is None:
        return texts.say("common.back_again.unknown")
    when, today = catalogue.local(opens), catalogue.local(at).date()
    time = texts.time(when)
    if when.date() == today + timedelta(days=1):
        return texts.say("common.back_again.tomorrow", time=time)
    if when.date() < today + timedelta(days=WEEKDAY_RANGE_DAYS):
        return texts.say("common.back_again.weekday", day=texts.on_weekday(when), time=time)
    return texts.say("common.back_again.date", date=texts.date(when), time=time)
