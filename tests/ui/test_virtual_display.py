"""The virtual display that the demo and the tests open their windows on."""

import ctypes
import os

import pytest

from sync_server.simulation.demo import processes

ATOM = b"WELKOM_WAS_HERE"  # a name that the display remembers until it starts afresh


def test_a_display_outlives_its_last_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each window looks for a window manager first. Others that open meanwhile must not be refused."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.setenv(name, "")
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.restype = ctypes.c_ulong
    found = []
    with processes.display("320x240"):
        where = os.environ["DISPLAY"].encode()
        for only_if_there in (0, 1, 1):
            program = ctypes.c_void_p(x11.XOpenDisplay(where))
            assert program, "the display refuses programs"
            found.append(x11.XInternAtom(program, ATOM, only_if_there))
            x11.XCloseDisplay(program)
    assert found[0]
    assert found == [found[0]] * 3
