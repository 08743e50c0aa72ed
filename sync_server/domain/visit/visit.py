"""A visit's states, and the visit itself. How events change it is in `transitions.py`."""

from enum import StrEnum

from msgspec import Struct

from sync_server.domain.events import ExtendedBecause, RootCause
from sync_server.domain.line_situation import LineSituation
from sync_server.domain.resolution import Resolution

from .durations import is_quick, service_ms, wait_ms


class State(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    SERVING = "serving"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REMOVED = "removed"
    EXPIRED = "expired"
    NO_SHOW = "no_show"


ENDED = frozenset({State.COMPLETED, State.CANCELLED, State.REMOVED, State.EXPIRED, State.NO_SHOW})
OPEN = frozenset(State) - ENDED
IN_LINE = frozenset({State.WAITING, State.OFFERED})
IN_HAND = frozenset({State.ACCEPTED, State.SERVING})
# How long the server lets an employee take a completion or a hand over back. The tablet offers it for
# UNDO_SHOWN_S; the rest is for an op that waits in an outbox.
UNDO_MS = 600_000
UNDO_SHOWN_S = 10


class Visit(Struct, frozen=True, gc=False):
    """One shopper's need from stating it to its end. Times are ms UTC, durations ms unless named `_s`.

    created_at, arrived_at  when the shopper stated the need; when the server received it. Visits are
                            ordered by the second. They differ if the op waited in an outbox.
    offered_at, accepted_at, serving_at  when each state was first reached. A visit that was claimed before
                            anybody was asked has no `offered_at`, so these never run backwards.
    ended_at                when it ended
    touched_at              when its last event happened
    line_at                 when it last came into line: on arrival, and at each handover
    asked, asked_at         who was asked in this round; when the last of them declined or did not answer
    lapsed, lapsed_at       how many offers were not answered since it last came into line; the last of them
    held_ms, handled_ms     time on hold and time in an employee's hands, up to the last change of the two
    stint_at                when the present time on hold or in hand began
    situation               the line as the shopper found it, from which the wait was quoted. It is in the log
                            alone
    taps                    how many it took at the kiosk until the shopper was in line; None if not known
    extended_*              the longer wait, from the arrival on, that the shopper was told later, and why
    corrections             how often the manager corrected what the log says about it
    root_cause, followed_up  why it was not solved or not easy, as the manager says; whether that is done
    left_open               somebody was still being served long after closing time
    said_service_s          how long a quick resolution took, as the employee said
    undo, undo_until        the visit before its employee completed it or handed it over while serving; until
                            when (ms UTC) they may take that back. Neither is stored: replaying the log
                            restores both.
    before_expiry           the visit before closing time ended it, if closing time did. Taps from before
                            may still arrive. It is not stored: replaying the log restores it.
    """

    visit_id: str
    ticket: str
    day: str
    source: str
    need: str
    language: str
    created_at: int
    device_id: str | None = None
    priority: int = 0
    party_size: int = 1
    alias: str | None = None
    colour: str | None = None
    place: str | None = None
    link: str | None = None
    quoted_low_s: float | None = None
    quoted_median_s: float | None = None
    quoted_high_s: float | None = None
    expected_s: float | None = None
    situation: LineSituation | None = None
    taps: int | None = None
    extended_low_s: float | None = None
    extended_high_s: float | None = None
    extended_because: ExtendedBecause | None = None

    state: State = State.WAITING
    rev: int = 1
    employee: str | None = None
    offered_at: int | None = None
    accepted_at: int | None = None
    serving_at: int | None = None
    ended_at: int | None = None

    offer_to: str | None = None
    offer_until: int | None = None
    asked: tuple[str, ...] = ()
    asked_at: int | None = None
    offers: int = 0
    lapsed: int = 0
    lapsed_at: int | None = None
    arrived_at: int = 0
    touched_at: int = 0
    line_at: int = 0
    ring: int = 0
    alerted_at: int | None = None
    recalled_at: int | None = None
    stint_at: int | None = None
    held_ms: int = 0
    handled_ms: int = 0
    handovers: int = 0
    notes: tuple[str, ...] = ()

    resolution: Resolution | None = None
    tip: str | None = None
    gift: str | None = None
    goodwill_cents: int = 0
    ces: int | None = None
    nps: int | None = None
    comment: str | None = None
    left_open: bool = False
    corrections: int = 0
    root_cause: RootCause | None = None
    followed_up: bool = False
    said_service_s: int | None = None
    before_expiry: "Visit | None" = None
    undo: "Visit | None" = None
    undo_until: int = 0

    @property
    def is_quick(self) -> bool:
        """Whether it is a quick resolution. See `durations.py`."""
        return is_quick(self.source, self.created_at, self.serving_at)

    @property
    def promised_until(self) -> int | None:
        """When the wait ends at the latest, as was last told; None if nothing was."""
        high_s = self.quoted_high_s if self.extended_high_s is None else self.extended_high_s
        return None if high_s is None else self.created_at + int(high_s * 1000)

    @property
    def promised_from(self) -> int | None:
        """When the wait ends at the earliest, as was last told; None if nothing was."""
        low_s = self.quoted_low_s if self.extended_low_s is None else self.extended_low_s
        return None if low_s is None else self.created_at + int(low_s * 1000)

    @property
    def wait_ms(self) -> int | None:
        """How long the shopper waited; None while waiting, and of a quick resolution. See `durations.py`."""
        return None if self.is_quick else wait_ms(self.created_at, self.serving_at, self.ended_at)

    @property
    def service_ms(self) -> int | None:
        """How long the shopper was served; None while not known. See `durations.py`."""
        if self.is_quick:
            return None if self.said_service_s is None else self.said_service_s * 1000
        return service_ms(self.serving_at, self.ended_at, self.held_ms, self.left_open)
