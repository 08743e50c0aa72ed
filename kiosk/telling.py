"""What a shopper tells on the way into the line. Pure: each tap gives the session that follows it.

A tap that means nothing where they are gives the very same session.
"""

from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.catalogue import COLOURS, Catalogue

from .session import Screen, Session

LONGEST_NAME = 24


def need(said: Session, catalogue: Catalogue, code: str) -> Session:
    """A tile: on to where to find the shopper, or to the tiles below this one."""
    if said.screen not in (Screen.NEED, Screen.MORE):
        return said
    if catalogue.need(code):
        return replace(said, screen=Screen.SPOT, need=code)
    return replace(said, screen=Screen.MORE, group=code) if catalogue.needs_under(code) else said


def colour(said: Session, worn: str) -> Session:
    """What the shopper wears; the same again takes it back."""
    if said.screen is not Screen.SPOT or worn not in COLOURS:
        return said
    return replace(said, colour=None if worn == said.colour else worn)


def place(said: Session, catalogue: Catalogue, where: str) -> Session:
    """Where the shopper will be; the same again takes it back."""
    if said.screen is not Screen.SPOT or all(where != known.code for known in catalogue.places):
        return said
    return replace(said, place=None if where == said.place else where)


def name_page(said: Session) -> Session:
    """On to the keyboard."""
    return replace(said, screen=Screen.NAME) if said.screen is Screen.SPOT else said


def typed(said: Session, text: str) -> Session:
    """One key of the keyboard. A name begins without a space and has an end."""
    if said.screen is not Screen.NAME:
        return said
    return replace(said, name=(said.name + text).lstrip()[:LONGEST_NAME])


def erased(said: Session) -> Session:
    """The last letter is taken back."""
    return replace(said, name=said.name[:-1]) if said.screen is Screen.NAME else said


def visit(said: Session, visit_id: str, ticket: str, link: str) -> ops.OpenVisit | None:
    """The visit all this makes; None where the shopper has not come so far."""
    if said.screen is not Screen.SPOT or said.need is None:
        return None
    return ops.OpenVisit(
        visit_id=visit_id,
        ticket=ticket,
        need=said.need,
        language=said.language,
        alias=said.name.strip() or None,
        colour=said.colour,
        place=said.place,
        link=link,
    )
