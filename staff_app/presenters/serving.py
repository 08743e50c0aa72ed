"""The texts for an employee who serves a shopper."""

from msgspec import Struct

from assets.i18n.texts import Texts, language_name
from staff_app.snapshot import TabletSnapshot
from staff_app.tablet_state import TabletState
from sync_server.protocol.rows import VisitRow

from . import names
from .choices import ChoiceText, resolution_choices


class ServingText(Struct, frozen=True):
    """`timer_colour` is a `TimerColour`. `resolutions` are the likely ones; `given` is what is chosen.

    `help` is the text of the button that asks for help, empty if the server does not take that.
    `help_asked`: it was asked for, and nobody has answered yet.
    """

    heading: str
    details: str
    need: str
    notes: str
    clock: str
    timer_colour: str
    tips: tuple[ChoiceText, ...]
    gifts: tuple[ChoiceText, ...]
    resolutions: tuple[ChoiceText, ...]
    given: str
    help: str
    help_asked: bool


def serving(state: TabletState, texts: Texts, row: VisitRow) -> ServingText:
    snapshot = state.snapshot
    likely, _ = resolution_choices(snapshot, texts, row.need)
    tips = _tips(state, texts, row)
    gifts = (*_gifts(state, texts, row), _other_amount(snapshot, texts, state.extras.goodwill_cents))
    chosen = names.dotted(*(choice.text for choice in (*tips, *gifts) if choice.chosen))
    return ServingText(
        heading=texts.say("staff.hand.with", who=names.shopper_name(texts, row)),
        details=names.dotted(
            names.ticket(texts, row) if names.alias(row) else row.ticket,
            names.place(snapshot, texts, row),
            names.wearing(texts, row),
            language_name(row.language),
        ),
        need=names.need_name(snapshot, texts, row.need),
        notes=names.dotted(*row.notes),
        clock=texts.clock(snapshot.service_s(row)),
        timer_colour=snapshot.timer_colour(row).value,
        tips=tips,
        gifts=gifts,
        resolutions=likely,
        given=texts.say("staff.hand.given", what=chosen) if chosen else "",
        help=_help(snapshot, texts, row) if snapshot.view.helps else "",
        help_asked=snapshot.me is not None and snapshot.me.asks_for_help,
    )


def _help(snapshot: TabletSnapshot, texts: Texts, row: VisitRow) -> str:
    """What the button says: that help can be asked for, was asked for, or who comes."""
    me = snapshot.me
    if me is None or me.help_visit != row.visit_id:
        return texts.say("staff.help.ask")
    if me.helper is None:
        return texts.say("staff.help.asked")
    if not me.helper:
        return texts.say("staff.help.manager")
    return texts.say("staff.help.coming", name=names.employee_name(snapshot, me.helper))


def _tips(state: TabletState, texts: Texts, row: VisitRow) -> tuple[ChoiceText, ...]:
    catalogue, chosen = state.snapshot.catalogue, state.extras.tip
    return tuple(
        ChoiceText(
            tip.code,
            texts.text(tip.text),
            "check" if tip.code == chosen else "",
            chosen=tip.code == chosen,
        )
        for tip in (catalogue.tips_for(row.need) if catalogue else ())
    )


def _gifts(state: TabletState, texts: Texts, row: VisitRow) -> tuple[ChoiceText, ...]:
    """The gifts that an employee may give."""
    snapshot, catalogue = state.snapshot, state.snapshot.catalogue
    return tuple(
        ChoiceText(
            gift.code,
            names.dotted(texts.text(gift.text), names.money(snapshot, texts, gift.cents)),
            "gift",
            chosen=gift.code == state.extras.gift,
        )
        for gift in (catalogue.gifts_for(row.need) if catalogue else ())
        if catalogue and gift.cents <= catalogue.store.goodwill_limit_cents
    )


def _other_amount(snapshot: TabletSnapshot, texts: Texts, cents: int) -> ChoiceText:
    """The pill that asks for another amount, and shows it."""
    price = names.money(snapshot, texts, cents)
    text = texts.say("staff.hand.amount", price=price) if cents else texts.say("staff.hand.other_amount")
    return ChoiceText("other", text, "gift" if cents else "", chosen=cents > 0)
