"""What the manager lets kiosks offer and say today, over what the catalogue says: closed needs and texts.

All of it ends by itself at closing time.
"""

from collections.abc import Iterable

from msgspec import Struct

from sync_server.domain.events import Announced, Back, KioskPutAway, NeedClosed, NeedReopened, Record


class ClosedNeed(Struct, frozen=True):
    """A need that is not offered from `since` to `until` (ms UTC), and who closed it."""

    need: str
    until: int
    back: Back
    words: dict[str, str]
    since: int
    by: str


class Announcement(Struct, frozen=True):
    """A text on a kiosk, for None on all, from `since` to `until` (ms UTC), and who wrote it.

    `seq` is that of its record: it tells one text from the next.
    """

    kiosk: str | None
    until: int
    words: dict[str, str]
    since: int
    by: str
    seq: int


class PutAwayKiosk(Struct, frozen=True):
    """A kiosk that is not in use from `since` to `until` (ms UTC), and who said so."""

    kiosk: str
    until: int
    since: int
    by: str


class Overrides:
    """Built from the log. None stands for a need that was opened again and a text that was removed."""

    def __init__(self) -> None:
        self._closed: dict[str, ClosedNeed | None] = {}
        self._announcements: dict[str | None, Announcement | None] = {}
        self._put_away: dict[str, PutAwayKiosk] = {}

    def apply(self, record: Record) -> None:
        """Takes in the next record of the log. Records of other events change nothing."""
        match record.event:
            case NeedClosed(need, until, back, words):
                self._closed[need] = ClosedNeed(need, until, back, words, record.at, record.actor)
            case NeedReopened(need):
                self._closed[need] = None
            case KioskPutAway(kiosk, until):
                self._put_away[kiosk] = PutAwayKiosk(kiosk, until, record.at, record.actor)
            case Announced(words, until, kiosk):
                self._announcements[kiosk] = (
                    Announcement(kiosk, until, words, record.at, record.actor, record.seq) if words else None
                )

    def add_earlier(self, records: Iterable[Record]) -> None:
        """Takes in records that come before all those applied so far."""
        earlier = Overrides()
        for record in records:
            earlier.apply(record)
        self._closed = earlier._closed | self._closed
        self._announcements = earlier._announcements | self._announcements
        self._put_away = earlier._put_away | self._put_away

    def closed_needs(self, now: int) -> list[ClosedNeed]:
        """The needs that are closed at `now` (ms UTC), in the order in which they were closed."""
        return [closed for closed in self._closed.values() if closed is not None and now < closed.until]

    def closed_need(self, need: str, now: int) -> ClosedNeed | None:
        """How this need is closed at `now` (ms UTC); None if it is not."""
        closed = self._closed.get(need)
        return closed if closed is not None and now < closed.until else None

    def announcement(self, kiosk: str | None, now: int) -> Announcement | None:
        """The text that was written for this kiosk, or for all, and is shown at `now` (ms UTC)."""
        found = self._announcements.get(kiosk)
        return found if found is not None and now < found.until else None

    def put_away(self, kiosk: str, now: int) -> PutAwayKiosk | None:
        """Who put this kiosk away; None if it should be in use at `now` (ms UTC)."""
        found = self._put_away.get(kiosk)
        return found if found is not None and now < found.until else None

    def kiosks_put_away(self, now: int) -> list[PutAwayKiosk]:
        """All kiosks that are not in use at `now` (ms UTC)."""
        return [one for one in self._put_away.values() if now < one.until]

    def shown_at(self, kiosk: str, now: int) -> Announcement | None:
        """What this kiosk shows at `now` (ms UTC): its own text, else the one for all."""
        return self.announcement(kiosk, now) or self.announcement(None, now)

    def announcements(self, now: int) -> list[Announcement]:
        """All texts that are shown somewhere at `now` (ms UTC)."""
        return [one for one in self._announcements.values() if one is not None and now < one.until]
