"""Why the store takes nothing just now, in the tablet's language.

The store's computer says it in English, for its log. What it says is known here by its words; the
whole text goes to this tablet's log.
"""

from assets.words import Words

# What is known, by a piece of what the store's computer says of it; the first that fits.
KNOWN: tuple[tuple[str, str], ...] = (
    ("disk is full", "disk"),
    ("cannot be written", "store"),
    ("not a sound store", "store"),
    ("cannot be opened", "store"),
    ("another program is writing", "store"),
    ("update the device", "old_device"),
    ("update the server", "old_server"),
    ("protocol", "version"),
    ("version", "version"),
    ("anew", "starting"),
)


def trouble(words: Words, problem: str) -> str:
    """What a colleague reads about a problem of the store, and what to do."""
    kind = next((kind for piece, kind in KNOWN if piece in problem), "busy")
    return words.say(f"staff.trouble.{kind}")
