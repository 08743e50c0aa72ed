"""The texts of the pages that an employee opens over a screen."""

from msgspec import Struct
from msgspec.structs import replace

from assets.i18n.texts import Texts
from staff_app.tablet_state import TabletState
from sync_server.protocol.rows import VisitRow

from . import names
from .choices import ChoiceText, minute_choices, need_choices, phrase_choices, resolution_choices


class PickText(Struct, frozen=True):
    """Needs to choose from."""

    title: str
    choices: tuple[ChoiceText, ...]


class ResolutionsText(Struct, frozen=True):
    """All resolutions, the likely ones of this need apart.

    `how_long` and `minutes` ask how long a quick resolution took; they are empty for another visit.
    """

    title: str
    need: str
    likely: tuple[ChoiceText, ...]
    others: tuple[ChoiceText, ...]
    how_long: str = ""
    minutes: tuple[ChoiceText, ...] = ()


class GoodwillText(Struct, frozen=True):
    """`limit` is in cents of `currency`."""

    title: str
    limit: int
    currency: str


class NoteText(Struct, frozen=True):
    """`initial_text` was written before, and can be changed."""

    title: str
    hint: str
    phrases: tuple[ChoiceText, ...]
    initial_text: str = ""


class HandOverText(Struct, frozen=True):
    """`notes` are the visit's own. `handover_note` goes to the colleague."""

    title: str
    text: str
    need: str
    notes: str
    handover_note: str


def quick_need(state: TabletState, texts: Texts) -> PickText:
    return PickText(texts.say("staff.quick.need"), need_choices(state.snapshot, texts))


def other_need(state: TabletState, texts: Texts, row: VisitRow) -> PickText:
    choices = need_choices(state.snapshot, texts, without=row.need)
    return PickText(texts.say("staff.hand_over.which"), choices)


def resolutions(state: TabletState, texts: Texts, row: VisitRow) -> ResolutionsText:
    return _resolutions(state, texts, "staff.endings.title", row.need)


def quick_resolutions(state: TabletState, texts: Texts) -> ResolutionsText:
    shown = _resolutions(state, texts, "staff.quick.ending", state.quick_need or "")
    minutes = minute_choices(texts, state.quick_minutes)
    return replace(shown, how_long=texts.say("staff.quick.how_long"), minutes=minutes)


def _resolutions(state: TabletState, texts: Texts, title_key: str, need: str) -> ResolutionsText:
    likely, others = resolution_choices(state.snapshot, texts, need)
    name = names.need_name(state.snapshot, texts, need)
    return ResolutionsText(texts.say(title_key), name, likely, others)


def goodwill(state: TabletState, texts: Texts) -> GoodwillText:
    catalogue = state.snapshot.catalogue
    assert catalogue is not None, "no page is shown before the catalogue is there"
    store = catalogue.store
    return GoodwillText(texts.say("staff.gift.title"), store.goodwill_limit_cents, store.currency)


def note(texts: Texts) -> NoteText:
    return NoteText(texts.say("staff.note.title"), texts.say("staff.note.hint"), phrase_choices(texts))


def handover_note(state: TabletState, texts: Texts) -> NoteText:
    title, hint = texts.say("staff.hand_over.story"), texts.say("staff.hand_over.hint")
    return NoteText(title, hint, phrase_choices(texts), state.extras.handover_note)


def hand_over(state: TabletState, texts: Texts, row: VisitRow) -> HandOverText:
    return HandOverText(
        title=texts.say("staff.hand_over.title"),
        text=texts.say("staff.hand_over.text" if state.banner is None else "staff.hand_over.later"),
        need=names.need_name(state.snapshot, texts, row.need),
        notes=names.dotted(*row.notes),
        handover_note=state.extras.handover_note,
    )
