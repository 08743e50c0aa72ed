"""The texts of the screens on which an employee signs in."""

from msgspec import Struct

from assets.i18n.texts import Texts
from staff_app.tablet_state import TabletState
from sync_server.domain.refusal import Code
from sync_server.protocol.messages import SignedIn

from . import names
from .choices import ChoiceText
from .refusals import refusal_text


class WhoText(Struct, frozen=True):
    """`people` are all employees; a subtitle says who is on the floor already."""

    people: tuple[ChoiceText, ...]
    line: str


class PinText(Struct, frozen=True):
    """`line` says what happened to the last PIN (then `is_error` is set), or what to do."""

    title: str
    name: str
    colour: str
    line: str
    is_error: bool
    ready: bool


def who(state: TabletState, texts: Texts) -> WhoText:
    snapshot = state.snapshot
    employees = snapshot.catalogue.employees if snapshot.catalogue else ()
    here = {colleague.person.id for colleague in snapshot.on_floor}
    return WhoText(
        people=tuple(
            ChoiceText(
                employee.id,
                employee.name,
                subtitle=texts.say("staff.who.here") if employee.id in here else "",
                colour=employee.colour,
            )
            for employee in employees
        ),
        line="" if snapshot.live or state.banner else texts.say("staff.who.offline"),
    )


def pin(state: TabletState, texts: Texts) -> PinText:
    employee = state.chosen_employee or ""
    name = names.employee_name(state.snapshot, employee)
    error = _pin_error(state, texts)
    return PinText(
        title=texts.say("staff.pin.title", name=name),
        name=name,
        colour=names.employee_colour(state.snapshot, employee),
        line=error or texts.say("staff.pin.checking" if state.sign_in_pending else "staff.pin.ask"),
        is_error=bool(error),
        ready=not state.sign_in_pending and not state.pin_wait_s,
    )


def _pin_error(state: TabletState, texts: Texts) -> str:
    """Why the last PIN did not sign anybody in; empty if there is no reason."""
    answer = state.sign_in_answer
    if state.pin_wait_s:
        return texts.say("staff.pin.wait", n=state.pin_wait_s)
    if answer is Code.NOT_SIGNED_IN:
        return texts.say("staff.who.offline")
    refusal = answer.refusal if isinstance(answer, SignedIn) else None
    if refusal is None:
        return ""
    match refusal.code:
        case Code.WRONG_PIN | Code.TOO_MANY_TRIES:
            return texts.say("staff.pin.wrong")
        case Code.NO_PIN:
            return texts.say("staff.pin.none")
    return refusal_text(state.snapshot, texts, refusal)
