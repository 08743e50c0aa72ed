"""A fault of a store that a check has found, in a sentence that says what to do about it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

Values = Mapping[str, str | int]


class FindingKind(StrEnum):
    """What a finding is, for the manager's pages: `manager.repair.*` in the texts says it in each language.

    UNSOUND is whatever the check of the store's file and log finds; only its sentence tells more.
    """

    UNSOUND = "unsound"
    SETTINGS = "settings"
    KEY = "key"
    MODES = "modes"
    SPACE = "space"
    REPLACED = "replaced"
    HELD = "held"  # some program holds the store, so its write-ahead log grows
    SERVER = "server"  # it does not run, or does not answer
    UNWELL = "unwell"
    PORT = "port"
    BACKUP_FAILED = "backup_failed"
    BACKUP_LATE = "backup_late"
    BACKUP_RICHER = "backup_richer"  # the store lacks what its backup has
    CLOCK_DOUBT = "clock_doubt"
    CLOCK_UNSET = "clock_unset"
    CLOCK_BEHIND = "clock_behind"
    CLOCK_AHEAD = "clock_ahead"
    TIME_ZONE = "time_zone"
    WORDS_LEFT = "words_left"  # words that were removed are still in the store's files
    NO_ADDRESS = "no_address"  # for phones
    NOT_REACHED = "not_reached"  # the pages, by phones
    CERTIFICATE = "certificate"
    CERTIFICATE_ENDS = "certificate_ends"
    NO_KIOSK = "no_kiosk"
    NO_TABLET = "no_tablet"
    UNSEEN = "unseen"
    TWO_OWNERS = "two_owners"
    NO_PIN = "no_pin"
    WEBHOOK_FAILS = "webhook_fails"  # for more than an hour
    MAIL_FAILS = "mail_fails"


class Finding(Struct, frozen=True):
    """`about` is a stable word for the subject; `text` says what is wrong, where, and what to do.

    `values` are what its texts on the pages name: `name` and `device` of a device, `day`, `free` in MB, ….
    A page writes `at`, ms UTC, in place of `day`, in the time and the language of the shop.
    """

    about: str
    text: str
    kind: FindingKind = FindingKind.UNSOUND
    values: Values = {}


def restore_needed(about: str, text: str) -> Finding:
    """A fault that does not go away by itself and that nobody should repair by hand."""
    return Finding(about, f"{text}; put back the latest backup with `welkom restore`")


def local_moment(at: int) -> str:
    """`2026-11-22 02:30`, by this computer's time zone. `at` in ms UTC."""
    return datetime.fromtimestamp(at / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
