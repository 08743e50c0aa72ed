"""The contents of `store.toml`, as types. `docs/shop/running.md` explains each key."""

from msgspec import UNSET, Struct, UnsetType, field

from sync_server.domain.catalogue.catalogue import (
    Catalogue,
    Employee,
    Gift,
    Need,
    Place,
    Skill,
    StoreInfo,
    Tip,
)
from sync_server.domain.catalogue.times import Times

from .outside import MailSettings, WebhookSettings

ACCEPTED = "I accept that passwords can be read on this network"
MIN_PIN_DIGITS, MAX_PIN_DIGITS = 4, 8


class ServerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the server listens, as `host:port`. By default only this computer reaches the web pages.

    `enrol` is the port on which new devices ask to be enrolled; empty for none. With `announce` they
    find the store by multicast DNS.
    `tls_cert` and `tls_key` are PEM files. A path that is not absolute begins at the data directory.
    `manager_without_tls` is ACCEPTED where the shop lets passwords cross its network unencrypted.
    `proxies` are the addresses or networks of reverse proxies: the headers by which they say who asks, and
    over https or not, are believed.
    """

    sync: str = "0.0.0.0:7350"
    web: str = "127.0.0.1:8350"
    enrol: str = "0.0.0.0:8351"
    announce: bool = True
    tls_cert: str = ""
    tls_key: str = ""
    manager_without_tls: str = ""
    proxies: tuple[str, ...] = ()

    @property
    def accepts_reading(self) -> bool:
        """Whether the shop accepts that passwords can be read on its network."""
        return self.manager_without_tls == ACCEPTED


class BackupSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The nightly backups: in which directory, at which local time (empty: none), how many are kept."""

    folder: str = "backups"
    at: str = "03:30"
    keep: int = 14


class AccessSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How people sign in. `pin_digits` is the smallest number of digits of a PIN."""

    pin_digits: int = 6


class PrivacySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How many hours after a visit's end descriptions of the shopper are kept."""

    keep_descriptions_h: int = 24


class StaffingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How many percent of the shoppers the advice on staffing lets be greeted within `service_level_s`."""

    greet_percent: int = 80


class PlaceOnPlan(Place, frozen=True):
    """A place with its pin on the plan of the shop, in percent from the upper left. Devices get no pins."""

    x: int | UnsetType = UNSET
    y: int | UnsetType = UNSET


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of `store.toml`."""

    store: StoreInfo
    needs: tuple[Need, ...]
    skills: tuple[Skill, ...]
    employees: tuple[Employee, ...]
    places: tuple[PlaceOnPlan, ...] = ()
    tips: tuple[Tip, ...] = ()
    gifts: tuple[Gift, ...] = ()
    times: Times = field(default_factory=Times)
    server: ServerSettings = field(default_factory=ServerSettings)
    backup: BackupSettings = field(default_factory=BackupSettings)
    access: AccessSettings = field(default_factory=AccessSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    staffing: StaffingSettings = field(default_factory=StaffingSettings)
    webhooks: tuple[WebhookSettings, ...] = ()
    mail: MailSettings = field(default_factory=MailSettings)

    def catalogue(self) -> Catalogue:
        """The part that the rules of the domain use, and devices get: without the pins of the places."""
        return Catalogue(
            store=self.store,
            needs=self.needs,
            skills=self.skills,
            employees=self.employees,
            places=tuple(Place(place.code, place.text, place.icon) for place in self.places),
            tips=self.tips,
            gifts=self.gifts,
            times=self.times,
        )
