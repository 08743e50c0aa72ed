"""Makes and loads the server's own CURVE key pair. `welkom init` makes it once."""

import json
from pathlib import Path

import zmq

from sync_server.service.storage.data_dir import DataDirError, write_secret


def make_server_key(path: Path) -> None:
    """Writes a new key pair to a file that only its owner may read. Never overwrites one."""
    public, secret = new_pair()
    write_secret(path, json.dumps({"public": public, "secret": secret}) + "\n")


def load_server_key(path: Path) -> tuple[str, str]:
    """The public and the secret key, in Z85. Raises DataDirError."""
    try:
        pair = json.loads(path.read_text("utf-8"))
        public, secret = pair["public"], pair["secret"]
        if zmq.curve_public(secret.encode()) != public.encode():
            raise ValueError("the two keys do not belong together")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zmq.ZMQError) as error:
        raise DataDirError(
            f"{path}: the server's key cannot be used ({error}); put back your copy of the file."
            " Without it every device must be added anew"
        ) from error
    return public, secret


def new_pair() -> tuple[str, str]:
    """A public and a secret CURVE key, 40 characters of Z85 each."""
    public, secret = zmq.curve_keypair()
    return public.decode(), secret.decode()
