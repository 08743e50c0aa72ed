"""The default times of the floor: the offer time-out and the pauses. A shop sets its own in `store.toml`."""

from msgspec import Struct


class Times(Struct, frozen=True):
    """Times of the floor, in seconds.

    offer_s          how long an employee has to answer an offer
    ask_again_s      the pause before a new round of offers
    wrap_up_s        the pause of an employee after a completed visit
    credit_s         added to a visit's waiting time for each step of priority. A low priority is delayed
                     and never starved, because the credit does not grow (additive ageing)
    idle_s           after this time without a touch the kiosk starts again
    service_level_s  the target of the service level
    max_active       how many visits an employee may have in hand
    """

    offer_s: float = 15
    ask_again_s: float = 30
    wrap_up_s: float = 5
    credit_s: float = 90
    idle_s: float = 45
    service_level_s: float = 60
    max_active: int = 1
