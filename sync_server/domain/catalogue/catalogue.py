"""The store's catalogue: what a shopper can need, who can help, and the store's own times.

The catalogue is read once from `store.toml` and never changes while a server runs.
Texts are dictionaries from a language code ("en") to the words in that language.

Devices of other versions read these structs too: a field is only ever added with a default, in a
struct that leaves defaults out.
"""

from datetime import UTC, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from .hours import Hours

Text = dict[str, str]

LANGUAGES = ("en", "nl", "fi")
COLOURS = (
    "black",
    "white",
    "grey",
    "blue",
    "red",
    "green",
    "yellow",
    "pink",
    "purple",
    "brown",
    "beige",
    "orange",
)
TILES_PER_SCREEN = 6


class Store(Struct, frozen=True, omit_defaults=True):
    """The shop itself.

    `closes` is the local time at which open visits expire and everybody is signed off. With `hours`
    (by weekday, `mon` to `sun`) and `dates` (by date) each day has its own: `09:00-18:00` or
    `closed`. `leftovers_min` after closing time, whatever is then still open is ended.
    """

    name: str
    timezone: str = "Europe/Amsterdam"
    languages: tuple[str, ...] = LANGUAGES
    currency: str = "EUR"
    closes: str = "23:59"
    public_url: str = ""
    goodwill_limit_cents: int = 2500
    hours: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    closing_warning_min: int = 15
    leftovers_min: int = 60
    needs_when_closed: bool = False


class Times(Struct, frozen=True):
    """Times of the floor, in seconds.

    `credit_s` is added to a visit's waited time once per step of priority; it never overtakes
    everything (additive ageing, so a low priority is delayed but never starved).
    """

    offer_s: float = 15
    ask_again_s: float = 30
    wrap_up_s: float = 5
    credit_s: float = 90
    idle_s: float = 45
    service_level_s: float = 60
    max_active: int = 1


class Skill(Struct, frozen=True):
    code: str
    text: Text


class SelfHelp(Struct, frozen=True):
    """Something a shopper can try while waiting."""

    title: Text
    text: Text
    icon: str = "bulb"


class Need(Struct, frozen=True):
    """What a shopper can come for.

    `skills` are required, always. `prefer` are extra skills asked for at first; each time the
    wait target passes, the last one still asked for is given up (a skill ring). A need with
    `under` is shown on a second screen, below the need of that code.
    """

    code: str
    text: Text
    icon: str
    skills: tuple[str, ...] = ()
    prefer: tuple[str, ...] = ()
    under: str | None = None
    priority: int = 0
    target_wait_s: float = 60
    target_service_s: float = 240
    endings: tuple[str, ...] = ("solved", "advice_given", "not_solved")
    self_help: SelfHelp | None = None

    @property
    def rings(self) -> int:
        """How many skill rings there are, at least one."""
        return len(self.prefer) + 1

    def wanted(self, ring: int) -> frozenset[str]:
        """The skills one employee must have in skill ring `ring` (0 is the narrowest)."""
        return frozenset(self.skills + self.prefer[: max(0, len(self.prefer) - ring)])


class Place(Struct, frozen=True):
    code: str
    text: Text
    icon: str


class Tip(Struct, frozen=True):
    """Care advice an employee may send along. Without `needs` it fits every need."""

    code: str
    text: Text
    needs: tuple[str, ...] = ()


class Gift(Struct, frozen=True):
    """Something an employee may give away, worth `cents` to the store."""

    code: str
    text: Text
    cents: int
    needs: tuple[str, ...] = ()


class Employee(Struct, frozen=True):
    """Somebody who may work on the floor. `id` is stable; `name` is what shoppers see."""

    id: str
    name: str
    skills: frozenset[str]
    colour: str = "#F2C7A7"


class Catalogue(Struct, frozen=True, dict=True):
    """Everything the store's owner decides. Order in the lists is order on the screen."""

    store: Store
    needs: tuple[Need, ...]
    skills: tuple[Skill, ...]
    employees: tuple[Employee, ...]
    places: tuple[Place, ...] = ()
    tips: tuple[Tip, ...] = ()
    gifts: tuple[Gift, ...] = ()
    times: Times = field(default_factory=Times)

    @cached_property
    def _needs(self) -> dict[str, Need]:
        return {need.code: need for need in self.needs}

    @cached_property
    def _employees(self) -> dict[str, Employee]:
        return {employee.id: employee for employee in self.employees}

    @cached_property
    def _parents(self) -> frozenset[str]:
        return frozenset(need.under for need in self.needs if need.under)

    @cached_property
    def _wanted(self) -> dict[tuple[str, int], frozenset[str]]:
        return {(n.code, ring): n.wanted(ring) for n in self.needs for ring in range(n.rings)}

    @cached_property
    def hours(self) -> Hours:
        """When the store is open, and when it closes."""
        return Hours(self._zone, self.store.closes, self.store.hours, self.store.dates)

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.store.timezone)

    def need(self, code: str) -> Need | None:
        """The need a visit can be opened for; None for an unknown code or one that only groups others."""
        return None if code in self._parents else self._needs.get(code)

    def wanted(self, code: str, ring: int) -> frozenset[str]:
        """The skills one employee must have for the need `code` in skill ring `ring`."""
        known = self._wanted.get((code, ring))
        if known is not None:
            return known
        need = self._needs.get(code)
        return need.wanted(ring) if need else frozenset()

    def needs_under(self, code: str | None) -> tuple[Need, ...]:
        """The tiles of one screen: the top level for None, else those below the need `code`."""
        return tuple(need for need in self.needs if need.under == code)

    def employee(self, employee_id: str) -> Employee | None:
        return self._employees.get(employee_id)

    def tips_for(self, need: str) -> tuple[Tip, ...]:
        return tuple(tip for tip in self.tips if not tip.needs or need in tip.needs)

    def gifts_for(self, need: str) -> tuple[Gift, ...]:
        return tuple(gift for gift in self.gifts if not gift.needs or need in gift.needs)

    def local(self, at: int) -> datetime:
        """The store's local date and time of an instant in ms UTC."""
        return datetime.fromtimestamp(at / 1000, UTC).astimezone(self._zone)

    def day(self, at: int) -> str:
        """The store-day of an instant: the store's local date, `YYYY-MM-DD`."""
        return self.hours.day(at).isoformat()

    def last_closing(self, at: int) -> int:
        """The latest closing time that is not after `at`, in ms UTC."""
        return self.hours.last_closing(at)

    def next_closing(self, at: int) -> int:
        """The earliest closing time after `at`, in ms UTC."""
        return self.hours.next_closing(at)

    def closes_soon(self, at: int) -> int | None:
        """The closing time, ms UTC, once it is near enough to tell the employees; else None."""
        closing = self.hours.next_closing(at)
        near = closing - at <= self.store.closing_warning_min * 60_000
        return closing if near and self.hours.is_open(at) else None

    def takes_needs(self, at: int) -> bool:
        """Whether a kiosk lets shoppers into the line now."""
        return self.store.needs_when_closed or self.hours.is_open(at)
