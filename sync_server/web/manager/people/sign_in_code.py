"""The second step of a sign-in: the code of the authenticator app, or a recovery code.

Between the two steps the cookie names a half sign-in, which opens no page and ends after five minutes.
"""

import asyncio
import secrets
from typing import ClassVar

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.audit.audit_log import AuditAction
from sync_server.service.auth import second_factor
from sync_server.service.auth.managers import Account
from sync_server.service.auth.managers import find as find_account
from sync_server.service.storage.connection import reading
from sync_server.store_clock import wall_clock
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context
from sync_server.web.manager.access import SIGN_IN, begin_session
from sync_server.web.manager.audit import write_audit
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import card_page

CODE_STEP = "/manager/sign-in/code"
HALF_MS = 5 * 60_000
MAX_HALF = 200
MAX_CODE_LENGTH = 40
KEY = "half"  # in the cookie


class HalfSignIn(Struct, frozen=True):
    """A right password that waits for its code. `at` in ms UTC; `next_page` is where the person goes then."""

    account: str
    password_set_at: int
    at: int
    next_page: str


class HalfSignIns:
    """Those of this server, in memory."""

    def __init__(self) -> None:
        self._waiting: dict[str, HalfSignIn] = {}

    def begin(self, account: Account, now: int, next_page: str) -> str:
        """Notes that the password was right, and gives the key for the cookie."""
        self._waiting = {key: one for key, one in self._waiting.items() if 0 <= now - one.at < HALF_MS}
        while len(self._waiting) >= MAX_HALF:
            del self._waiting[next(iter(self._waiting))]
        key = secrets.token_urlsafe(24)
        self._waiting[key] = HalfSignIn(account.name, account.set_at, now, next_page)
        return key

    def find(self, key: object, now: int) -> HalfSignIn | None:
        """The half sign-in of this key, while it is valid."""
        found = self._waiting.get(str(key))
        return found if found is not None and 0 <= now - found.at < HALF_MS else None

    def end(self, key: object) -> None:
        """It became a sign-in."""
        self._waiting.pop(str(key), None)


class TypedCode(Struct, frozen=True):
    """What came of a code. `problem` is the key of its sentence; `off_s` how wrong the phone's clock is."""

    accepted: bool
    problem: str = ""
    wait_s: int = 0
    off_s: int = 0
    recovery: bool = False


class SignInCodePage(Context, frozen=True):
    """The form. `problem` is the key of what was wrong, `minutes` by how much a clock is off."""

    template: ClassVar[str] = "manager/people/sign_in_code.html"

    token: str
    problem: str = ""
    wait_s: int = 0
    minutes: int = 0


def half_sign_ins(request: Request) -> HalfSignIns:
    """The half sign-ins of this application."""
    found: HalfSignIns = request.app.state.half_sign_ins
    return found


async def page(request: Request) -> Response:
    """Asks for the code and checks it."""
    server = server_of(request)
    key, now = request.session.get(KEY), server.processor.clock()
    half = half_sign_ins(request).find(key, now)
    account = None if half is None else await asyncio.to_thread(_account, request, half.account)
    if half is None or account is None or account.set_at != half.password_set_at:
        return RedirectResponse(SIGN_IN, 303)
    if request.method == "GET":
        return card_page(request, SignInCodePage(form_token(request)))
    form = await read_form(request)
    result = await check_typed_code(request, account.name, form.get("code", ""))
    if not result.accepted:
        await write_audit(request, (AuditAction.CODE_REFUSED, ""), account.name)
        minutes = round(abs(result.off_s) / 60)
        context = SignInCodePage(form_token(request), result.problem, result.wait_s, minutes)
        return card_page(request, context, 429 if result.wait_s else 401)
    half_sign_ins(request).end(key)
    begin_session(request, account)
    if result.recovery:
        await write_audit(request, (AuditAction.RECOVERY_USED, ""), account.name)
    await write_audit(request, (AuditAction.SIGNED_IN, ""), account.name)
    if result.off_s:
        request.session["off_s"] = result.off_s  # said once, on the page of the account
        return RedirectResponse("/manager/account?clock", 303)
    return RedirectResponse("/manager/account?recovery" if result.recovery else half.next_page, 303)


async def check_typed_code(request: Request, name: str, typed: str) -> TypedCode:
    """Checks a code of the app or a recovery code, slows guessing down, and uses the code up."""
    server = server_of(request)
    checker, typed = server.credential_checker, typed[:MAX_CODE_LENGTH]
    if (wait_s := checker.code_wait_s(name)) > 0:
        return TypedCode(False, "manager.sign_in.wait", wait_s)
    result = await _check(request, name, typed)
    if result.accepted:
        checker.code_succeeded(name)
        return result
    wait_s = checker.code_failed(name)
    return TypedCode(False, result.problem if not wait_s else "manager.sign_in.wait", wait_s, result.off_s)


async def _check(request: Request, name: str, typed: str) -> TypedCode:
    server = server_of(request)
    store = server.data_dir.store
    # In a demo the shop's time goes faster than that of the phones.
    now = wall_clock() if server.processor.pace > 1 else server.clock()

    def look() -> tuple[second_factor.CodeResult, int | None]:
        with reading(store) as db:
            factor = second_factor.find_factor(db, name)
            hashes = second_factor.recovery_codes(db, name)
        if factor is None:
            return second_factor.CodeResult(False), None
        if second_factor.looks_like_recovery_code(typed):
            return second_factor.CodeResult(False), second_factor.matching_recovery_code(hashes, typed)
        return second_factor.check_code(factor.secret, typed, factor.last_step, now), None

    result, recovery = await asyncio.to_thread(look)
    write = server.processor.writer.call
    if recovery is not None:
        used = await write(lambda db: second_factor.remove_recovery_code(db, recovery))
        return TypedCode(used, recovery=True)
    if result.accepted:
        fresh = await write(lambda db: second_factor.use_step(db, name, result.step))
        return TypedCode(fresh, "" if fresh else "manager.code.replayed", off_s=result.off_s)
    if result.replayed:
        return TypedCode(False, "manager.code.replayed")
    return TypedCode(
        False, "manager.code.clock" if result.off_s else "manager.code.wrong", off_s=result.off_s
    )


def _account(request: Request, name: str) -> Account | None:
    with reading(server_of(request).data_dir.store) as db:
        return find_account(db, name)
