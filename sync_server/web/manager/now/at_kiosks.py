"""What the kiosks offer and say today: close a need and open it again, let a kiosk show a text."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from assets.i18n.texts import Texts
from sync_server.domain import ops
from sync_server.domain.alerts import missing_skills
from sync_server.domain.catalogue.catalogue import Catalogue, Need
from sync_server.domain.events import Back
from sync_server.domain.floor.floor import Floor
from sync_server.domain.floor.overrides import Announcement, ClosedNeed
from sync_server.domain.ops import MAX_WORDS, ActorKind
from sync_server.service.auth.devices import DeviceEntry, list_devices
from sync_server.service.server import Server
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, need_name, texts_of
from sync_server.web.manager.forms import read_form
from sync_server.web.manager.layout import framed_page, manager_language

from .actions import account_name, act

AT_KIOSKS = "/manager/now/kiosks"


class ShownClosedNeed(Struct, frozen=True):
    """A need that is closed today: its name, what shoppers read about it, who closed it and when."""

    code: str
    name: str
    says: str
    by: str
    since: datetime


class ShownAnnouncement(Struct, frozen=True):
    """A text at a kiosk. `where` is the kiosk's name, empty for all; `kiosk` and `seq` are for the form."""

    kiosk: str
    where: str
    says: str
    by: str
    since: datetime
    seq: int


class AtKiosks(Struct, frozen=True):
    """What is in force now."""

    closed: list[ShownClosedNeed]
    announcements: list[ShownAnnouncement]


class AtKiosksPage(Context, frozen=True):
    """The page. `open_needs` may be closed; `kiosks` are those that may show a text; `seq` is the log's.

    `problem` is why something was not done, empty otherwise; `given` is then what the form had.
    """

    template: ClassVar[str] = "manager/now/at_kiosks.html"

    problem: str
    given: Mapping[str, str]
    at_kiosks: AtKiosks
    open_needs: list[Need]
    backs: tuple[Back, ...]
    kiosks: list[DeviceEntry]
    seq: int
    max_words: int


async def page(request: Request) -> Response:
    """The page."""
    return await _page(request)


async def change_need(request: Request) -> Response:
    """Closes a need until closing time, or opens it again."""
    form = await read_form(request)
    need = request.path_params.get("need") or form.get("need", "")
    op: ops.CloseNeed | ops.ReopenNeed
    if form.get("do") == "reopen":
        op = ops.ReopenNeed(need)
    else:
        back = form.get("back")
        op = ops.CloseNeed(need, Back(back) if back in set(Back) else Back.UNKNOWN, _words(request, form))
    problem = await act(request, op)
    return await _page(request, problem, form) if problem else _back_to(form)


async def close_lacking(request: Request) -> Response:
    """Closes the needs that nobody on the floor could serve for want of these skills."""
    await read_form(request)
    processor = server_of(request).processor
    needs = missing_skills(processor.floor, processor.clock()).get(request.path_params["skills"], [])
    problem = "" if needs else texts_of(manager_language(request)).say("manager.refused.already")
    for need in needs:
        problem = await act(request, ops.CloseNeed(need)) or problem
    return await _page(request, problem) if problem else _back_to({})


async def announce(request: Request) -> Response:
    """Has a kiosk or all kiosks show a text, or show it no more."""
    form = await read_form(request)
    server, kiosk = server_of(request), form.get("kiosk") or None
    kiosks = await asyncio.to_thread(read_kiosks, server)
    say = texts_of(manager_language(request)).say
    if kiosk is not None and kiosk not in {entry.device_id for entry in kiosks}:
        return await _page(request, say("manager.refused.no_kiosk"), form)
    remove = form.get("do") == "remove"
    words = {} if remove else _words(request, form)
    if not words and not remove:
        return await _page(request, say("manager.refused.nothing_said"), form)
    problem = await act(request, ops.Announce(words, kiosk, _replaces(server, kiosk, form.get("seq", ""))))
    return await _page(request, problem, form) if problem else _back_to(form)


def _replaces(server: Server, kiosk: str | None, page_seq: str) -> int:
    """The seq of the text that the page showed there: the present one, unless it is newer than the page."""
    present = server.processor.floor.overrides.announcement(kiosk, server.processor.clock())
    made_at = int(page_seq) if page_seq.isascii() and page_seq.isdigit() and len(page_seq) < 16 else 0
    return present.seq if present is not None and present.seq <= made_at else 0


def _words(request: Request, form: Mapping[str, str]) -> dict[str, str]:
    """The text in each of the store's languages in which there is one."""
    languages = server_of(request).processor.catalogue.store.languages
    given = {language: form.get(f"words.{language}", "").strip() for language in languages}
    return {language: text for language, text in given.items() if text}


def _back_to(form: Mapping[str, str]) -> Response:
    return RedirectResponse(AT_KIOSKS if form.get("from") == "kiosks" else "/manager/now", 303)


async def _page(request: Request, problem: str = "", given: Mapping[str, str] | None = None) -> Response:
    server = server_of(request)
    kiosks = await asyncio.to_thread(read_kiosks, server)
    floor, now = server.processor.floor, server.processor.clock()
    texts = texts_of(manager_language(request))
    closed = {one.need for one in floor.overrides.closed_needs(now)}
    leaves = [need for need in floor.catalogue.needs if floor.catalogue.need(need.code)]
    context = AtKiosksPage(
        problem=problem,
        given=given or {},
        at_kiosks=at_kiosks(floor, {entry.device_id: entry.name for entry in kiosks}, texts, now),
        open_needs=[need for need in leaves if need.code not in closed],
        backs=tuple(Back),
        kiosks=kiosks,
        seq=floor.seq,
        max_words=MAX_WORDS,
    )
    return framed_page(request, "now", context, 409 if problem else 200)


def read_kiosks(server: Server) -> list[DeviceEntry]:
    """The kiosks of the store. Reads the database."""
    with reading(server.data_dir.store) as db:
        devices = list_devices(db)
    return [entry for entry in devices if entry.kind == ActorKind.KIOSK and entry.revoked_at is None]


def at_kiosks(floor: Floor, kiosk_names: Mapping[str, str], texts: Texts, now: int) -> AtKiosks:
    """What kiosks offer and say at `now` (ms UTC), in words."""
    overrides, catalogue = floor.overrides, floor.catalogue
    return AtKiosks(
        [_closed_need(one, catalogue, texts) for one in overrides.closed_needs(now)],
        [_announcement(one, kiosk_names, catalogue, texts) for one in overrides.announcements(now)],
    )


def _closed_need(one: ClosedNeed, catalogue: Catalogue, texts: Texts) -> ShownClosedNeed:
    says = " ".join(part for part in (texts.say(f"manager.back.{one.back}"), texts.text(one.words)) if part)
    name = need_name(catalogue, one.need, texts)
    return ShownClosedNeed(one.need, name, says, account_name(one.by), catalogue.local(one.since))


def _announcement(
    one: Announcement, names: Mapping[str, str], catalogue: Catalogue, texts: Texts
) -> ShownAnnouncement:
    where = names.get(one.kiosk, one.kiosk) if one.kiosk else ""
    says, since = texts.text(one.words), catalogue.local(one.since)
    return ShownAnnouncement(one.kiosk or "", where, says, account_name(one.by), since, one.seq)
