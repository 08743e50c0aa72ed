"""A sentence that is not yet in a language: the key of its text, and what it is filled in with.

    fault = Saying("settings_fault.number", {"given": 0, "low": 1, "high": 600})
    fault.in_words(Texts("nl").say)       # "0 ligt niet tussen 1 en 600"
    str(fault)                            # "0 is not between 1 and 600"

So whoever finds a fault needs no language, and who shows it says it in that of the reader.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Union

from .translations import FALLBACK, find_text

# A tuple is a list of words that ends in "and"; a Saying within is a piece of the sentence.
Filled = Union[str, int, float, tuple[str, ...], "Saying"]
Say = Callable[..., str]  # as `Texts.say`; Texts itself would bring half the product along


@dataclass(frozen=True)
class Saying:
    """The text `key` with `values`."""

    key: str
    values: Mapping[str, Filled] = field(default_factory=dict)

    def in_words(self, say: Say) -> str:
        """The sentence in the language of `say`."""
        return say(self.key, **{name: _words(value, say) for name, value in self.values.items()})

    def __str__(self) -> str:
        return self.in_words(_english)


class SayingError(ValueError):
    """What is wrong with a value, as a Saying; the text of the exception is English."""

    def __init__(self, key: str, **values: Filled) -> None:
        self.saying = Saying(key, values)
        super().__init__(key)

    def __str__(self) -> str:
        return str(self.saying)


def _words(value: Filled, say: Say) -> object:
    if isinstance(value, Saying):
        return value.in_words(say)
    return f" {say('settings_fault.and')} ".join(value) if isinstance(value, tuple) else value


def _english(key: str, **values: object) -> str:
    return find_text(FALLBACK, key).format_map(values)
