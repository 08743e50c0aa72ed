"""The notices that lie over every page of a device: what its people must read before they go on."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from msgspec import Struct

from assets.i18n.texts import Texts

from .pages import PairNotice


class NoticeText(Struct, frozen=True):
    """The icon of a notice and the keys of its texts."""

    icon: str
    title: str
    text: str
    button: str


_PAIR_AGAIN, _ALL_RIGHT = "pairing.pair_again", "common.all_right"
NOTICES = {
    "revoked": NoticeText("plug-x", "pairing.out.title", "pairing.out.text", _PAIR_AGAIN),
    "kiosk": NoticeText("arrows-exchange", "pairing.moved.title", "pairing.moved.kiosk", _PAIR_AGAIN),
    "staff": NoticeText("arrows-exchange", "pairing.moved.title", "pairing.moved.staff", _PAIR_AGAIN),
    "twice": NoticeText("arrows-exchange", "device.twice.title", "device.twice.text", _PAIR_AGAIN),
    "copied": NoticeText("alert-circle", "device.twice.title", "device.twice.here", _ALL_RIGHT),
    "afresh": NoticeText("alert-circle", "device.afresh.title", "device.afresh.text", _ALL_RIGHT),
}


class DeviceNotice(PairNotice):
    """One notice with one button: `on_try_again`. Takes every touch, so nothing below gets one."""

    def show_notice(self, texts: Texts, notice: str) -> None:
        """`notice` is a key of NOTICES."""
        shown = NOTICES[notice]
        self.language, self.icon = texts.language, shown.icon
        self.title, self.text = texts.say(shown.title), texts.say(shown.text)
        # To pair again is for the staff, so it is not the big button on a shopper's kiosk.
        quiet, button = shown.button == _PAIR_AGAIN, texts.say(shown.button)
        self.say_first, self.say_quiet = ("", button) if quiet else (button, "")

    def show_storage_problem(self, texts: Texts, cause: str) -> None:
        """`cause` is a value of `Cause` in sync_server/device/storage/outbox_errors.py."""
        self.language, self.icon, self.warm = texts.language, "alert-circle", True
        self.title, self.text = texts.say("device.storage.title"), texts.say(f"device.storage.{cause}")
        self.say_first = self.say_quiet = ""

    def on_touch_down(self, touch: Any) -> bool:
        super().on_touch_down(touch)
        return True


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
