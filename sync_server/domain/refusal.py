"""The codes for a refused op. They are part of the protocol and never change."""

from enum import StrEnum

from msgspec import Struct


class Code(StrEnum):
    UNKNOWN_VISIT = "unknown_visit"
    UNKNOWN_NEED = "unknown_need"
    UNKNOWN_PLACE = "unknown_place"
    UNKNOWN_COLOUR = "unknown_colour"
    UNKNOWN_LANGUAGE = "unknown_language"
    UNKNOWN_EMPLOYEE = "unknown_employee"
    UNKNOWN_TIP = "unknown_tip"
    UNKNOWN_GIFT = "unknown_gift"
    VISIT_EXISTS = "visit_exists"
    TICKET_TAKEN = "ticket_taken"
    STALE_REV = "stale_rev"
    WRONG_STATE = "wrong_state"
    ALREADY_TAKEN = "already_taken"
    OFFER_OVER = "offer_over"
    NOT_YOUR_VISIT = "not_your_visit"
    NOT_SIGNED_IN = "not_signed_in"
    NOT_ALLOWED = "not_allowed"
    FINISH_FIRST = "finish_first"
    RECALL_FIRST = "recall_first"
    OVER_GOODWILL_LIMIT = "over_goodwill_limit"
    NOTHING_SAID = "nothing_said"
    NOT_AVAILABLE = "not_available"
    ALREADY_SO = "already_so"
    NEED_CLOSED = "need_closed"
    OP_ID_REUSED = "op_id_reused"
    MALFORMED = "malformed"
    WRONG_PIN = "wrong_pin"
    NO_PIN = "no_pin"
    TOO_MANY_TRIES = "too_many_tries"


class Refusal(Struct, frozen=True):
    """Why an op was refused. `about` names what it is about: a code, a name, a rev."""

    code: Code
    about: str = ""


class Refused(Exception):
    """Raised by the rules before anything has changed. `Floor.handle` returns its Refusal."""

    def __init__(self, code: Code, about: object = "") -> None:
        super().__init__(f"{code}: {about}")
        self.refusal = Refusal(code, str(about))
