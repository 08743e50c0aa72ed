"""Names a ticket by a colour and an animal, so that people can remember it: "Blue Heron" for A-42."""

from collections.abc import Callable

from sync_server.domain.visit.ticket import name_parts


def colour_word(say: Callable[..., str], colour: int) -> str:
    """The colour word with this number, from 0."""
    return say(f"names.colours.{colour + 1}")


def animal_word(say: Callable[..., str], animal: int) -> str:
    """The animal word with this number, from 0."""
    return say(f"names.animals.{animal + 1}")


def ticket_name(say: Callable[..., str], ticket: str) -> str:
    """The name of a ticket, in the language that `say` speaks."""
    colour, animal = name_parts(ticket)
    return say("names.name", colour=colour_word(say, colour), animal=animal_word(say, animal))
