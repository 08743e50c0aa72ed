"""A new PIN for a person, on a slip that is shown once."""

import asyncio
import secrets
import sqlite3
from functools import partial
from typing import ClassVar

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sync_server.domain.catalogue.catalogue import Employee
from sync_server.service.auth import pins
from sync_server.service.auth.errors import AccountError
from sync_server.service.server import Server
from sync_server.service.storage import catalogue_mirror
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context
from sync_server.web.manager.forms import read_form
from sync_server.web.manager.layout import framed_page
from sync_server.web.manager.settings.saving import SETTINGS


class PinSlip(Struct, frozen=True):
    """A person's new PIN."""

    name: str
    pin: str


class PinSlipsPage(Context, frozen=True):
    """The slips, to print or to write down. `onward` is where the page leads to."""

    template: ClassVar[str] = "manager/settings/pin_slips.html"

    slips: list[PinSlip]
    onward: str


async def new_pin(request: Request) -> Response:
    """Gives a person a new PIN and shows it; the old one ends."""
    await read_form(request)
    server = server_of(request)
    person = server.live_settings.current.settings.catalogue().employee(request.path_params["name"])
    if person is None:
        raise HTTPException(404)
    slips = await give_pins(server, [person])
    return framed_page(request, "settings", PinSlipsPage(slips, f"{SETTINGS}/employees/{person.id}"))


async def give_pins(server: Server, people: list[Employee]) -> list[PinSlip]:
    """Gives each person a new PIN. Raises 503 if the store cannot be written."""
    digits = server.live_settings.current.settings.access.pin_digits
    slips = []
    for person in people:
        pin, hashed = await asyncio.to_thread(make_pin, digits)
        try:
            await server.processor.writer.call(
                partial(_write, person=person, hashed=hashed, now=server.clock())
            )
        except sqlite3.Error as error:
            raise HTTPException(503) from error
        slips.append(PinSlip(person.name, pin))
    return slips


def make_pin(digits: int) -> tuple[str, str]:
    """A PIN by chance that is not one of the first that others would guess, and its hash."""
    while True:
        pin = f"{secrets.randbelow(10**digits):0{digits}d}"
        try:
            return pin, pins.hash_pin(pin, digits)
        except AccountError:
            continue


def _write(db: sqlite3.Connection, person: Employee, hashed: str, now: int) -> None:
    if not pins.has_employee(db, person.id):
        catalogue_mirror.mirror_employee(db, person)
    pins.set_pin(db, person.id, hashed, now)
