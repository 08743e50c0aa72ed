"""The one-time link by which a store's first manager chooses a password.

Nothing else opens that page: whoever sends the request, a proxy on the server's computer makes it look as if
it came from there. The code in the link is 128 random bits. It is in a file that only the store's owner may
read, until a password has been chosen. Then it is not valid any more.
"""

import contextlib
import hmac
import logging
import secrets

from sync_server.service.storage.data_dir import DataDir, DataDirError, write_secret

MIN_CODE_LENGTH = 22  # characters: 128 bits

log = logging.getLogger(__name__)


def make_code(data_dir: DataDir) -> str:
    """The code of the link; a new one where there is none yet. Raises DataDirError."""
    try:
        with contextlib.suppress(FileNotFoundError):
            code = data_dir.setup_code.read_bytes().strip()
            if len(code) < MIN_CODE_LENGTH:  # damaged
                data_dir.setup_code.unlink()
        with contextlib.suppress(FileExistsError):  # there is a code already
            write_secret(data_dir.setup_code, secrets.token_urlsafe(16) + "\n")
        return data_dir.setup_code.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DataDirError(f"{data_dir.setup_code}: cannot be used ({error}); check who owns it") from error


def matches(data_dir: DataDir, given: str) -> bool:
    """Whether this is the code. The comparison takes the same time however much of it is right."""
    try:
        code = data_dir.setup_code.read_bytes().strip()
    except FileNotFoundError:
        return False
    except OSError as error:
        log.warning("%s: cannot be read: %s", data_dir.setup_code, error.strerror)
        return False
    return len(code) >= MIN_CODE_LENGTH and hmac.compare_digest(code, given.encode())


def discard(data_dir: DataDir) -> None:
    """Removes the code, because a password has been chosen."""
    data_dir.setup_code.unlink(missing_ok=True)
