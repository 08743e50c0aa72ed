"""What is touched does something: pages tell events, and whoever acts has a deed of each one's name."""

from collections.abc import Callable
from typing import Any


def wire(widget: Any, hands: object) -> None:
    """Each event `on_<deed>` of the widget does that deed of `hands`, with what the event says."""
    for deed in vars(type(hands)):
        if not deed.startswith(("_", "on_")) and widget.is_event_type(f"on_{deed}"):
            widget.bind(**{f"on_{deed}": _doing(getattr(hands, deed))})


def _doing(deed: Callable[..., object]) -> Callable[..., object]:
    return lambda _widget, *values: deed(*values)
