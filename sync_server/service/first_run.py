"""The one-time link by which a store's first manager chooses a password from another computer.

The code in it is 128 random bits. It is kept in a file that only the store's owner may read, until a
password has been chosen; then it opens nothing.
"""

import contextlib
import hmac
import secrets

from .folder import Folder, FolderError, write_secret


def code(folder: Folder) -> str:
    """The code of the link, made where there is none yet. Raises FolderError."""
    try:
        with contextlib.suppress(FileExistsError):
            write_secret(folder.first_run, secrets.token_urlsafe(16) + "\n")
        return folder.first_run.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise FolderError(f"{folder.first_run}: cannot be used ({error}); check who owns it") from error


def fits(folder: Folder, given: str) -> bool:
    """Whether this is the code, compared without telling how much of it fits."""
    try:
        known = folder.first_run.read_bytes().strip()
    except OSError:
        return False
    return bool(known) and hmac.compare_digest(known, given.encode())


def over(folder: Folder) -> None:
    """The password has been chosen."""
    folder.first_run.unlink(missing_ok=True)
