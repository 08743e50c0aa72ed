"""The manager's sessions: a signed cookie names one, the server knows which are still good.

A cookie that was copied is worth nothing after the sign-out, a new password, or a restart.
"""

import secrets
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from sync_server.service.folder import Folder, FolderError, write_secret
from sync_server.service.managers import Account
from sync_server.service.store import is_of_disk

LONGEST_MS = 12 * 3_600_000  # a session ends half a day after the sign-in
IDLE_MS = 2 * 3_600_000  # and two hours after the last page that a person asked for
MOST = 200  # sessions at once; the oldest ends when there are more
COOKIE = "welkom"


class Session(Struct, frozen=True):
    """Somebody who is signed in. `password_of` says by which password: a newer one ends it."""

    account: str
    password_of: int
    since: int
    seen: int


class Sessions:
    """Everybody who is signed in at the moment. Times are ms UTC."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def begin(self, account: Account, now: int) -> str:
        """A new session; its id, which nobody can guess."""
        for key in [key for key, session in self._sessions.items() if _over(session, now)]:
            del self._sessions[key]
        while len(self._sessions) >= MOST:
            del self._sessions[next(iter(self._sessions))]
        key = secrets.token_urlsafe(24)
        self._sessions[key] = Session(account.name, account.set_at, now, now)
        return key

    def find(self, key: object, now: int, by_person: bool = False) -> Session | None:
        """The session, if it is still good. `by_person`: somebody asked for a page, so it goes on."""
        session = self._sessions.get(str(key))
        if session is None or _over(session, now):
            return None
        if by_person:
            self._sessions[str(key)] = replace(session, seen=now)
        return session

    def end(self, key: object) -> None:
        self._sessions.pop(str(key), None)


def _over(session: Session, now: int) -> bool:
    return now >= min(session.since + LONGEST_MS, session.seen + IDLE_MS)


class Cookies:
    """Reads and writes the cookie. Over https, a proxy's included, browsers send it over nothing else."""

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self._plain, self._secure = (
            SessionMiddleware(
                app,
                secret_key=secret,
                session_cookie=COOKIE,
                max_age=LONGEST_MS // 1000,
                path="/manager",
                same_site="lax",  # "strict" would ask again after every link from a mail
                https_only=https_only,
            )
            for https_only in (False, True)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        layer = self._secure if scope.get("scheme") == "https" else self._plain
        await layer(scope, receive, send)


def session(folder: Folder) -> Middleware:
    """The layer with the cookie. Raises FolderError."""
    return Middleware(Cookies, secret=_secret(folder.path / "session.key"))


def _secret(path: Path) -> str:
    """The folder's secret, made at the first start. Without the file everybody signs in anew, no more."""
    try:
        if not path.exists():
            write_secret(path, secrets.token_urlsafe(32) + "\n")
        secret = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        if is_of_disk(error):
            return secrets.token_urlsafe(32)  # good for as long as this server runs
        raise FolderError(f"{path}: cannot be used ({error}); check who owns it, or delete it") from error
    if len(secret) < 32:
        raise FolderError(f"{path}: is damaged; delete it, and a new one is made at the next start")
    return secret
