"""Over everything, when this device has no part in its store any more."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder

from assets.words import Words

from .pages import PairNotice


class Outside(PairNotice):
    """Says so, and offers to pair again: `on_again`. Nothing below it is reached."""

    def tell(self, words: Words, why: str) -> None:
        """`why` is `out` for a device that was revoked, else the role it has now, `kiosk` or `staff`."""
        self.language, self.icon = words.language, "plug-x" if why == "out" else "arrows-exchange"
        self.title = words.say("pairing.out.title" if why == "out" else "pairing.moved.title")
        self.text = words.say("pairing.out.text" if why == "out" else f"pairing.moved.{why}")
        self.say_first = words.say("pairing.pair_again")

    def on_touch_down(self, touch: Any) -> bool:
        super().on_touch_down(touch)
        return True


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
