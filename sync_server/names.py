"""Checks names and other texts that people give, and shortens names to initials.

A name may be in any script. One that nobody can see, or that turns the words around it, is refused.
"""

import re
import unicodedata

from assets.i18n.saying import SayingError

JOINERS = "\u200c\u200d"  # zero-width: Persian, Indic scripts and emoji need them between two characters
_LOOK_EMPTY = "\u115f\u1160\u2800\u3164\uffa0"  # letters and signs that are drawn as nothing
_SELECTORS = "\ufe0e\ufe0f"  # how the character before is drawn
_LINE_ENDS = re.compile(r"\s*[\t\n\v\f\r\x85\u2028\u2029]\s*")
_AROUND = re.compile(rf"\A[\s{JOINERS}]+|[\s{JOINERS}]+\Z")


class NameProblem(SayingError):
    """The text is no name. It says why, to follow the name of what was given."""


def check_text(text: str, max_length: int) -> str:
    """The text in the form in which it is stored: composed (NFC), without blanks around it.

    Raises NameProblem for one that is empty, too long, or has characters that cannot be seen.
    """
    plain = unicodedata.normalize("NFC", text).strip()
    if not any(_is_visible(character) for character in plain):
        raise NameProblem("bad_name.empty")
    for at, character in enumerate(plain):
        if _is_hidden(character) and not (character in JOINERS and 0 < at < len(plain) - 1):
            before = visible(plain[max(0, at - 10) : at])
            raise NameProblem("bad_name.hidden", sign=f"U+{ord(character):04X}", before=before)
    if len(plain) > max_length:
        raise NameProblem("bad_name.long", length=len(plain), most=max_length)
    return plain


def visible_part(text: str) -> str | None:
    """What `check_text` would take of the text, without the rest; None if that is nothing."""
    shown = "".join(c for c in text if not _is_hidden(c) or c in JOINERS)
    plain = _AROUND.sub("", unicodedata.normalize("NFC", shown))
    return plain if any(_is_visible(c) for c in plain) else None


def visible_words(text: str) -> str:
    """What a person can see of some words, on one line; empty if that is nothing."""
    return visible_part(_LINE_ENDS.sub(" ", text)) or ""


def initials(name: str) -> str:
    """The first letters of the first and the last word, in capitals: one for a single word.

    Of a name without letters, its first character; empty for an empty name.
    """
    words = [_letters(word) for word in name.replace("-", " ").replace("_", " ").split()]
    words = [word for word in words if word]
    if not words:
        return next((c for c in name if _is_visible(c)), "")
    ends = words if len(words) == 1 else [words[0], words[-1]]
    return "".join(word[0].upper()[:1] for word in ends)


def visible(text: str) -> str:
    """The text with a name for each character that cannot be seen."""
    return "".join(c if c.isprintable() and not _is_hidden(c) else f"\\u{ord(c):04x}" for c in text)


def _letters(word: str) -> str:
    return "".join(c for c in word if c.isalnum() and c not in _LOOK_EMPTY)


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] not in "CZM" and character not in _LOOK_EMPTY


def _is_hidden(character: str) -> bool:
    """Whether it is a control character, one without width, one that turns the direction, or a line's end."""
    category = unicodedata.category(character)
    return category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") or character in _LOOK_EMPTY


def without_invisible(text: str) -> str:
    """The text without what has no picture of its own: joiners and selectors."""
    return "".join(c for c in text if not _is_hidden(c) and c not in _SELECTORS)
