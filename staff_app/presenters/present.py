"""Chooses the presenter of the present screen."""

from msgspec import Struct

from assets.i18n.texts import Texts
from staff_app.navigation import StaffScreen
from staff_app.tablet_state import TabletState

from . import confirm, floor, message, offer, on_the_way, serving, sheets, sign_in


def present(state: TabletState, texts: Texts) -> Struct:
    """The texts of the present screen."""
    row = state.visit
    match state.screen:
        case StaffScreen.WHO:
            return sign_in.who(state, texts)
        case StaffScreen.PIN:
            return sign_in.pin(state, texts)
        case StaffScreen.FLOOR:
            return floor.floor(state, texts)
        case StaffScreen.AWAY:
            return message.away(state.snapshot, texts)
        case StaffScreen.ERROR:
            return message.error(texts)
        case StaffScreen.BREAK:
            return message.on_break(state.snapshot, texts)
        case StaffScreen.SIGN_OFF | StaffScreen.NOT_HERE | StaffScreen.GIVE_BACK:
            return confirm.confirm(state, texts)
        case StaffScreen.OFFER if row is not None:
            return offer.offer(state.snapshot, texts, row)
        case StaffScreen.ON_THE_WAY if row is not None:
            return on_the_way.on_the_way(state, texts, row)
        case StaffScreen.SERVING if row is not None:
            return serving.serving(state, texts, row)
        case StaffScreen.RESOLUTIONS if row is not None:
            return sheets.resolutions(state, texts, row)
        case StaffScreen.QUICK_RESOLUTIONS:
            return sheets.quick_resolutions(state, texts)
        case StaffScreen.QUICK:
            return sheets.quick_need(state, texts)
        case StaffScreen.OTHER_NEED if row is not None:
            return sheets.other_need(state, texts, row)
        case StaffScreen.HAND_OVER if row is not None:
            return sheets.hand_over(state, texts, row)
        case StaffScreen.GOODWILL:
            return sheets.goodwill(state, texts)
        case StaffScreen.NOTE:
            return sheets.note(texts)
        case StaffScreen.HANDOVER_NOTE:
            return sheets.handover_note(state, texts)
        case _:
            return message.loading(texts)
