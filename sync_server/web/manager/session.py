"""The manager's sessions: a signed cookie names one, and the server keeps which are still valid.

A copied cookie is useless after the sign-out, a new password, or a restart of the server.
"""

import contextlib
import hashlib
import logging
import re
import secrets
from pathlib import Path

from itsdangerous import TimestampSigner
from msgspec import Struct
from msgspec.structs import replace
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from sync_server.service.auth.managers import Account
from sync_server.service.storage.data_dir import DataDir, DataDirError, write_secret
from sync_server.service.storage.errors import is_disk_error

log = logging.getLogger(__name__)

MAX_AGE_MS = 12 * 3_600_000  # from the sign-in on
MAX_IDLE_MS = 2 * 3_600_000  # since the last page that a person asked for
MAX_SESSIONS = 200  # at once; the oldest ends when there are more
COOKIE = "welkom"
SECURE_COOKIE = "__Host-welkom"  # over https: browsers take it from this host over https only
CONFIRMED_MS = 10 * 60_000  # how long after the password was typed what is delicate may be changed
SECRET = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 random bytes


class ManagerSession(Struct, frozen=True):
    """One sign-in. Times are ms UTC.

    `password_set_at` says which password it was: a newer one ends the session. `n` is for lists of sessions,
    which must not show the key. `address` and `device` are where it was begun. `confirmed_at` is when the
    password was typed last.
    """

    account: str
    password_set_at: int
    started_at: int
    last_used_at: int
    n: int = 0
    address: str = ""
    device: str = ""
    confirmed_at: int = 0


class ManagerSessions:
    """All sessions that are valid now, in the server's memory.

    `pace` says how many times as fast as life the clock is that `now` is read from.
    """

    def __init__(self, pace: int = 1) -> None:
        self._pace = pace
        self._sessions: dict[str, ManagerSession] = {}
        self._begun = 0

    def begin(self, account: Account, now: int, address: str = "", device: str = "") -> str:
        """Starts a session and gives its id, which nobody can guess. `now` in ms UTC."""
        self._remove_expired(now)
        while len(self._sessions) >= MAX_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        key = secrets.token_urlsafe(24)
        self._begun += 1
        self._sessions[key] = ManagerSession(
            account.name, account.set_at, now, now, self._begun, address, device, now
        )
        return key

    def confirm(self, key: object, now: int) -> None:
        """The password was typed again in this session."""
        if (session := self._sessions.get(str(key))) is not None:
            self._sessions[str(key)] = replace(session, confirmed_at=now)

    def is_confirmed(self, key: object, now: int) -> bool:
        """Whether the password was typed in the last minutes in this session."""
        session = self.find(key, now)
        return session is not None and 0 <= now - session.confirmed_at < CONFIRMED_MS * self._pace

    def all_valid(self, now: int) -> list[ManagerSession]:
        """All sessions, the one used last first."""
        self._remove_expired(now)
        return sorted(self._sessions.values(), key=lambda session: -session.last_used_at)

    def end_number(self, n: int) -> ManagerSession | None:
        """Ends the session of this number. Returns it; None if there is none."""
        for key, session in self._sessions.items():
            if session.n == n:
                del self._sessions[key]
                return session
        return None

    def find(self, key: object, now: int, by_person: bool = False) -> ManagerSession | None:
        """The session with this id, if it is valid. `by_person`: a person asked for a page, so it goes on."""
        session = self._sessions.get(str(key))
        if session is None or self._has_expired(session, now):
            return None
        if by_person:
            self._sessions[str(key)] = replace(session, last_used_at=now)
        return session

    def end(self, key: object) -> None:
        """Ends the session with this id, if there is one."""
        self._sessions.pop(str(key), None)

    def _remove_expired(self, now: int) -> None:
        for key in [key for key, session in self._sessions.items() if self._has_expired(session, now)]:
            del self._sessions[key]

    def _has_expired(self, session: ManagerSession, now: int) -> bool:
        ends = (session.started_at + MAX_AGE_MS * self._pace, session.last_used_at + MAX_IDLE_MS * self._pace)
        return now >= min(ends) or now < session.started_at  # begun by a clock that was ahead


class SessionCookies:
    """Middleware that reads and writes the cookie.

    Over https, also behind a proxy, the cookie has a name and marks by which browsers send it over
    https only, and no other host can set it. One with the name of earlier versions goes on.
    """

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self._app = app
        self._plain, self._secure = (
            SessionMiddleware(
                self._write_anew if https_only else app,
                secret_key=secret,
                session_cookie=SECURE_COOKIE if https_only else COOKIE,
                max_age=MAX_AGE_MS // 1000,
                path="/" if https_only else "/manager",  # the name __Host- demands the first
                same_site="lax",  # "strict" would ask for the password after every link from a mail
                https_only=https_only,
            )
            for https_only in (False, True)
        )
        for middleware in (self._plain, self._secure):
            middleware.signer = TimestampSigner(secret, digest_method=hashlib.sha256)  # its default is SHA-1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("scheme") != "https":
            await self._plain(scope, receive, send)
            return
        cookies = HTTPConnection(scope).cookies
        if COOKIE in cookies and SECURE_COOKIE not in cookies:
            renamed = f"{SECURE_COOKIE}={cookies[COOKIE]}".encode()
            scope = {**scope, "headers": [*_without_cookies(scope), (b"cookie", renamed)], OLD_COOKIE: True}
        await self._secure(scope, receive, send)

    async def _write_anew(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Has a session that came by the old name written by the new one."""
        if scope.get(OLD_COOKIE):
            scope["session"].update()
        await self._app(scope, receive, send)


OLD_COOKIE = "welkom.old_cookie"  # in the scope of a request whose cookie has the name of earlier versions


def _without_cookies(scope: Scope) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in scope["headers"] if name != b"cookie"]


def session_middleware(folder: DataDir) -> Middleware:
    """The middleware with the store's secret. Raises DataDirError."""
    return Middleware(SessionCookies, secret=_load_secret(folder.path / "session.key"))


def _load_secret(path: Path) -> str:
    """The secret that signs the cookies, made at the first start. Where it is lost, all sign in again."""
    try:
        with contextlib.suppress(FileNotFoundError):
            if (secret := path.read_bytes().decode("ascii", "replace").strip()) and SECRET.fullmatch(secret):
                return secret
            log.warning("%s: was damaged and is made anew; managers sign in again", path)
            path.unlink()
        secret = secrets.token_urlsafe(32)
        write_secret(path, secret + "\n")
        return secret
    except OSError as error:
        if is_disk_error(error):
            log.warning("%s: cannot be used (%s); managers sign in again after a restart", path, error)
            return secrets.token_urlsafe(32)  # valid until this server stops
        raise DataDirError(f"{path}: cannot be used ({error}); check who owns it, or delete it") from error
