"""The places of the shop with their pins on the plan, in percent of its width and height."""

from msgspec import UNSET, Struct

from assets.i18n.texts import Texts
from sync_server.service.config.model import Settings

from .kiosk_preview import drawn_icon


class PinnedPlace(Struct, frozen=True):
    """A place on the plan. `x` and `y` in percent from the upper left; without them it has no pin yet."""

    code: str
    title: str
    icon: str
    x: int | None
    y: int | None


def pinned_places(settings: Settings, texts: Texts) -> list[PinnedPlace]:
    """The places, in their order."""
    return [
        PinnedPlace(
            place.code,
            texts.text(place.text, place.code),
            drawn_icon(place.icon),
            None if place.x is UNSET else place.x,
            None if place.y is UNSET else place.y,
        )
        for place in settings.places
    ]
