"""The screens of the tablet, and which pages may be opened over which screens."""

from enum import StrEnum


class StaffScreen(StrEnum):
    """The screens that the state of the floor decides, and the pages that a person opens over them."""

    LOADING = "loading"
    WHO = "who"
    PIN = "pin"
    FLOOR = "floor"
    OFFER = "offer"
    ON_THE_WAY = "on_the_way"
    SERVING = "serving"
    AWAY = "away"
    BREAK = "break"

    QUICK = "quick"
    QUICK_RESOLUTIONS = "quick_resolutions"
    SIGN_OFF = "sign_off"
    NOT_HERE = "not_here"
    GIVE_BACK = "give_back"
    RESOLUTIONS = "resolutions"
    GOODWILL = "goodwill"
    NOTE = "note"
    HAND_OVER = "hand_over"
    OTHER_NEED = "other_need"
    HANDOVER_NOTE = "handover_note"

    ERROR = "error"  # a fault in this program; over every screen except an offer


# The screens over which a page may be opened. The page closes by itself on any other screen.
PAGE_BASES: dict[StaffScreen, tuple[StaffScreen, ...]] = {
    StaffScreen.QUICK: (StaffScreen.FLOOR,),
    StaffScreen.QUICK_RESOLUTIONS: (StaffScreen.FLOOR,),
    StaffScreen.SIGN_OFF: (StaffScreen.FLOOR, StaffScreen.BREAK),
    StaffScreen.NOT_HERE: (StaffScreen.ON_THE_WAY,),
    StaffScreen.GIVE_BACK: (StaffScreen.ON_THE_WAY,),
    StaffScreen.RESOLUTIONS: (StaffScreen.SERVING,),
    StaffScreen.GOODWILL: (StaffScreen.SERVING,),
    StaffScreen.NOTE: (StaffScreen.SERVING,),
    StaffScreen.HAND_OVER: (StaffScreen.SERVING,),
    StaffScreen.OTHER_NEED: (StaffScreen.SERVING,),
    StaffScreen.HANDOVER_NOTE: (StaffScreen.SERVING,),
}
# The page to which "back" leads; from any other page it leads to the screen below.
PARENT_PAGES = {
    StaffScreen.QUICK_RESOLUTIONS: StaffScreen.QUICK,
    StaffScreen.OTHER_NEED: StaffScreen.HAND_OVER,
    StaffScreen.HANDOVER_NOTE: StaffScreen.HAND_OVER,
}
