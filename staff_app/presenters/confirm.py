"""The texts of a question that has to be confirmed."""

from msgspec import Struct

from assets.i18n.texts import Texts
from staff_app.navigation import StaffScreen
from staff_app.tablet_state import TabletState

from . import names

MAX_TICKETS = 4  # who waits, in the question of the last one to sign off


class ConfirmText(Struct, frozen=True):
    """An empty `yes` is not shown: `text` says why it is not possible now. `other` is a third button."""

    title: str
    text: str
    yes: str
    no: str
    other: str = ""


def confirm(state: TabletState, texts: Texts) -> ConfirmText:
    """The question of the open page: to sign off, that nobody came, or to give a visit back."""
    snapshot, screen = state.snapshot, state.screen
    shopper = names.shopper_name(texts, snapshot.in_hand) if snapshot.in_hand else ""
    text, yes = texts.say(f"staff.{screen}.text"), texts.say(f"staff.{screen}.yes")
    if screen is StaffScreen.SIGN_OFF and snapshot.waiting and snapshot.is_last_here:
        tickets = ", ".join(visit.ticket for visit in snapshot.waiting[:MAX_TICKETS])
        more = ", …" if len(snapshot.waiting) > MAX_TICKETS else ""
        text = texts.say("staff.sign_off.last", tickets=tickets + more)
    if screen is StaffScreen.SIGN_OFF and snapshot.on_hold:
        tickets = names.dotted(*(visit.ticket for visit in snapshot.on_hold))
        text, yes = texts.say("refusal.finish_first", about=tickets), ""
    if screen is StaffScreen.GIVE_BACK and state.banner is not None:
        text = texts.say("staff.give_back.later")
    return ConfirmText(
        title=texts.say(f"staff.{screen}.title", who=shopper),
        text=text,
        yes=yes,
        no=texts.say(f"staff.{screen}.no"),
        other=texts.say("staff.give_back.mistake") if screen is StaffScreen.GIVE_BACK else "",
    )
