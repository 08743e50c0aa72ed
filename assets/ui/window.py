"""Configures Kivy and its window. Call `prepare` before any part of Kivy is imported."""

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

FRAMES_PER_SECOND = 30  # enough for our animations, and an idle screen uses less power


class NoDisplay(Exception):
    """There is no display to draw on. The text says what to do."""


_place: list[tuple[int, int]] = []


def place(left: int, top: int) -> None:
    """Puts the window there, pixels, if no window manager does. Call it before `prepare`."""
    _place[:] = [(left, top)]


def prepare(size: tuple[int, int] | None = None, fullscreen: bool = False, title: str = "Welkom") -> None:
    """Configures the window: its size in pixels, or the whole screen. Raises NoDisplay.

    Kivy reads and writes no configuration file, Escape does not close the window, and right clicks do not
    simulate a second finger. Touches come only from the window: if Kivy read the touchscreen too, each
    touch would count twice.
    """
    if sys.platform == "linux" and "SDL_VIDEODRIVER" not in os.environ:
        _choose_display()
    os.environ.update(
        KIVY_NO_ARGS="1",
        KIVY_NO_FILELOG="1",
        KIVY_NO_CONFIG="1",
        KIVY_NO_ENV_CONFIG="1",
        KIVY_WINDOW="sdl2",
        KIVY_LOG_MODE="PYTHON",  # Kivy uses our logging instead of writing to the terminal itself
    )
    if fullscreen and os.environ.get("SDL_VIDEODRIVER") == "x11":
        size = _screen_size() or size
    from kivy.config import Config

    settings: dict[str, dict[str, object]] = {
        "kivy": {"exit_on_escape": 0, "log_level": "warning", "desktop": 1},
        "graphics": {
            "maxfps": FRAMES_PER_SECOND,
            "multisamples": 0,  # our shapes have smooth edges without it, and it costs memory
            "resizable": 1,
            "fullscreen": "auto" if fullscreen else 0,
        },
    }
    if size is not None:
        settings["graphics"] |= {"width": size[0], "height": size[1]}
    if _place and os.environ.get("SDL_VIDEODRIVER") == "x11" and not _has_window_manager():
        left, top = _place[0]
        settings["graphics"] |= {"position": "custom", "left": left, "top": top}
    for section, values in settings.items():
        for key, value in values.items():
            Config.set(section, key, str(value))
    for section in ("input", "modules"):
        Config.remove_section(section)
        Config.add_section(section)
    Config.set("input", "mouse", "mouse,disable_multitouch")
    _check_window(title)


def _choose_display() -> None:
    """Chooses SDL's video driver. By itself SDL would silently draw nowhere without a display."""
    if os.environ.get("DISPLAY"):
        os.environ["SDL_VIDEODRIVER"] = "x11"
    elif os.environ.get("WAYLAND_DISPLAY"):
        os.environ["SDL_VIDEODRIVER"] = "wayland"
    else:
        raise NoDisplay("there is no display: start this on the device's desktop, or under `xvfb-run -a`")


def _screen_size() -> tuple[int, int] | None:
    """The size of X11's screen in pixels; None if it cannot be read.

    A window manager makes a window as large as the screen. A kiosk often has none, so its window has to
    be created in that size.
    """
    import ctypes

    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return None
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = ctypes.c_void_p(x11.XOpenDisplay(None))
    if not display:
        return None
    screen = x11.XDefaultScreen(display)
    size = int(x11.XDisplayWidth(display, screen)), int(x11.XDisplayHeight(display, screen))
    x11.XCloseDisplay(display)
    return size


def _has_window_manager() -> bool:
    """Whether somebody places X11's windows. Window managers write a property on the root window (EWMH)."""
    import ctypes

    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return True
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XDefaultRootWindow.restype = x11.XInternAtom.restype = ctypes.c_ulong
    display = ctypes.c_void_p(x11.XOpenDisplay(None))
    if not display:
        return True
    root = ctypes.c_ulong(x11.XDefaultRootWindow(display))
    name = ctypes.c_ulong(x11.XInternAtom(display, b"_NET_SUPPORTING_WM_CHECK", 0))
    kind, count, after = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_ulong()
    bits, data = ctypes.c_int(), ctypes.c_void_p()
    references = map(ctypes.byref, (kind, bits, count, after, data))
    x11.XGetWindowProperty(
        display, root, name, ctypes.c_long(0), ctypes.c_long(1), 0, ctypes.c_ulong(0), *references
    )
    if data:
        x11.XFree(data)
    x11.XCloseDisplay(display)
    return kind.value != 0


def _check_window(title: str) -> None:
    """Opens the window. Raises NoDisplay with a clear text if the display cannot be used."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # Kivy would log a traceback for what NoDisplay says
    try:
        from kivy.core.window import Window
    finally:
        logging.disable(before)
    if Window is None:
        where = os.environ.get("DISPLAY", "")
        raise NoDisplay(f"the display {where} cannot be used: check that it is there and has OpenGL")
    Window.set_title(title)


def lock() -> Callable[[], None]:
    """Ignores every key and every request to close the window. Returns how to undo that.

    The process still ends on SIGTERM and SIGINT.
    """
    from kivy.core.window import Window

    events = ("on_request_close", "on_keyboard", "on_key_down", "on_key_up", "on_textinput", "on_drop_file")
    for event in events:
        Window.fbind(event, _ignore)

    def unlock() -> None:
        for event in events:
            Window.funbind(event, _ignore)

    return unlock


def _ignore(*_: object, **_more: object) -> bool:
    """Handles an event by doing nothing. True tells Kivy to call no other handler."""
    return True


def save_picture(path: Path) -> None:
    """Saves what the window shows as a PNG file."""
    from kivy.core.window import Window

    numbered = Path(Window.screenshot(name=str(path.with_name(f".{path.name}"))))
    numbered.replace(path)  # in one step, so that nobody reads an incomplete file


def close() -> None:
    """Closes the app, as the close button of its window would."""
    from kivy.app import App

    app = App.get_running_app()
    if app is not None:
        app.stop()
