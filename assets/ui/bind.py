"""Connects the events of a page to the controller's methods: event `on_x` calls method `x`."""

from collections.abc import Callable
from typing import Any


def bind_events(widget: Any, controller: object) -> None:
    """Binds each event `on_x` of the widget to the controller's public method `x`, if it has one."""
    for name in dir(type(controller)):
        if not name.startswith(("_", "on_")) and widget.is_event_type(f"on_{name}"):
            widget.bind(**{f"on_{name}": _without_widget(getattr(controller, name))})


def _without_widget(method: Callable[..., object]) -> Callable[..., object]:
    """Kivy passes the widget first, which a controller does not need."""
    return lambda _widget, *values: method(*values)
