"""Faults of our own, to be put where a test wants one."""


def fault(*_: object, **_more: object) -> None:
    raise RuntimeError("a fault put here by the test")
