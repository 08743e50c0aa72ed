"""The page Mail: the mail server, what is sent to whom and when, its password, a test, and what was sent."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from secrets import token_hex
from typing import ClassVar

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.audit.audit_log import AuditAction
from sync_server.service.mail import mail_outbox
from sync_server.service.mail.mail_outbox import LoggedMail, MailKind, MailState
from sync_server.service.mail.mail_password import read_password, write_password
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of
from sync_server.web.manager.audit import note
from sync_server.web.manager.forms import form_token, read_form, read_form_data
from sync_server.web.manager.layout import framed_page, manager_language
from sync_server.web.manager.settings.filled_form import FormPlace, fill, plain, with_problems, write_values
from sync_server.web.manager.settings.saving import SETTINGS, save, with_savers
from sync_server.web.manager.settings.setting_field import ShownField

from .outside_fields import MAIL_FIELDS
from .store_access import read_store, write_store

MAIL = f"{SETTINGS}/mail"
MAX_PASSWORD = 200

log = logging.getLogger(__name__)


class ShownMail(Struct, frozen=True):
    """A mail as the page shows it. `next` is when it is tried again, None if it is not.

    `problem` is the code of what went wrong, empty if nothing did; `detail` says more about it.
    """

    mail: LoggedMail
    made: datetime
    next: datetime | None
    problem: str
    detail: str


class MailPage(Context, frozen=True):
    """The page. `is_on`: a mail server is set. `has_password`: there is one, which is never shown."""

    template: ClassVar[str] = "manager/connections/mail.html"

    token: str
    fields: tuple[ShownField, ...]
    problem: str
    sentences: list[str]
    saved: bool
    tested: bool
    is_on: bool
    has_password: bool
    mails: list[ShownMail]


async def page(request: Request) -> Response:
    """The page, and saving its form."""
    settings = server_of(request).live_settings.current.settings
    place = FormPlace(settings, texts_of(manager_language(request)), plain(settings))
    if request.method == "GET":
        return await _page(request, tuple(place.show(field) for field in MAIL_FIELDS))
    filled = await with_savers(request, place, fill(MAIL_FIELDS, place, await read_form_data(request)))
    if filled.problems:
        return await _page(request, filled.fields, "manager.settings.look_again")
    if filled.others_too:
        return await _page(request, filled.fields, "manager.settings.both", status=409)
    base = server_of(request).live_settings.current.version
    result = await save(
        request, lambda document: write_values(document, place, MAIL_FIELDS, filled.changed), base
    )
    if result.saved is not None:
        await _try_now(request)
        return RedirectResponse(f"{MAIL}?saved", 303)
    if result.error is not None:
        fields, rest = with_problems(filled, place, result.error)
        return await _page(request, fields, "manager.settings.look_again", rest)
    return await _page(request, filled.fields, result.key, status=409)


async def act(request: Request) -> Response:
    """Keeps the password, forgets it, or sends a test."""
    form, server = await read_form(request), server_of(request)
    match form.get("do"):
        case "password":
            password = form.get("password", "")[:MAX_PASSWORD]
            await _keep_password(request, password)
        case "forget":
            await _keep_password(request, "")
        case "test":
            sender, now = server.outside.mail, server.processor.clock()
            if not (sender.settings.host and sender.settings.to):
                raise HTTPException(409)
            message, title = sender.test_message(), sender.texts.say("manager.mail.test.title")
            once = f"test {token_hex(8)}"
            await write_store(
                request, lambda db: mail_outbox.add(db, MailKind.TEST, once, title, message, now)
            )
            server.outside.mail_wanted.set()
            return RedirectResponse(f"{MAIL}?tested", 303)
        case _:
            raise HTTPException(400)
    await _try_now(request)
    return RedirectResponse(f"{MAIL}?saved", 303)


async def _keep_password(request: Request, password: str) -> None:
    note(request, AuditAction.MAIL_PASSWORD)
    if any(ord(letter) < 32 for letter in password):
        raise HTTPException(400)
    try:
        await asyncio.to_thread(write_password, server_of(request).data_dir, password)
    except OSError as error:
        log.error("the password of the mail server could not be written: %s", error)
        raise HTTPException(503) from error


async def _try_now(request: Request) -> None:
    """What waited because of what was wrong before need not wait any longer."""
    now = server_of(request).processor.clock()
    await write_store(request, lambda db: mail_outbox.try_now(db, now))
    server_of(request).outside.mail_wanted.set()


async def _page(
    request: Request,
    fields: tuple[ShownField, ...],
    problem: str = "",
    sentences: list[str] | None = None,
    status: int = 400,
) -> Response:
    server = server_of(request)
    local = server.processor.catalogue.local
    mails = await read_store(request, mail_outbox.log_of)
    try:
        has_password = bool(await asyncio.to_thread(read_password, server.data_dir))
    except OSError:
        has_password = False
    context = MailPage(
        form_token(request),
        fields,
        problem,
        sentences or [],
        "saved" in request.query_params and not problem,
        "tested" in request.query_params,
        bool(server.live_settings.current.settings.mail.host),
        has_password,
        [_shown(one, local) for one in mails],
    )
    return framed_page(request, "settings", context, status if problem else 200)


def _shown(one: LoggedMail, local: Callable[[int], datetime]) -> ShownMail:
    problem, _, detail = (one.problem or "").partition(": ")
    following = local(one.next_at) if one.state is MailState.WAITING and one.tries else None
    is_sent = one.state is MailState.SENT
    return ShownMail(one, local(one.made_at), following, "" if is_sent else problem, detail)
