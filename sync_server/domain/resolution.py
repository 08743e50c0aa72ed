"""How a completed visit ended, and whether the first contact was enough."""

from enum import StrEnum


class Resolution(StrEnum):
    """How a completed visit ended."""

    SOLVED = "solved"
    ADVICE_GIVEN = "advice_given"
    REPLACED_FREE = "replaced_free"
    SOLD = "sold"
    PICKED_UP = "picked_up"
    RETURNED = "returned"
    REPAIR_BOOKED = "repair_booked"
    APPOINTMENT_BOOKED = "appointment_booked"
    REFERRED = "referred"
    NOT_SOLVED = "not_solved"


# After these the shopper has to come back or go elsewhere.
NOT_FIRST_CONTACT = (
    Resolution.REFERRED,
    Resolution.REPAIR_BOOKED,
    Resolution.APPOINTMENT_BOOKED,
    Resolution.NOT_SOLVED,
)


def is_first_contact(resolution: str | None, handovers: int) -> bool:
    """Whether a completed visit needed no second contact: no handover, and nothing is left to do."""
    return handovers == 0 and resolution not in NOT_FIRST_CONTACT
