"""What a shopper enters before joining the line. Each function returns the session after one tap.

A tap that means nothing on the present screen returns the same session object.
"""

from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import COLOURS, Catalogue

from .session import KioskScreen, ShopperSession

MAX_NAME_LENGTH = 24


def choose_need(
    session: ShopperSession, catalogue: Catalogue, code: str, closed: bool = False
) -> ShopperSession:
    """Chooses a need, or opens the group of needs with this code.

    `closed`: the shop cannot do it today. Then the screen says when it can, and offers the others.
    """
    if session.screen not in (KioskScreen.NEED, KioskScreen.NEED_GROUP, KioskScreen.NEED_CLOSED):
        return session
    if closed and catalogue.need(code):
        return replace(session, screen=KioskScreen.NEED_CLOSED, need=code)
    if catalogue.need(code):
        return replace(session, screen=KioskScreen.IDENTIFY, need=code)
    if catalogue.needs_under(code):
        return replace(session, screen=KioskScreen.NEED_GROUP, group=code)
    return session


def choose_colour(session: ShopperSession, colour: str) -> ShopperSession:
    """Chooses the colour that the shopper wears; the same colour again removes it."""
    if session.screen is not KioskScreen.IDENTIFY or colour not in COLOURS:
        return session
    return replace(session, colour=None if colour == session.colour else colour)


def choose_place(session: ShopperSession, catalogue: Catalogue, place: str) -> ShopperSession:
    """Chooses where the shopper will be; the same place again removes it."""
    known = any(place == offered.code for offered in catalogue.places)
    if session.screen is not KioskScreen.IDENTIFY or not known:
        return session
    return replace(session, place=None if place == session.place else place)


def open_name(session: ShopperSession) -> ShopperSession:
    """Opens the keyboard for the shopper's name."""
    return replace(session, screen=KioskScreen.NAME) if session.screen is KioskScreen.IDENTIFY else session


def type_text(session: ShopperSession, text: str) -> ShopperSession:
    """Adds what a key of the keyboard types. A name has no spaces before it and a maximum length."""
    if session.screen is not KioskScreen.NAME:
        return session
    return replace(session, name=(session.name + text).lstrip()[:MAX_NAME_LENGTH])


def erase(session: ShopperSession) -> ShopperSession:
    """Removes the last letter of the name."""
    if session.screen is not KioskScreen.NAME:
        return session
    return replace(session, name=session.name[:-1])


def open_visit(
    session: ShopperSession, visit_id: str, ticket: str, link: str, taps: int | None = None
) -> ops.OpenVisit | None:
    """The op that opens the visit after so many `taps`; None if the shopper has not entered enough for it."""
    if session.screen is not KioskScreen.IDENTIFY or session.need is None:
        return None
    return ops.OpenVisit(
        visit_id=visit_id,
        ticket=ticket,
        need=session.need,
        language=session.language,
        alias=session.name.strip() or None,
        colour=session.colour,
        place=session.place,
        link=link,
        taps=taps,
    )
