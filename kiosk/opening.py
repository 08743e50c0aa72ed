"""When the shop opens again, in words. Pure: the time is one of the world's fields."""

from datetime import timedelta

from assets.words import Words

from .standing import World

NEAR_DAYS = 7  # so far ahead a weekday says which day is meant


def opening(world: World, words: Words) -> str:
    """When the shop opens next, as a sentence; empty where nobody knows."""
    catalogue, at = world.catalogue, world.at
    opens = catalogue.hours.next_opening(at) if catalogue else None
    if catalogue is None or opens is None:
        return ""
    when, today = catalogue.local(opens), catalogue.local(at).date()
    time = words.time(when)
    if when.date() == today:
        return words.say("kiosk.closed.today", time=time)
    if when.date() == today + timedelta(days=1):
        return words.say("kiosk.closed.tomorrow", time=time)
    if when.date() < today + timedelta(days=NEAR_DAYS):
        return words.say("kiosk.closed.weekday", day=words.on_weekday(when), time=time)
    return words.say("kiosk.closed.date", date=words.date(when), time=time)
