"""The catalogue as the screens can show it: each name and text in letters that their fonts have."""

from typing import TypeVar

from msgspec import UNSET
from msgspec.structs import replace

from assets.theme.drawing import drawable, shown_name, undrawable
from sync_server.domain.catalogue.catalogue import Catalogue, Gift, Need, Place, Retired, Skill, Text, Tip

PRODUCT = "Welkom"  # in place of a shop's name that cannot be drawn

WithEntries = TypeVar("WithEntries", Catalogue, Retired)
WithText = TypeVar("WithText", Skill, Place, Tip, Gift, Need)


class ShownCatalogue:
    """Gives the same object as long as it gets the same one: screens compare by identity."""

    def __init__(self) -> None:
        self._given: Catalogue | None = None
        self._shown: Catalogue | None = None

    def of(self, catalogue: Catalogue | None) -> Catalogue | None:
        if catalogue is not self._given:
            self._given = catalogue
            self._shown = catalogue and _shown(catalogue)
        return self._shown


def _shown(catalogue: Catalogue) -> Catalogue:
    return replace(
        _entries(catalogue),
        store=replace(catalogue.store, name=drawable(catalogue.store.name) or PRODUCT),
        skills=_with_texts(catalogue.skills),
        retired=UNSET if catalogue.retired is UNSET else _entries(catalogue.retired),
    )


def _entries(given: WithEntries) -> WithEntries:
    return replace(
        given,
        employees=tuple(replace(e, name=shown_name(e.name, e.id)) for e in given.employees),
        needs=tuple(_need(need) for need in given.needs),
        places=_with_texts(given.places),
        tips=_with_texts(given.tips),
        gifts=_with_texts(given.gifts),
    )


def _need(need: Need) -> Need:
    help_ = need.self_help
    if help_ is not None:
        help_ = replace(help_, title=_text(help_.title), text=_text(help_.text))
    return replace(need, text=_text(need.text), self_help=help_)


def _with_texts(items: tuple[WithText, ...]) -> tuple[WithText, ...]:
    return tuple(replace(item, text=_text(item.text)) for item in items)


def _text(text: Text) -> Text:
    """A text of which nothing can be drawn stays: its icon says the rest."""
    return {code: (drawable(words) or words) if undrawable(words) else words for code, words in text.items()}
