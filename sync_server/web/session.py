"""The manager's session cookie: signed with a secret of the store's own, gone after half a day."""

import secrets
from pathlib import Path

from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware

from sync_server.service.folder import Folder, FolderError, write_secret

HOURS = 12
COOKIE = "welkom"


def session(folder: Folder) -> Middleware:
    """The layer that reads and writes the cookie. Raises FolderError."""
    return Middleware(
        SessionMiddleware,
        secret_key=_secret(folder.path / "session.key"),
        session_cookie=COOKIE,
        max_age=HOURS * 3600,
        path="/manager",
        same_site="lax",  # "strict" would ask again after every link from a mail
        https_only=False,  # most stores reach the page over their own network, without https
    )


def _secret(path: Path) -> str:
    """The folder's secret, made at the first start. Without the file everybody signs in anew, no more."""
    try:
        if not path.exists():
            write_secret(path, secrets.token_urlsafe(32) + "\n")
        secret = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise FolderError(f"{path}: cannot be used ({error}); check who owns it, or delete it") from error
    if len(secret) < 32:
        raise FolderError(f"{path}: is damaged; delete it, and a new one is made at the next start")
    return secret
