"""The manager says why a visit was not solved or not easy, and when that is taken care of."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from starlette.requests import Request

from assets.i18n.texts import Texts
from sync_server.domain import ops
from sync_server.domain.events import RootCause
from sync_server.service.server import Server
from sync_server.service.storage.connection import reading
from sync_server.web.http.templates import texts_of
from sync_server.web.manager.layout import manager_language
from sync_server.web.manager.now.actions import act


class FollowUpBox(Struct, frozen=True):
    """What managers found out about a visit: the cause, empty for none, and whether that is taken care of.

    `rev` is that of the visit, for the form.
    """

    cause: str
    done: bool
    rev: int


async def follow_up(request: Request, form: Mapping[str, str]) -> str:
    """Does what the form asks for. Why it was not done, as a sentence; empty if it was."""
    rev = form.get("rev", "")
    if form.get("cause") not in set(RootCause) or not rev.isascii() or not rev.isdigit() or len(rev) > 9:
        return texts_of(manager_language(request)).say("manager.refused.nothing_said")
    op = ops.LookInto(
        request.path_params["visit"], int(rev) or 1, RootCause(form["cause"]), form.get("done") == "yes"
    )
    return await act(request, op)


def follow_up_box(line: Mapping[str, Any]) -> FollowUpBox:
    """Of a line of the visit log."""
    return FollowUpBox(line["root_cause"] or "", bool(line["followed_up"]), line["rev"])


def read_follow_ups(server: Server, visits: Iterable[str]) -> dict[str, FollowUpBox]:
    """As they are on the disk now."""
    sql = "SELECT root_cause, followed_up, rev FROM visits WHERE visit_id = ?"
    found = {}
    with reading(server.data_dir.store) as db:
        for visit_id in visits:
            cause, done, rev = db.execute(sql, (visit_id,)).fetchone()
            found[visit_id] = FollowUpBox(cause or "", bool(done), rev)
    return found


def causes(texts: Texts) -> list[tuple[str, str]]:
    """The reasons to choose from, and their texts."""
    return [(cause.value, texts.say(f"manager.cause.{cause}")) for cause in RootCause]
