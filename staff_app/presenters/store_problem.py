"""Says in the tablet's language why the store takes no ops at the moment.

The server gives its reason in English, for its log. It is recognised here by a part of its text. The
tablet's log has the whole text.
"""

from assets.i18n.texts import Texts

# A part of the server's reason, and the kind of problem; the first match counts.
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


def store_problem(texts: Texts, problem: str) -> str:
    """What an employee reads about a problem of the store, and what they can do."""
    kind = next((kind for part, kind in KNOWN if part in problem), "busy")
    return texts.say(f"staff.trouble.{kind}")
