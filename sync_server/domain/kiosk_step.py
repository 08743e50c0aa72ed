"""How far a session at a kiosk came."""

from enum import StrEnum


class KioskStep(StrEnum):
    """The furthest step of one session: from the first touch to the line."""

    GREETING = "greeting"  # somebody touched the screen and chose nothing
    NEED = "need"  # they chose a need and did not join the line
    LINE = "line"  # they joined the line
    TICKET = "ticket"  # they came for a ticket they had, or to say how it was
