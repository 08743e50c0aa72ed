"""The screens that ask to be let in, as cards of the page Devices.

A card keeps its place while others come and go, so that a tap meets the card that the person has looked at.
The page does not show the digits: the person types those of the screen in front of them.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from assets.i18n.texts import Texts
from sync_server.service.auth.devices import DeviceEntry
from sync_server.service.enrol.requests import EnrolRequest
from sync_server.service.server import Server


class AskingState(StrEnum):
    """Whether a request can be decided on, or how it ended."""

    WAITING = "waiting"
    GONE = "gone"
    REFUSED = "refused"
    ENROLLED = "enrolled"


class Decision(Struct, frozen=True):
    """A form that could not be done: what was typed in it, and the key of what went wrong."""

    request: str
    digits: str
    name: str
    problem: str


class AskingScreen(Struct, frozen=True):
    """One card. `name` is the one suggested or typed, or the device's name once it is in.

    `digits` are those that were typed, and `problem` the key of what was wrong with them; empty before.
    """

    request: str
    kind: str
    address: str
    since: datetime
    state: AskingState
    name: str
    digits: str = ""
    problem: str = ""


def asking_screens(
    server: Server, texts: Texts, entries: Iterable[DeviceEntry], failed: Decision | None
) -> list[AskingScreen]:
    """The cards, the newest last. `failed` is the form that this page answers, if it could not be done."""
    entries = list(entries)
    shown = server.enrol.requests.shown(server.processor.clock())
    cards = [_card(server, texts, entries, request, waits) for request, waits in shown]
    return [_with_decision(card, failed) for card in cards]


def _card(
    server: Server, texts: Texts, entries: list[DeviceEntry], request: EnrolRequest, waits: bool
) -> AskingScreen:
    state = AskingState.WAITING if waits else AskingState.GONE
    name = suggested_name(texts, request.kind, entries)
    if request.refused:
        state = AskingState.REFUSED
    elif request.enrolled is not None:
        state, name = AskingState.ENROLLED, request.enrolled.name
    since = server.processor.catalogue.local(request.shown_at or request.at)
    return AskingScreen(request.request, request.kind, request.address, since, state, name)


def _with_decision(card: AskingScreen, failed: Decision | None) -> AskingScreen:
    if failed is None or failed.request != card.request or card.state is not AskingState.WAITING:
        return card
    return AskingScreen(
        card.request,
        card.kind,
        card.address,
        card.since,
        card.state,
        failed.name,
        failed.digits,
        failed.problem,
    )


def suggested_name(texts: Texts, kind: str, entries: Iterable[DeviceEntry]) -> str:
    """A name that no device has: `Kiosk 2`."""
    entries = list(entries)
    taken = {entry.name for entry in entries}
    number = 1 + sum(1 for entry in entries if entry.kind == kind and entry.revoked_at is None)
    while (name := texts.say(f"manager.devices.suggested.{kind}", n=number)) in taken:
        number += 1
    return name
