"""A fault of `store.toml`: where it is, and what is wrong there."""

from typing import Self

from msgspec import Struct

from assets.i18n.saying import Filled, Saying
from assets.i18n.texts import Texts
from assets.i18n.translations import FALLBACK

from .problem_place import at_key

MAX_PROBLEM = 500  # characters of one line about a fault


class SettingsFault(Struct, frozen=True):
    """`where` is the place as a person finds it, `needs "repair", text.nl`; empty where it is the whole file.

    `str(fault)` is the line in English: the place and what is wrong.
    """

    where: str | Saying
    saying: Saying

    @classmethod
    def at(cls, where: str | Saying, text: str, /, **values: Filled) -> Self:
        """A fault with the text of this key, and the values that it is filled in with."""
        return cls(where, Saying(text, values))

    @property
    def path(self) -> str:
        """The path of its key, `needs.repair.text.nl`: see ProblemPlace."""
        return at_key(str(self)).path

    def reason(self, texts: Texts) -> str:
        """What is wrong, without the place."""
        return _visible(self.saying.in_words(texts.say))

    def line(self, texts: Texts) -> str:
        """The place and what is wrong there."""
        where = self.where.in_words(texts.say) if isinstance(self.where, Saying) else self.where
        reason = self.saying.in_words(texts.say)
        return _visible(f"{where}: {reason}" if where else reason)

    def __str__(self) -> str:
        return self.line(Texts(FALLBACK))


def _visible(problem: str) -> str:
    """The problem with a name for each character that cannot be seen, and not longer than can be read."""
    plain = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in problem)
    return plain if len(plain) <= MAX_PROBLEM else f"{plain[: MAX_PROBLEM - 1]}…"
