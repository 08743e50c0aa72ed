"""Keeps Python's collector of cycles from holding up those who wait.

A full round looks at every object: with a thousand devices and two hundred live pages that takes 0.1 s, in
which nobody is answered, and Python begins one whenever it thinks fit. The short rounds, which look at new
objects, find nearly everything and take a millisecond.
"""

import asyncio
import gc

EVERY_S = 600.0  # between two full rounds
NEVER = 1_000_000  # rounds of the middle generation before Python begins a full one by itself


def collect_rarely() -> None:
    """To be called in the loop of a server that has just started: what it has made is left out for ever."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], NEVER)
    _collect_later()


def _collect_later() -> None:
    asyncio.get_running_loop().call_later(EVERY_S, _collect)


def _collect() -> None:
    gc.collect()
    _collect_later()
