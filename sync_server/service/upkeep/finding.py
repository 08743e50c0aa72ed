"""A fault of a store that a check has found, in a sentence that says what to do about it."""

from msgspec import Struct


class Finding(Struct, frozen=True):
    """`about` is a stable word for the kind of fault; `text` says what is wrong, where, and what to do."""

    about: str
    text: str


def restore_needed(about: str, text: str) -> Finding:
    """A fault that does not go away by itself and that nobody should repair by hand."""
    return Finding(about, f"{text}; put back the latest backup with `welkom restore`")
