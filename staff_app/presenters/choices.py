"""Things to choose from: needs, resolutions and ready phrases."""

from msgspec import Struct

from assets.i18n.texts import Texts
from staff_app.snapshot import TabletSnapshot, resolutions_for
from sync_server.domain.resolution import Resolution

from . import names

RESOLUTION_ICONS = {
    Resolution.SOLVED: "check",
    Resolution.ADVICE_GIVEN: "message-2",
    Resolution.REPLACED_FREE: "gift",
    Resolution.SOLD: "shopping-bag-check",
    Resolution.PICKED_UP: "package",
    Resolution.RETURNED: "arrow-back-up",
    Resolution.REPAIR_BOOKED: "tool",
    Resolution.APPOINTMENT_BOOKED: "calendar-plus",
    Resolution.REFERRED: "share",
    Resolution.NOT_SOLVED: "flag",
}
MAX_LIKELY = 5  # resolutions that are shown large; the others need one touch more
QUICK_MINUTES = (2, 5, 10, 20)  # how long a quick resolution may be said to have taken
PHRASES = 6  # ready phrases for notes: `staff.phrase.1` to `staff.phrase.6`


class ChoiceText(Struct, frozen=True):
    """A tile, a pill or a button. `subtitle` is a second, less prominent line."""

    code: str
    text: str
    icon: str = ""
    subtitle: str = ""
    chosen: bool = False
    colour: str = ""


def need_choices(snapshot: TabletSnapshot, texts: Texts, without: str = "") -> tuple[ChoiceText, ...]:
    """All needs that a visit can be for, except the need `without`."""
    return tuple(
        ChoiceText(need.code, texts.text(need.text), need.icon, names.group_name(snapshot, texts, need))
        for need in snapshot.quick_needs
        if need.code != without
    )


def resolution_choices(
    snapshot: TabletSnapshot, texts: Texts, need: str
) -> tuple[tuple[ChoiceText, ...], tuple[ChoiceText, ...]]:
    """The likely resolutions of a need, at most MAX_LIKELY, and all the others."""
    likely, others = resolutions_for(snapshot.need(need))
    ordered = [_resolution_choice(texts, resolution) for resolution in (*likely, *others)]
    shown = min(len(likely), MAX_LIKELY)
    return tuple(ordered[:shown]), tuple(ordered[shown:])


def minute_choices(texts: Texts, chosen: int | None) -> tuple[ChoiceText, ...]:
    """How long a quick resolution took. None has to be chosen."""
    return tuple(
        ChoiceText(str(n), texts.say("staff.quick.minutes", n=n), chosen=n == chosen) for n in QUICK_MINUTES
    )


def phrase_choices(texts: Texts) -> tuple[ChoiceText, ...]:
    return tuple(ChoiceText(str(n), texts.say(f"staff.phrase.{n}")) for n in range(1, PHRASES + 1))


def _resolution_choice(texts: Texts, resolution: Resolution) -> ChoiceText:
    text = texts.say(f"resolution.{resolution.value}")
    return ChoiceText(resolution.value, text, RESOLUTION_ICONS[resolution])
