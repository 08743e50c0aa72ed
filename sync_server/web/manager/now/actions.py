"""Does what a manager asks for on the page Now: an op in the log with their name, or a sentence why not."""

import secrets

from starlette.requests import Request

from assets.i18n.texts import Texts
from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Presence
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.refusal import Code, Refusal
from sync_server.service.auth.managers import Account
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import texts_of
from sync_server.web.manager.layout import manager_language

_CHANGED = "manager.refused.changed"
_SENTENCES = {
    Code.STALE_REV: _CHANGED,
    Code.WRONG_STATE: _CHANGED,
    Code.UNKNOWN_VISIT: "manager.refused.gone",
    Code.ALREADY_SO: "manager.refused.already",
    Code.ALREADY_TAKEN: "manager.refused.taken",
    Code.FINISH_FIRST: "manager.refused.finish_first",
    Code.NOT_AVAILABLE: "manager.refused.not_available",
    Code.NOT_SIGNED_IN: "manager.refused.not_signed_in",
    Code.NOTHING_SAID: "manager.refused.nothing_said",
    Code.MALFORMED: "manager.refused.too_long",
}


async def act(request: Request, op: ops.AnyOp) -> str:
    """Does the op in the name of who is signed in. Why it was refused, as a sentence; empty if it was done.

    Raises Unavailable if the store cannot be written.
    """
    account: Account = request.state.account
    by = Actor(ActorKind.MANAGER, account=account.name)
    processor = server_of(request).processor
    refusal = await processor.submit(secrets.token_hex(16), op, by)
    return (
        "" if refusal is None else why_not(refusal, processor.catalogue, texts_of(manager_language(request)))
    )


def why_not(refusal: Refusal, catalogue: Catalogue, texts: Texts) -> str:
    """What happened meanwhile, or what is missing, in words."""
    about, key = refusal.about, _SENTENCES.get(refusal.code, "manager.refused.other")
    who = account_name(about)
    if refusal.code in (Code.ALREADY_SO, Code.STALE_REV) and who:
        return texts.say("manager.refused.by", name=who)
    employee = catalogue.employee(about)
    return texts.say(
        key,
        name=employee.name if employee else about,
        ticket=about,
        about=about,
        presence=texts.inside(texts.say(f"presence.{about}")) if about in set(Presence) else about,
    )


def account_name(actor: str) -> str:
    """The name of a manager from the actor of a record, `manager:anna`; empty for anybody else."""
    kind, _, name = actor.partition(":")
    return name if kind == ActorKind.MANAGER else ""
