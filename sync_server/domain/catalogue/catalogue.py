"""The store's catalogue: what a shopper can need, who can help, and the store's own times.

The server reads the catalogue from `store.toml`, and again whenever that changes. A catalogue itself never
changes: another one takes its place.
Texts are dictionaries from a language code ("en") to the text in that language.

Devices of other versions read these structs too. A field may only be added with a default, in a struct
that leaves defaults out.
"""

from datetime import UTC, datetime
from functools import cached_property
from typing import TypeVar
from zoneinfo import ZoneInfo

from msgspec import UNSET, Struct, UnsetType, field

from .languages import LANGUAGES
from .opening_hours import OpeningHours
from .times import Times

Text = dict[str, str]
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
EVERYBODY = 1000  # the skill ring, wider than any of a need, in which nobody needs a skill


class StoreInfo(Struct, frozen=True, omit_defaults=True):
    """The store itself.

    `closes` is the local time at which open visits expire and everybody is signed off. `hours` (by
    weekday, `mon` to `sun`) and `dates` (by date) give a day its own times: `09:00-18:00` or `closed`.
    Visits that are still open `leftovers_min` after closing time expire then.
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


class Skill(Struct, frozen=True):
    code: str
    text: Text


class SelfHelp(Struct, frozen=True):
    """Something that a shopper can try while waiting."""

    title: Text
    text: Text
    icon: str = "bulb"


class Need(Struct, frozen=True):
    """What a shopper can come for.

    `skills` are always required. `prefer` are extra skills: each time the wait target passes, the last
    one still wanted is given up (the next skill ring). A need with `under` is shown on a second screen,
    below the need with that code. `endings` are the resolutions that the tablet offers. `overflow` are ids
    of employees who are asked last.
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
    # Left out where unset: a device of Welkom 0.1.0 cannot read a need with a field that it does not know.
    overflow: tuple[str, ...] | UnsetType = UNSET

    @property
    def asked_last(self) -> tuple[str, ...]:
        """The employees who are asked only if nobody else can be."""
        return () if self.overflow is UNSET else self.overflow

    @property
    def rings(self) -> int:
        """How many skill rings there are, at least one."""
        return len(self.prefer) + 1

    def wanted_skills(self, ring: int) -> frozenset[str]:
        """The skills that one employee must have in skill ring `ring` (0 is the narrowest)."""
        if ring == EVERYBODY:
            return frozenset()
        return frozenset(self.skills + self.prefer[: max(0, len(self.prefer) - ring)])


class Place(Struct, frozen=True):
    code: str
    text: Text
    icon: str


class Tip(Struct, frozen=True):
    """Care advice that an employee may send with a completed visit. Without `needs` it fits every need."""

    code: str
    text: Text
    needs: tuple[str, ...] = ()


class Gift(Struct, frozen=True):
    """Something that an employee may give away. `cents` is what it is worth to the store."""

    code: str
    text: Text
    cents: int
    needs: tuple[str, ...] = ()


class Employee(Struct, frozen=True):
    """Somebody who may work on the floor. `id` never changes; `name` is what shoppers see."""

    id: str
    name: str
    skills: frozenset[str]
    colour: str = "#F2C7A7"


class Retired(Struct, frozen=True, omit_defaults=True):
    """What has been taken out of the settings and is still in use: visits name it, or somebody is here.

    It is not offered any more. Every need among them is one to choose, not a group.
    """

    needs: tuple[Need, ...] = ()
    employees: tuple[Employee, ...] = ()
    places: tuple[Place, ...] = ()
    tips: tuple[Tip, ...] = ()
    gifts: tuple[Gift, ...] = ()


_Coded = TypeVar("_Coded", Place, Tip, Gift)


def _found(code: str, *lists: tuple[_Coded, ...]) -> _Coded | None:
    return next((entry for entries in lists for entry in entries if entry.code == code), None)


class Catalogue(Struct, frozen=True, dict=True):
    """Everything that the store's owner decides. The order in the lists is the order on the screen.

    The lists are what is offered; what is looked up by its code may also be `retired`.
    """

    store: StoreInfo
    needs: tuple[Need, ...]
    skills: tuple[Skill, ...]
    employees: tuple[Employee, ...]
    places: tuple[Place, ...] = ()
    tips: tuple[Tip, ...] = ()
    gifts: tuple[Gift, ...] = ()
    times: Times = field(default_factory=Times)
    # Left out where unset: a device of Welkom 0.1.0 cannot read a catalogue with a field it does not know.
    retired: Retired | UnsetType = UNSET

    @property
    def retired_entries(self) -> Retired:
        """What is retired, empty for nothing."""
        return Retired() if self.retired is UNSET else self.retired

    @cached_property
    def _needs(self) -> dict[str, Need]:
        return {need.code: need for need in self.needs}

    @cached_property
    def _employees(self) -> dict[str, Employee]:
        return {employee.id: employee for employee in self.employees}

    @cached_property
    def _people(self) -> dict[str, Employee]:
        """Those who work here, and those who are retired."""
        return {employee.id: employee for employee in self.retired_entries.employees} | self._employees

    @cached_property
    def _leaves(self) -> dict[str, Need]:
        """The needs that do not group others, and those that are retired."""
        parents = {need.under for need in self.needs}
        retired = {need.code: need for need in self.retired_entries.needs}
        return retired | {need.code: need for need in self.needs if need.code not in parents}

    @cached_property
    def _wanted_skills(self) -> dict[tuple[str, int], frozenset[str]]:
        needs = {**self._needs, **self._leaves}.values()
        return {(n.code, ring): n.wanted_skills(ring) for n in needs for ring in range(n.rings)}

    @cached_property
    def hours(self) -> OpeningHours:
        """When the store is open, and when it closes."""
        return OpeningHours(self.zone, self.store.closes, self.store.hours, self.store.dates)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.store.timezone)

    def need(self, code: str) -> Need | None:
        """The need with this code, also a retired one; None if there is none, or if it groups other needs."""
        return self._leaves.get(code)

    def offers(self, code: str) -> bool:
        """Whether shoppers may choose this need: it is not retired."""
        need = self._leaves.get(code)
        return need is not None and self._needs.get(code) is need

    def wanted_skills(self, code: str, ring: int) -> frozenset[str]:
        """The skills that one employee must have for the need `code` in skill ring `ring`."""
        skills = self._wanted_skills.get((code, ring))
        if skills is not None:
            return skills
        need = self._leaves.get(code) or self._needs.get(code)
        return need.wanted_skills(ring) if need else frozenset()

    def needs_under(self, code: str | None) -> tuple[Need, ...]:
        """The tiles of one screen: the top level for None, else those below the need `code`."""
        return tuple(need for need in self.needs if need.under == code)

    def employee(self, employee_id: str) -> Employee | None:
        """Somebody who works here, or who is retired and still here or named."""
        return self._people.get(employee_id)

    def employed(self, employee_id: str) -> Employee | None:
        """Somebody who works here: who may sign in, and be asked."""
        return self._employees.get(employee_id)

    def place(self, code: str) -> Place | None:
        """The place with this code, also a retired one."""
        return _found(code, self.places, self.retired_entries.places)

    def tip(self, code: str) -> Tip | None:
        """The tip with this code, also a retired one."""
        return _found(code, self.tips, self.retired_entries.tips)

    def gift(self, code: str) -> Gift | None:
        """The gift with this code, also a retired one."""
        return _found(code, self.gifts, self.retired_entries.gifts)

    def tips_for(self, need: str) -> tuple[Tip, ...]:
        return tuple(tip for tip in self.tips if not tip.needs or need in tip.needs)

    def gifts_for(self, need: str) -> tuple[Gift, ...]:
        return tuple(gift for gift in self.gifts if not gift.needs or need in gift.needs)

    def local(self, at: int) -> datetime:
        """The store's local date and time of an instant in ms UTC."""
        return datetime.fromtimestamp(at / 1000, UTC).astimezone(self.zone)

    def day(self, at: int) -> str:
        """The store-day of an instant: the store's local date, `YYYY-MM-DD`."""
        return self.hours.day_text(at)

    def last_closing(self, at: int) -> int:
        """The latest closing time that is not after `at`, in ms UTC."""
        return self.hours.last_closing(at)

    def next_closing(self, at: int) -> int:
        """The earliest closing time after `at`, in ms UTC."""
        return self.hours.next_closing(at)

    def closes_soon(self, at: int) -> int | None:
        """The closing time, ms UTC, if it is near enough to warn the employees; else None."""
        closing = self.hours.next_closing(at)
        near = closing - at <= self.store.closing_warning_min * 60_000
        return closing if near and self.hours.is_open(at) else None

    def takes_needs(self, at: int) -> bool:
        """Whether a kiosk lets shoppers into the line now."""
        return self.store.needs_when_closed or self.hours.is_open(at)
