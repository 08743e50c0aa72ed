"""A fault that a test puts into the app."""


def fault(*_: object, **_more: object) -> None:
    raise RuntimeError("a fault put here by the test")
