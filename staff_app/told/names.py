"""The names of things in the tablet's language: needs, shoppers, places, money, endings."""

from assets.words import Words
from staff_app.seen import Seen
from sync_server.domain.catalogue import Need
from sync_server.protocol.rows import VisitRow


def need_name(seen: Seen, words: Words, code: str) -> str:
    """`Help me choose · Laptops` for a need below another, else its own text."""
    need = next((n for n in seen.catalogue.needs if n.code == code), None) if seen.catalogue else None
    if need is None:
        return code
    own = words.text(need.text)
    return f"{need_name(seen, words, need.under)} · {own}" if need.under else own


def group_name(seen: Seen, words: Words, need: Need) -> str:
    """The text of the need this one stands below; empty for one of the first level."""
    return need_name(seen, words, need.under) if need.under else ""


def employee_name(seen: Seen, employee: str | None) -> str:
    found = seen.catalogue.employee(employee) if seen.catalogue and employee else None
    return found.name if found else employee or ""


def employee_colour(seen: Seen, employee: str) -> str:
    found = seen.catalogue.employee(employee) if seen.catalogue else None
    return found.colour if found else "#D8D2C4"


def wearing(words: Words, row: VisitRow) -> str:
    """`in red`; empty where the shopper did not say."""
    return words.say(f"wearing.{row.colour}") if row.colour else ""


def shopper(words: Words, row: VisitRow) -> str:
    """How to spot them, in one line: `Robin, in red`; where nothing is known, their ticket is called."""
    worn = wearing(words, row)
    if row.alias and worn:
        return words.say("staff.offer.spot", alias=row.alias, wearing=worn)
    if row.alias or worn:
        return row.alias or worn[:1].upper() + worn[1:]
    return words.say("staff.offer.no_spot", ticket=ticket(words, row))


def who(words: Words, row: VisitRow) -> str:
    """The shopper in one or two words."""
    return row.alias or words.ticket_name(row.ticket)


def place(seen: Seen, words: Words, row: VisitRow) -> str:
    """Where the shopper said they would be: `by the phones`; empty if they did not."""
    places = seen.catalogue.places if seen.catalogue else ()
    return next((words.by_place(p.text) for p in places if p.code == row.place), "")


def ticket(words: Words, row: VisitRow) -> str:
    """`A-42 Blue Heron`."""
    return f"{row.ticket} {words.ticket_name(row.ticket)}"


def party(words: Words, row: VisitRow) -> str:
    return words.say("staff.offer.party", n=row.party_size) if row.party_size > 1 else ""


def money(seen: Seen, words: Words, cents: int) -> str:
    """An amount in the store's currency."""
    return words.money(cents, seen.catalogue.store.currency if seen.catalogue else "EUR")


def dotted(*parts: str) -> str:
    """The parts that are there, with a dot between."""
    return " · ".join(part for part in parts if part)
