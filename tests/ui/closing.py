"""The wish of a window manager that a window be closed, as Alt+F4 or its close button sends it."""

import ctypes

CLIENT_MESSAGE = 33


class ClientMessage(ctypes.Structure):
    """X11's XClientMessageEvent, as large as any XEvent."""

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
    """Sends WM_DELETE_WINDOW to a window of the display there is."""
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
