"""What could close or leave a window: keys, and a window manager's request to close it."""

import ctypes
from typing import Any

CLIENT_MESSAGE = 33
CTRL, ALT, SUPER = ["ctrl"], ["alt"], ["meta"]
# Escape, F1 (settings), F11, F12 (picture), Ctrl+E (inspector), Ctrl+C, Ctrl+M, Alt+F4, Super+Q
KEYS: tuple[tuple[int, list[str]], ...] = (
    (27, []), (282, []), (292, []), (293, []), (101, CTRL), (99, CTRL), (109, CTRL), (285, ALT), (113, SUPER),
)  # fmt: skip


def press_every_key(window: Any) -> None:
    """Presses and releases each key that does something in a Kivy window or on a desktop."""
    for key, modifiers in KEYS:
        window.dispatch("on_key_down", key, 0, None, modifiers)
        window.dispatch("on_keyboard", key, 0, None, modifiers)
        window.dispatch("on_key_up", key, 0)


class ClientMessage(ctypes.Structure):
    """X11's XClientMessageEvent, padded to the size of XEvent."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("_rest", ctypes.c_long * 12),
    )


def ask_to_close(window: int) -> None:
    """Sends WM_DELETE_WINDOW to a window of the present display, as Alt+F4 or a close button does."""
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.restype = ctypes.c_ulong
    display = ctypes.c_void_p(x11.XOpenDisplay(None))
    try:
        protocols, delete = (
            x11.XInternAtom(display, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")
        )
        event = ClientMessage(CLIENT_MESSAGE, 0, 1, display, window, protocols, 32)
        event.data[0] = delete
        x11.XSendEvent(display, ctypes.c_ulong(window), 0, 0, ctypes.byref(event))
    finally:
        x11.XCloseDisplay(display)
