"""Scenes of the tablet with a shopper: an offer, the way there, in hand."""

from msgspec.structs import replace

from staff_app.navigation import StaffScreen

from . import staff_sample
from .staff_sample import StaffScene
from .staff_scene import LONG_NOTE, NOTES, register, type_codes

# --- an offer, and the way -----------------------------------------------------------------------


@register
def offer() -> StaffScene:
    return StaffScene(staff_sample.tablet(staff_sample.offered()))


@register
def offer_story() -> StaffScene:
    row = staff_sample.offered(left_s=4, handovers=1, notes=(*NOTES, LONG_NOTE), party_size=3, language="nl")
    return StaffScene(staff_sample.tablet(row))


@register
def offer_unknown() -> StaffScene:
    return StaffScene(
        staff_sample.tablet(
            staff_sample.offered(alias=None, colour=None, place=None, need="choose_headphones")
        )
    )


@register
def walking() -> StaffScene:
    return StaffScene(staff_sample.tablet(staff_sample.in_hand("accepted", 20), *staff_sample.line()))


@register
def walking_called() -> StaffScene:
    row = staff_sample.in_hand(
        "accepted", 50, recalled_at=staff_sample.NOW - 12_000, notes=NOTES, handovers=1
    )
    return StaffScene(staff_sample.tablet(row))


@register
def not_here() -> StaffScene:
    return walking_called().open(StaffScreen.NOT_HERE)


@register
def give_back() -> StaffScene:
    return walking().open(StaffScreen.GIVE_BACK)


# --- in hand -------------------------------------------------------------------------------------


@register
def in_hand() -> StaffScene:
    scene = StaffScene(staff_sample.tablet(staff_sample.in_hand("serving", notes=NOTES[:1])))
    scene.controller.toggle_tip("cables")
    return scene


@register
def in_hand_amber() -> StaffScene:
    scene = StaffScene(staff_sample.tablet(staff_sample.in_hand("serving", 320, notes=(*NOTES, LONG_NOTE))))
    scene.controller.toggle_gift("cable")
    scene.controller.ask_for_help()
    return scene


@register
def in_hand_red() -> StaffScene:
    scene = StaffScene(
        staff_sample.tablet(staff_sample.in_hand("serving", 700, alias=None, need="choose_phone"))
    )
    scene.controller.set_goodwill(1250)
    return scene


@register
def in_hand_helped() -> StaffScene:
    """A colleague comes; another one asks for help."""
    row, other = staff_sample.in_hand("serving"), staff_sample.visit("A-51", "repair", 300, "serving")
    me, sam, *others = staff_sample.floor("serving")
    me = replace(me, help_visit=row.visit_id, help_since=staff_sample.NOW - 9_000, helper="aino")
    sam = replace(sam, help_visit=other.visit_id, help_since=staff_sample.NOW - 5_000)
    visits = row, replace(other, employee="sam", place="phones")
    return StaffScene(staff_sample.tablet(*visits, people=(me, sam, *others)))


@register
def endings() -> StaffScene:
    return in_hand().open(StaffScreen.RESOLUTIONS)


@register
def gift() -> StaffScene:
    scene = in_hand().open(StaffScreen.GOODWILL)
    scene.touch = lambda page: [page.press(code) for code in ("1", "2", "last", "5")]
    return scene


@register
def gift_over() -> StaffScene:
    scene = in_hand().open(StaffScreen.GOODWILL)
    scene.touch = lambda page: type_codes(page, "40")
    return scene


@register
def note() -> StaffScene:
    scene = in_hand().open(StaffScreen.NOTE)
    scene.touch = lambda page: (page.add_phrase("1"), page.add_phrase("3"))
    return scene


@register
def note_empty() -> StaffScene:
    return in_hand().open(StaffScreen.NOTE)


@register
def hand_over() -> StaffScene:
    scene = StaffScene(staff_sample.tablet(staff_sample.in_hand("serving", notes=NOTES)))
    scene.controller.save_handover_note(LONG_NOTE)
    return scene.open(StaffScreen.HAND_OVER)


@register
def other_need() -> StaffScene:
    return in_hand().open(StaffScreen.OTHER_NEED)


@register
def sorry() -> StaffScene:
    scene = in_hand()
    scene.controller.report_fault()
    return scene
