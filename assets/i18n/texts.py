"""Says the texts that people read, in one language.

    texts = Texts("nl")
    texts.say("kiosk.greeting.morning")           # "Goedemorgen."
    texts.say("staff.floor.waiting", n=4)         # "4 wachten": the plural form for 4

The texts are in gettext catalogues under `assets/locale`: see docs/develop/translating.md.
A missing text or value is logged and shows as English or "…": a shopper never sees an error.
"""

import datetime
from collections.abc import Mapping

from .formats import Formats
from .ticket_names import ticket_name
from .translations import FALLBACK, find_text, has_text, is_known, log_once

MISSING = "…"  # shows in place of a value that was not given
MAX_USEFUL_WAIT_S = 600  # a wider estimate is said in words
NOON, EVENING, NIGHT = 12, 18, 5  # the hours at which another greeting begins


def is_useful_wait(low_s: float, high_s: float) -> bool:
    """Whether an estimated wait, from and to seconds, is narrow enough to help anybody."""
    return high_s - low_s <= MAX_USEFUL_WAIT_S


def language_name(language: str) -> str:
    """A language's name in that language: "Suomi" for "fi"; the code where there are no texts in it."""
    return find_text(language, "common.language_name") if is_known(language) else language


class Texts(Formats):
    """The texts of one language. An unknown language gets English."""

    def __init__(self, language: str) -> None:
        super().__init__(language if is_known(language) else FALLBACK)

    # --- texts -----------------------------------------------------------------------------------

    def say(self, key: str, /, n: int | None = None, **values: object) -> str:
        """The text `key` with `values` filled in. `n` chooses the plural form and fills in {n}.

        The key itself where there is no such text.
        """
        text = find_text(self.language, key, n)
        if "{" not in text:
            return text
        placeholders = _Placeholders(values, key)
        if n is not None:
            placeholders["n"] = n
        return text.format_map(placeholders)

    def has(self, key: str) -> bool:
        """Whether there is a text `key`, in this language or in English."""
        return has_text(self.language, key)

    def text(self, texts: Mapping[str, str] | None, fallback: str = "") -> str:
        """A text of the store's catalogue: in this language, else in English, else in any there is."""
        texts = texts or {}
        for language in (self.language, FALLBACK, *texts):
            if texts.get(language):
                return texts[language]
        return fallback

    def inside(self, text: str) -> str:
        """A text as it is written inside a sentence: "Phones" as "phones", "TVs" as it is."""
        return text if text[1:2].isupper() else text[:1].lower() + text[1:]

    def by_place(self, place: Mapping[str, str]) -> str:
        """Where somebody is, from a place's text: "by the phones"."""
        return self.say("common.by_place", place=self.inside(self.text(place)))

    def ticket_name(self, ticket: str) -> str:
        """The friendly name of a ticket: "Blue Heron" for A-42."""
        return ticket_name(self.say, ticket)

    # --- times and waits -------------------------------------------------------------------------

    def greeting(self, hour: int) -> str:
        """The greeting at an hour of the local day, 0 to 23."""
        if NIGHT <= hour < NOON:
            return self.say("kiosk.greeting.morning")
        if NOON <= hour < EVENING:
            return self.say("kiosk.greeting.afternoon")
        return self.say("kiosk.greeting.evening")

    def moment(self, at: datetime.datetime) -> str:
        """A day and the time of it: "7 Mar 09:30", "7.3. klo 9.30"."""
        return self.say("common.moment", day=self.short_date(at), time=self.time(at))

    def minutes(self, low_s: float, high_s: float) -> str:
        """An estimated wait, from and to seconds, as a piece of a sentence: "in 1 to 3 minutes".

        Rounded outwards to whole minutes, so that the promise is never narrower than the estimate.
        """
        low, high = int(low_s // 60), max(1, -int(-high_s // 60))
        if low < 1:
            return self.say("common.wait.within", n=high)
        if low >= high:
            return self.say("common.wait.about", n=high)
        return self.say("common.wait.between", low=low, high=high)

    def wait(self, low_s: float | None, high_s: float | None) -> str:
        """A sentence about the wait; without an estimate, or with a useless one, a sentence that says so."""
        if low_s is None or high_s is None:
            return self.say("common.wait.unknown")
        if not is_useful_wait(low_s, high_s):
            low = int(low_s // 60)
            return self.say("common.wait.at_least", n=low) if low else self.say("common.wait.varies")
        return self.say("common.wait.sentence", when=self.minutes(low_s, high_s))

    def longer(self, hindrance: str) -> str:
        """What a shopper is told who waits too long; `hindrance` is what keeps the visit."""
        return self.say("common.longer.nobody" if hindrance == "nobody" else "common.longer.others")

    def how_right(self, share: float | None) -> str:
        """How often waits came within what was told, 0 to 1; None: too few waits to say.

        Rounded down, so that it never says more than is true.
        """
        if share is None:
            return self.say("common.wait.how_right_unknown")
        return self.say("common.wait.how_right", of_ten=int(10 * share))

    def within(self, seconds: float) -> str:
        """A target: "within a minute", "within 90 seconds"."""
        minutes, rest = divmod(round(seconds), 60)
        if minutes and not rest:
            return self.say("common.wait.within", n=minutes)
        return self.say("common.wait.within_seconds", n=round(seconds))


class _Placeholders(dict[str, object]):
    """The values for a text. A value that was not given is logged and shows as an ellipsis."""

    def __init__(self, values: Mapping[str, object], key: str) -> None:
        super().__init__(values)
        self._key = key

    def __missing__(self, name: str) -> str:
        log_once(f"text {self._key!r} was said without its {name!r}")
        return MISSING
