"""The manager corrects what the log says about an ended visit. What it said before stays in the log."""

import asyncio
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from assets.i18n.texts import Texts
from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Corrected, CorrectedBecause, FoundCompleted
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.refusal import Code
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import ENDED, State, Visit
from sync_server.service.reports import visit_log
from sync_server.service.server import Server
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, need_name, texts_of
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import framed_page, manager_language

MAX_NOTE = 500  # characters, as of every note
_OP_ID = re.compile(r"[0-9a-f]{32}")
# Which refusal is which sentence; all others say that something is not there any more.
_PROBLEMS = {
    Code.STALE_REV: "manager.correct.stale",
    Code.NOTHING_SAID: "manager.correct.nothing",
    Code.WRONG_STATE: "manager.correct.open",
}
Options = list[tuple[str, str]]  # the value, and its text


class CorrectPage(Context, frozen=True):
    """The form. `line` is what the log says now, and `chosen` what is filled in.

    `op_id` makes sure that a form that is sent twice corrects once. `problem` is a sentence, empty for none.
    `resolutions` and `employees` are empty where the visit has none to correct. `takes_note`: the visit
    ended so lately that a note about it may be stored; `keep_h` is for how many hours after its end.
    """

    template: ClassVar[str] = "manager/visit_log/correct.html"

    line: Mapping[str, Any]
    chosen: Mapping[str, str]
    op_id: str
    token: str
    problem: str
    resolutions: Options
    employees: Options
    needs: Options
    reasons: Options
    takes_note: bool
    keep_h: int
    max_note: int


class CorrectedField(Struct, frozen=True):
    """One thing that a correction changed: the key of its name, and the texts before and after."""

    name: str
    before: str
    after: str


async def correct(request: Request) -> Response:
    """The form, and what it sends. Raises 404 for a visit that there never was."""
    server = server_of(request)
    line = await asyncio.to_thread(_line, server, request.path_params["visit"])
    if request.method == "GET":
        return _form(request, line, {}, "")
    form = await read_form(request)
    say = texts_of(manager_language(request)).say
    kept = {name: form.get(name, "") for name in ("because", "note")}
    try:
        op = _op(line["visit_id"], form)
    except ValueError:
        return _form(request, line, kept, say("manager.correct.choose"), 400)
    by = Actor(ActorKind.MANAGER, account=request.state.account.name)
    refusal = await server.processor.submit(_op_id(form), op, by)
    if refusal is None:
        return RedirectResponse(f"/manager/visits/{line['visit_id']}", 303)
    line = await asyncio.to_thread(_line, server, line["visit_id"])
    return _form(request, line, kept, say(_PROBLEMS.get(refusal.code, "manager.correct.gone")), 409)


def changes_of(
    event: Corrected | FoundCompleted,
    before: Visit,
    names: Mapping[str, str],
    catalogue: Catalogue,
    texts: Texts,
) -> list[CorrectedField]:
    """What a correction changed. `names` are those of all employees, `before` the visit before it."""
    found = []
    if event.resolution is not None:
        was = texts.say(f"resolution.{before.resolution}" if before.resolution else f"state.{before.state}")
        found.append(CorrectedField("column.resolution", was, texts.say(f"resolution.{event.resolution}")))
    if event.employee is not None:
        was = names.get(before.employee or "", before.employee or "")
        found.append(CorrectedField("manager.log.employee", was, names.get(event.employee, event.employee)))
    if event.need is not None:
        was = need_name(catalogue, before.need, texts)
        found.append(CorrectedField("column.need", was, need_name(catalogue, event.need, texts)))
    return found


def _line(server: Server, visit_id: str) -> dict[str, Any]:
    with reading(server.data_dir.store) as db:
        line = visit_log.visit(db, visit_id)
    if line is None:
        raise HTTPException(404)
    return line


def _op(visit_id: str, form: Mapping[str, str]) -> ops.Correct:
    """Raises ValueError for what the page's own form does not send, above all without a reason."""
    return ops.Correct(
        visit_id=visit_id,
        expected_rev=int(form.get("rev", "")),
        because=CorrectedBecause(form.get("because", "")),
        resolution=Resolution(form["resolution"]) if form.get("resolution") else None,
        employee=form.get("employee") or None,
        need=form.get("need") or None,
        note=form.get("note", "").strip()[:MAX_NOTE] or None,
    )


def _op_id(form: Mapping[str, str]) -> str:
    """The form's own id, so that sending it twice corrects once."""
    return form["op_id"] if _OP_ID.fullmatch(form.get("op_id", "")) else secrets.token_hex(16)


def _form(
    request: Request, line: Mapping[str, Any], kept: Mapping[str, str], problem: str, status: int = 200
) -> Response:
    server = server_of(request)
    catalogue, texts = server.processor.catalogue, texts_of(manager_language(request))
    if State(line["state"]) not in ENDED:
        problem = problem or texts.say("manager.correct.open")
    now = {name: line[name] or "" for name in ("resolution", "employee", "need")}
    context = CorrectPage(
        line=line,
        chosen={"because": "", "note": "", **now, **kept},
        op_id=secrets.token_hex(16),
        token=form_token(request),
        problem=problem,
        resolutions=_resolutions(line, texts),
        employees=_employees(line, catalogue, texts),
        needs=_with_present(
            [
                (need.code, need_name(catalogue, need.code, texts))
                for need in catalogue.needs
                if catalogue.need(need.code)
            ],
            line["need"],
            line["need"],
        ),
        reasons=[(why.value, texts.say(f"manager.correct.because.{why}")) for why in CorrectedBecause],
        takes_note=_takes_note(server, line),
        keep_h=server.settings.privacy.keep_descriptions_h,
        max_note=MAX_NOTE,
    )
    return framed_page(request, "log", context, status)


def _takes_note(server: Server, line: Mapping[str, Any]) -> bool:
    """Whether a note would be stored: of an older visit all notes are deleted at once."""
    if line["ended_at"] is None:
        return False
    ended_at = datetime.fromisoformat(line["ended_at"]).timestamp() * 1000
    return server.processor.clock() < ended_at + server.settings.privacy.keep_descriptions_h * 3_600_000


def _resolutions(line: Mapping[str, Any], texts: Texts) -> Options:
    """A visit that closing time has ended may have been completed, and nobody tapped that."""
    ends = [(end.value, texts.say(f"resolution.{end}")) for end in Resolution]
    if line["state"] == State.EXPIRED:
        return [("", texts.say("manager.correct.not_completed")), *ends]
    return ends if line["state"] == State.COMPLETED else []


def _employees(line: Mapping[str, Any], catalogue: Catalogue, texts: Texts) -> Options:
    everybody = [(employee.id, employee.name) for employee in catalogue.employees]
    if line["employee"]:
        return _with_present(everybody, line["employee"], line["employee"])
    known = line["state"] == State.EXPIRED
    return [("", texts.say("manager.correct.nobody_known")), *everybody] if known else []


def _with_present(options: Options, value: str, text: str) -> Options:
    """The options, and what the log says now where the shop does not have it any more."""
    return options if any(code == value for code, _ in options) else [(value, text), *options]
