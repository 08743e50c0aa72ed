"""What a look at a store found: a fault in a sentence, with the way out."""

from msgspec import Struct


class Finding(Struct, frozen=True):
    """`about` names what is wrong in one stable word; `text` says what and where, and what to do."""

    about: str
    text: str


def beyond_repair(about: str, text: str) -> Finding:
    """A fault that nothing mends by itself and nobody should mend by hand."""
    return Finding(about, f"{text}; put back the latest backup with `welkom restore`")
