"""A screen of the kiosk as a drawing beside the form of a need: with the same words, icons and shapes."""

from collections.abc import Mapping

from msgspec import Struct

from assets.i18n.texts import Texts
from assets.ui.icons import icon_names
from sync_server.domain.catalogue.catalogue import TILES_PER_SCREEN
from sync_server.service.config.model import Settings
from sync_server.web.http.templates import texts_of

from .setting_field import ShownField

MORNING = 9
NO_ICON = "point"  # what the screens show for an icon that they do not have


class PreviewTile(Struct, frozen=True):
    """A tile. `chosen` is that of the need in the form."""

    text: str
    icon: str
    chosen: bool


class KioskPreview(Struct, frozen=True):
    """The screen, in the language in which kiosks greet. `title` are its lines.

    `too_many`: a tile has no room.
    """

    shop: str
    language: str
    title: tuple[str, ...]
    tiles: list[PreviewTile]
    too_many: bool


def kiosk_preview(
    settings: Settings, texts: Texts, name: str, fields: Mapping[str, ShownField]
) -> KioskPreview:
    """The screen on which the need `name` is, as the form has it; an empty `name` is a new one."""
    language = settings.store.languages[0]
    shown = texts_of(language)
    under = fields["under"].value or None if "under" in fields else None
    words = fields["text"].texts.get(language, "") or texts.say("manager.settings.no_words_yet")
    own = PreviewTile(words, drawn_icon(fields["icon"].value), chosen=True)
    tiles = []
    for need in settings.needs:
        if need.code == name:
            tiles.append(own)
        elif need.under == under:
            tiles.append(PreviewTile(shown.text(need.text, need.code), drawn_icon(need.icon), chosen=False))
    if not name:
        tiles.append(own)
    above = next((need for need in settings.needs if need.code == under), None)
    if above is not None:
        title: tuple[str, ...] = (shown.text(above.text, above.code),)
    else:
        title = (shown.greeting(MORNING), shown.say("kiosk.need.question"))
    return KioskPreview(settings.store.name, language, title, tiles, len(tiles) > TILES_PER_SCREEN)


def drawn_icon(name: str) -> str:
    """The icon, or the dot that screens show for one that they do not have."""
    return name if name in icon_names() else NO_ICON
