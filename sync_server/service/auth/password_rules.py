"""Refuses passwords and PINs that whoever guesses tries first.

Wrong guesses are slowed down, but a handful is free: what is among the first few guesses protects nothing.
"""

from functools import cache
from importlib.resources import files

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "01234567890"
_RUNS = (_LETTERS, _DIGITS, "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop")
_ENDS = "0123456789 !?.-_#*"  # what people add to a word


def is_common_password(password: str, *names: str) -> bool:
    """Whether a password is among the first guesses. `names` are known: the account's and the shop's."""
    plain = password.casefold().strip()
    core = plain.strip(_ENDS)
    known = {"".join(name.casefold().split()) for name in names} - {""}
    return (
        plain in _common()
        or plain in _breached()
        or "".join(core.split()) in known
        or all(word in known | _common() for word in core.split())
        or _repeats(plain)
        or any(_is_run(part) for part in (plain, core))
        or len(set(plain)) < 4
    )


def is_common_pin(pin: str) -> bool:
    """Whether a PIN is one digit again and again, or counts up or down."""
    return len(set(pin)) == 1 or _is_run(pin)


def _is_run(text: str) -> bool:
    """Whether it follows the alphabet, the digits or a row of the keyboard, forwards or backwards."""
    return len(text) >= 4 and any(text in row or text[::-1] in row for row in _RUNS)


def _repeats(text: str) -> bool:
    """Whether it is a piece again and again: `abcabcabca`, `managermanager`."""
    halves = len(text) // 2
    return any((text[:size] * len(text)).startswith(text) for size in range(1, halves + 1))


@cache
def _breached() -> frozenset[str]:
    """The passwords of `breached_passwords.txt`, in small letters."""
    text = (files(__package__) / "breached_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))


@cache
def _common() -> frozenset[str]:
    """The words of `common_passwords.txt`, in small letters."""
    text = (files(__package__) / "common_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
