"""The names of needs, shoppers, places, employees and amounts in the tablet's language."""

from assets.i18n.texts import Texts, language_name
from assets.theme.drawing import drawable
from staff_app.snapshot import TabletSnapshot
from sync_server.domain.catalogue.catalogue import Need
from sync_server.domain.queue.hindrance import Kind
from sync_server.protocol.rows import VisitRow


def need_name(snapshot: TabletSnapshot, texts: Texts, code: str) -> str:
    """A need's text, after its group's if it has one: `Help me choose · Laptops`."""
    needs = snapshot.catalogue.needs if snapshot.catalogue else ()
    need = snapshot.need(code) or next((n for n in needs if n.code == code), None)
    if need is None:
        return code
    own = texts.text(need.text)
    return f"{need_name(snapshot, texts, need.under)} · {own}" if need.under else own


def group_name(snapshot: TabletSnapshot, texts: Texts, need: Need) -> str:
    """The text of the need's group; empty if it has none."""
    return need_name(snapshot, texts, need.under) if need.under else ""


def employee_name(snapshot: TabletSnapshot, employee: str | None) -> str:
    found = snapshot.catalogue.employee(employee) if snapshot.catalogue and employee else None
    return found.name if found else employee or ""


def employee_colour(snapshot: TabletSnapshot, employee: str) -> str:
    found = snapshot.catalogue.employee(employee) if snapshot.catalogue else None
    return found.colour if found else "#D8D2C4"


def wearing(texts: Texts, row: VisitRow) -> str:
    """`in red`; empty if the shopper did not say."""
    return texts.say(f"wearing.{row.colour}") if row.colour else ""


def alias(row: VisitRow) -> str:
    """How the shopper wants to be called; empty if they did not say, or no font here has the letters."""
    return drawable(row.alias or "")


def shopper_line(texts: Texts, row: VisitRow) -> str:
    """How to recognise the shopper: `Robin, in red`. If nothing is known, their ticket is called out."""
    worn = wearing(texts, row)
    name = alias(row)
    if name and worn:
        return texts.say("staff.offer.spot", alias=name, wearing=worn)
    if name or worn:
        return name or worn[:1].upper() + worn[1:]
    return texts.say("staff.offer.no_spot", ticket=ticket(texts, row))


def shopper_name(texts: Texts, row: VisitRow) -> str:
    """The shopper's own name, else the name of their ticket."""
    return alias(row) or texts.ticket_name(row.ticket)


def shopper_details(texts: Texts, row: VisitRow) -> tuple[str, ...]:
    """The ticket, the size of the party and the language.

    The ticket is empty if nothing else is known of the shopper: `shopper_line` shows it then.
    """
    is_known = alias(row) or row.colour
    shown_ticket = ticket(texts, row) if is_known else ""
    return shown_ticket, party(texts, row), language_name(row.language)


def place(snapshot: TabletSnapshot, texts: Texts, row: VisitRow) -> str:
    """Where the shopper will be: `by the phones`; empty if they did not say."""
    found = snapshot.catalogue.place(row.place) if snapshot.catalogue and row.place else None
    return texts.by_place(found.text) if found else ""


def hindrance(snapshot: TabletSnapshot, texts: Texts, row: VisitRow) -> str:
    """What keeps a visit that waits too long, and what would help; empty if nothing keeps it."""
    found = snapshot.hindrance(row)
    if found is None:
        return ""
    me = snapshot.me
    if found.kind is not Kind.NOBODY and me is not None and me.id in found.employees:
        return texts.say("staff.hindrance.mine")
    listed = ", ".join(employee_name(snapshot, name) for name in found.employees)
    return texts.say(f"staff.hindrance.{found.reason}", names=listed)


def ticket(texts: Texts, row: VisitRow) -> str:
    """`A-42 Blue Heron`."""
    return f"{row.ticket} {texts.ticket_name(row.ticket)}"


def party(texts: Texts, row: VisitRow) -> str:
    """How many people; empty for one."""
    return texts.say("staff.offer.party", n=row.party_size) if row.party_size > 1 else ""


def money(snapshot: TabletSnapshot, texts: Texts, cents: int) -> str:
    """An amount in the store's currency."""
    return texts.money(cents, snapshot.catalogue.store.currency if snapshot.catalogue else "EUR")


def dotted(*parts: str) -> str:
    """The parts that are not empty, with a dot between them."""
    return " · ".join(part for part in parts if part)
