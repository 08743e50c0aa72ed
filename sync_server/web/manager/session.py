"""The manager's sessions: a signed cookie names one, and the server keeps which are still valid.

A copied cookie is useless after the sign-out, a new password, or a restart of the server.
"""

import contextlib
import logging
import re
import secrets
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from sync_server.service.auth.managers import Account
from sync_server.service.storage.data_dir import DataDir, DataDirError, write_secret
from sync_server.service.storage.errors import is_disk_error

log = logging.getLogger(__name__)

MAX_AGE_MS = 12 * 3_600_000  # from the sign-in on
MAX_IDLE_MS = 2 * 3_600_000  # since the last page that a person asked for
MAX_SESSIONS = 200  # at once; the oldest ends when there are more
COOKIE = "welkom"
SECRET = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 random bytes


class ManagerSession(Struct, frozen=True):
    """One sign-in. Times are ms UTC.

    `password_set_at` says which password it was: a newer one ends the session.
    """

    account: str
    password_set_at: int
    started_at: int
    last_used_at: int


class ManagerSessions:
    """All sessions that are valid now, in the server's memory.

    `pace` says how many times as fast as life the clock is that `now` is read from.
    """

    def __init__(self, pace: int = 1) -> None:
        self._pace = pace
        self._sessions: dict[str, ManagerSession] = {}

    def begin(self, account: Account, now: int) -> str:
        """Starts a session and gives its id, which nobody can guess. `now` in ms UTC."""
        for key in [key for key, session in self._sessions.items() if self._has_expired(session, now)]:
            del self._sessions[key]
        while len(self._sessions) >= MAX_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        key = secrets.token_urlsafe(24)
        self._sessions[key] = ManagerSession(account.name, account.set_at, now, now)
        return key

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

    def _has_expired(self, session: ManagerSession, now: int) -> bool:
        ends = (session.started_at + MAX_AGE_MS * self._pace, session.last_used_at + MAX_IDLE_MS * self._pace)
        return now >= min(ends) or now < session.started_at  # begun by a clock that was ahead


class SessionCookies:
    """Middleware that reads and writes the cookie.

    Over https, also behind a proxy, the cookie is marked so that browsers send it over https only.
    """

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self._plain, self._secure = (
            SessionMiddleware(
                app,
                secret_key=secret,
                session_cookie=COOKIE,
                max_age=MAX_AGE_MS // 1000,
                path="/manager",
                same_site="lax",  # "strict" would ask for the password after every link from a mail
                https_only=https_only,
            )
            for https_only in (False, True)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        middleware = self._secure if scope.get("scheme") == "https" else self._plain
        await middleware(scope, receive, send)


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
