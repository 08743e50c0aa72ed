"""The page of one webhook: where it is sent and what it tells, its secret, a test, and what was sent."""

from typing import Any, ClassVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.audit.audit_log import AuditAction
from sync_server.service.config.outside import WebhookSettings
from sync_server.service.settings.settings_document import SettingsDocument
from sync_server.service.webhooks import webhook_outbox
from sync_server.service.webhooks.told_events import TEST, EventData, told
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of
from sync_server.web.manager.audit import note
from sync_server.web.manager.forms import form_token, read_form, read_form_data
from sync_server.web.manager.layout import framed_page, manager_language
from sync_server.web.manager.settings.filled_form import FormPlace, fill, plain, with_problems, write_values
from sync_server.web.manager.settings.saving import save, with_savers
from sync_server.web.manager.settings.setting_field import LEFT_OUT, ShownField

from .delivery_log import SHOWN, DeliveryPage, delivery_page, delivery_place
from .outside_fields import WEBHOOK_FIELDS
from .store_access import read_store, write_store
from .webhook_list import WEBHOOKS


class WebhookPage(Context, frozen=True):
    """The page; for a new webhook `name` is empty. `secret` is shown to whom asks for it, empty otherwise."""

    template: ClassVar[str] = "manager/connections/webhook.html"

    token: str
    name: str
    fields: tuple[ShownField, ...]
    problem: str
    sentences: list[str]
    saved: bool
    tested: bool
    secret: str
    log: DeliveryPage


async def new_page(request: Request) -> Response:
    """The form of a new webhook, and making it."""
    settings = server_of(request).live_settings.current.settings
    texts = texts_of(manager_language(request))
    place = FormPlace(settings, texts, {"events": ["visit.opened", "visit.completed"]}, "webhooks")
    if request.method == "GET":
        return await _page(request, "", tuple(place.show(field) for field in WEBHOOK_FIELDS))
    filled = await with_savers(request, place, fill(WEBHOOK_FIELDS, place, await read_form_data(request)))
    entry: dict[str, Any] = {}
    for field in WEBHOOK_FIELDS:
        value = filled.changed.get(field.path, place.value(field))
        if value not in (None, LEFT_OUT, False):
            entry[field.path] = value
    entry.setdefault("name", "")
    entry.setdefault("url", "")
    name = str(entry["name"])
    base = server_of(request).live_settings.current.version
    result = await save(request, lambda document: document.add("webhooks", entry), base)
    if result.saved is not None:
        return RedirectResponse(f"{WEBHOOKS}/{name}?saved", 303)
    if result.error is not None:
        named = FormPlace(settings, texts, place.values, "webhooks", name)
        fields, rest = with_problems(filled, named, result.error)
        return await _page(request, "", fields, "manager.settings.look_again", rest)
    return await _page(request, "", filled.fields, result.key, status=409)


async def page(request: Request) -> Response:
    """The page of a webhook, and saving its form."""
    place = _place(request)
    fields = [field for field in WEBHOOK_FIELDS if not field.once]
    if request.method == "GET":
        return await _page(request, place.name, tuple(place.show(field) for field in fields))
    filled = await with_savers(request, place, fill(fields, place, await read_form_data(request)))
    if filled.others_too:
        return await _page(request, place.name, filled.fields, "manager.settings.both", status=409)
    base = server_of(request).live_settings.current.version
    result = await save(request, lambda document: write_values(document, place, fields, filled.changed), base)
    if result.saved is not None:
        return RedirectResponse(f"{WEBHOOKS}/{place.name}?saved", 303)
    if result.error is not None:
        shown, rest = with_problems(filled, place, result.error)
        return await _page(request, place.name, shown, "manager.settings.look_again", rest)
    return await _page(request, place.name, filled.fields, result.key, status=409)


async def remove(request: Request) -> Response:
    """Takes a webhook out; what waits for it is given up."""
    if request.method == "GET":  # another language was chosen on what the form led to
        return RedirectResponse(f"{WEBHOOKS}/{request.path_params['name']}", 303)
    await read_form(request)
    place = _place(request)

    def edit(document: SettingsDocument) -> None:
        document.remove("webhooks", place.name)

    result = await save(request, edit, server_of(request).live_settings.current.version)
    if result.saved is None:
        fields = tuple(place.show(field) for field in WEBHOOK_FIELDS if not field.once)
        key = result.key or "manager.settings.look_again"
        return await _page(request, place.name, fields, key, result.sentences(request), 409)
    return RedirectResponse(f"{WEBHOOKS}?saved", 303)


async def act(request: Request) -> Response:
    """Sends a test, shows the secret, or makes another one."""
    if request.method == "GET":
        return RedirectResponse(f"{WEBHOOKS}/{request.path_params['name']}", 303)
    form = await read_form(request)
    place, server = _place(request), server_of(request)
    now, name = server.processor.clock(), place.name
    fields = tuple(place.show(field) for field in WEBHOOK_FIELDS if not field.once)
    match form.get("do"):
        case "test":
            event = told(TEST, name, None, EventData(), now, server.processor.epoch)
            await write_store(request, lambda db: webhook_outbox.add(db, [(event, [name])], now))
            server.outside.webhooks.release(name)
            return RedirectResponse(f"{WEBHOOKS}/{name}?tested", 303)
        case "secret":
            note(request, AuditAction.SECRET_SHOWN, name)
            secret = await write_store(
                request,
                lambda db: webhook_outbox.secret_of(db, name) or webhook_outbox.make_secret(db, name, now),
            )
        case "new-secret":
            note(request, AuditAction.SECRET_SHOWN, name)
            secret = await write_store(request, lambda db: webhook_outbox.make_secret(db, name, now))
        case _:
            raise HTTPException(400)
    return await _page(request, name, fields, secret=secret)


def _place(request: Request) -> FormPlace:
    settings, name = server_of(request).live_settings.current.settings, request.path_params["name"]
    found: WebhookSettings | None = next((one for one in settings.webhooks if one.name == name), None)
    if found is None:
        raise HTTPException(404)
    return FormPlace(settings, texts_of(manager_language(request)), plain(found), "webhooks", name)


async def _page(
    request: Request,
    name: str,
    fields: tuple[ShownField, ...],
    problem: str = "",
    sentences: list[str] | None = None,
    status: int = 400,
    secret: str = "",
) -> Response:
    place = delivery_place(request.query_params)
    log = (
        await read_store(
            request, lambda db: webhook_outbox.log_of(db, name, SHOWN + 1, place.part, place.before)
        )
        if name
        else []
    )
    context = WebhookPage(
        form_token(request),
        name,
        fields,
        problem,
        sentences or [],
        "saved" in request.query_params and not problem,
        "tested" in request.query_params,
        secret,
        delivery_page(server_of(request), log, place),
    )
    return framed_page(request, "settings", context, status if problem else 200)
