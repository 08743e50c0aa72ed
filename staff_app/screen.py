"""Which screens there are, and which may lie over which."""

from enum import StrEnum


class Screen(StrEnum):
    """All that can fill the tablet: what the floor decides, and the pages a person opens over it."""

    STARTING = "starting"
    WHO = "who"
    PIN = "pin"
    FLOOR = "floor"
    OFFER = "offer"
    WALKING = "walking"
    IN_HAND = "in_hand"
    AWAY = "away"
    BREAK = "break"

    QUICK = "quick"
    QUICK_END = "quick_end"
    SIGN_OFF = "sign_off"
    NOT_HERE = "not_here"
    GIVE_BACK = "give_back"
    ENDINGS = "endings"
    GIFT = "gift"
    NOTE = "note"
    HAND_OVER = "hand_over"
    OTHER_NEED = "other_need"
    STORY = "story"

    SORRY = "sorry"  # a fault of our own, over everything but an offer


# Over which screens a page may lie. It is closed by itself when none of them is underneath any more.
OVER: dict[Screen, tuple[Screen, ...]] = {
    Screen.QUICK: (Screen.FLOOR,),
    Screen.QUICK_END: (Screen.FLOOR,),
    Screen.SIGN_OFF: (Screen.FLOOR, Screen.BREAK),
    Screen.NOT_HERE: (Screen.WALKING,),
    Screen.GIVE_BACK: (Screen.WALKING,),
    Screen.ENDINGS: (Screen.IN_HAND,),
    Screen.GIFT: (Screen.IN_HAND,),
    Screen.NOTE: (Screen.IN_HAND,),
    Screen.HAND_OVER: (Screen.IN_HAND,),
    Screen.OTHER_NEED: (Screen.IN_HAND,),
    Screen.STORY: (Screen.IN_HAND,),
}
# Where "back" leads from a page, if not to what lies underneath.
BEFORE = {
    Screen.QUICK_END: Screen.QUICK,
    Screen.OTHER_NEED: Screen.HAND_OVER,
    Screen.STORY: Screen.HAND_OVER,
}
