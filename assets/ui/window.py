"""Sets Kivy up as a shop needs it. Import and call `prepare` before anything of Kivy is imported."""

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

FRAMES_PER_SECOND = 30  # calm motion needs no more, and an idle screen then sleeps longer


class NoDisplay(Exception):
    """There is nothing to draw on. The text says what to do."""


def prepare(size: tuple[int, int] | None = None, fullscreen: bool = False, title: str = "Welkom") -> None:
    """Configures the window: its size in pixels, or the whole screen. Raises NoDisplay.

    Nothing on the device can change it: no configuration file is read or written, Escape does not
    close the window, right clicks make no red dots, and touches come from the window alone: read
    from the touchscreen as well, each would count twice.
    """
    if sys.platform == "linux" and "SDL_VIDEODRIVER" not in os.environ:
        _choose_display()
    os.environ.update(
        KIVY_NO_ARGS="1",
        KIVY_NO_FILELOG="1",
        KIVY_NO_CONFIG="1",
        KIVY_NO_ENV_CONFIG="1",
        KIVY_WINDOW="sdl2",
        KIVY_LOG_MODE="PYTHON",  # Kivy's log joins ours instead of taking the terminal
    )
    if fullscreen and os.environ.get("SDL_VIDEODRIVER") == "x11":
        size = _screen_size() or size
    from kivy.config import Config

    settings: dict[str, dict[str, object]] = {
        "kivy": {"exit_on_escape": 0, "log_level": "warning", "desktop": 1},
        "graphics": {
            "maxfps": FRAMES_PER_SECOND,
            "multisamples": 0,  # shapes are smoothed by their own textures; this only costs memory
            "resizable": 1,
            "fullscreen": "auto" if fullscreen else 0,
        },
    }
    if size is not None:
        settings["graphics"] |= {"width": size[0], "height": size[1]}
    for section, values in settings.items():
        for key, value in values.items():
            Config.set(section, key, str(value))
    for section in ("input", "modules"):
        Config.remove_section(section)
        Config.add_section(section)
    Config.set("input", "mouse", "mouse,disable_multitouch")
    _check_window(title)


def _choose_display() -> None:
    """Names the display to SDL, which would otherwise draw into nowhere if it cannot be reached."""
    if os.environ.get("DISPLAY"):
        os.environ["SDL_VIDEODRIVER"] = "x11"
    elif os.environ.get("WAYLAND_DISPLAY"):
        os.environ["SDL_VIDEODRIVER"] = "wayland"
    else:
        raise NoDisplay("there is no display: start this on the device's desktop, or under `xvfb-run -a`")


def _screen_size() -> tuple[int, int] | None:
    """The size of X11's screen in pixels; None where it does not tell.

    Making a window as large as the screen is a window manager's work, and a kiosk often has none:
    there it has to be born in that size.
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


def _check_window(title: str) -> None:
    """Opens the window now, so that a display that cannot be used is told in words."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # Kivy would log a traceback of what is said in words below
    try:
        from kivy.core.window import Window
    finally:
        logging.disable(before)
    if Window is None:
        where = os.environ.get("DISPLAY", "")
        raise NoDisplay(f"the display {where} cannot be used: check that it is there and has OpenGL")
    Window.set_title(title)


def lock() -> Callable[[], None]:
    """Nothing that is done at the glass or a keyboard closes the window; the result unlocks it.

    Keys reach nobody, and a window manager's wish to close it is declined. Told to end, the process
    still ends.
    """
    from kivy.core.window import Window

    doors = ("on_request_close", "on_keyboard", "on_key_down", "on_key_up", "on_textinput", "on_drop_file")
    for door in doors:
        Window.fbind(door, _shut)

    def unlock() -> None:
        for door in doors:
            Window.funbind(door, _shut)

    return unlock


def _shut(*_: object, **_more: object) -> bool:
    """Whoever asked gets no further."""
    return True


def save_picture(path: Path) -> None:
    """Saves what the window shows as a PNG file."""
    from kivy.core.window import Window

    numbered = Path(Window.screenshot(name=str(path.with_name(f".{path.name}"))))
    numbered.replace(path)  # in one step: whoever waits for the file finds it whole


def close() -> None:
    """Ends the app in order, as its close button would."""
    from kivy.app import App

    app = App.get_running_app()
    if app is not None:
        app.stop()
