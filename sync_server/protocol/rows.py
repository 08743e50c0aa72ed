"""The rows in which a device gets visits, people and quotes. `visibility.py` decides which fields it gets."""

from msgspec import Struct


class VisitRow(Struct, frozen=True, gc=False, omit_defaults=True):
    """One visit as a device sees it. Times are ms UTC by the server's clock.

    `place_in_line` counts from 1, among those who wait for the same employees. `low_s` and `high_s` are the
    bracket of the wait from now, seconds. `promised_*` is when the wait ends as the shopper was last told,
    and `extended_because` why they were told a longer one. All these are filled for kiosks only, the fields
    from `alias` to `notes` for tablets only. `hindrance`, for kiosks only, is what keeps a visit that waits
    too long. `phone`, for tablets only, is whether a phone has opened the ticket's page.
    """

    visit_id: str
    ticket: str
    rev: int
    state: str
    need: str
    language: str
    created_at: int
    employee: str | None = None
    recalled_at: int | None = None
    accepted_at: int | None = None
    serving_at: int | None = None
    ended_at: int | None = None
    place_in_line: int | None = None
    low_s: float | None = None
    high_s: float | None = None
    promised_from: int | None = None
    promised_until: int | None = None
    extended_because: str | None = None
    rated: bool = False

    alias: str | None = None
    colour: str | None = None
    place: str | None = None
    party_size: int = 1
    offer_to: str | None = None
    offer_until: int | None = None
    alerted_at: int | None = None
    stint_at: int | None = None
    held_ms: int = 0
    handovers: int = 0
    notes: tuple[str, ...] = ()
    hindrance: str = ""
    phone: bool = False

    @property
    def estimate(self) -> tuple[float, float] | None:
        """The bracket of the wait from now, seconds; None if there is none."""
        return None if self.low_s is None or self.high_s is None else (self.low_s, self.high_s)

    @property
    def promised(self) -> tuple[int, int] | None:
        """From when to when the wait ends as the shopper was last told, ms UTC; None if nothing was told."""
        if self.promised_from is None or self.promised_until is None:
            return None
        return self.promised_from, self.promised_until


class PersonRow(Struct, frozen=True, gc=False, omit_defaults=True):
    """One employee as colleagues see them. `visit_id` is the visit in hand, or the one offered to them.

    `help_visit` is the visit with which they asked for help at `help_since` (ms UTC). `helper` is the
    colleague who answered; None: nobody has yet, empty: the manager sees to it.
    """

    id: str
    presence: str
    since: int
    device_id: str | None = None
    visit_id: str | None = None
    help_visit: str | None = None
    help_since: int | None = None
    helper: str | None = None

    @property
    def asks_for_help(self) -> bool:
        """Whether they wait for an answer."""
        return self.help_visit is not None and self.helper is None


class ToldWaitsRow(Struct, frozen=True, gc=False):
    """How right the shop was in the last 30 days: `held` of `told` waits came within what was told."""

    held: int
    told: int


class ClosedNeedRow(Struct, frozen=True, omit_defaults=True):
    """A need that is not offered until `until` (ms UTC). `back` is when it is again, a value of `Back`.

    `words` say more about it, by language.
    """

    need: str
    until: int
    back: str = "unknown"
    words: dict[str, str] = {}


class AnnouncementRow(Struct, frozen=True):
    """A text that the kiosk shows until `until` (ms UTC), by language."""

    words: dict[str, str]
    until: int


class OverridesRow(Struct, frozen=True, omit_defaults=True):
    """What this kiosk offers and says today, over what the catalogue says. Empty: nothing."""

    closed: tuple[ClosedNeedRow, ...] = ()
    announcement: AnnouncementRow | None = None


class QuoteRow(Struct, frozen=True, gc=False, omit_defaults=True):
    """The bracket for a shopper who joins the line with `need` now, seconds; None: not known.

    `hindrance` is then what keeps those who could help: `nobody` of them is here, or they are on a break, …
    """

    need: str
    low_s: float | None = None
    high_s: float | None = None
    hindrance: str = ""
