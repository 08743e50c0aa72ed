"""The server's own CURVE key pair, made once by `welkom init`."""

import json
from pathlib import Path

import zmq

from .folder import FolderError, write_secret


def make_server_key(path: Path) -> None:
    """Writes a new key pair that only its owner may read. Never overwrites one."""
    public, secret = new_pair()
    write_secret(path, json.dumps({"public": public, "secret": secret}) + "\n")


def load_server_key(path: Path) -> tuple[str, str]:
    """The public and the secret key, in Z85. Raises FolderError."""
    try:
        pair = json.loads(path.read_text("utf-8"))
        public, secret = pair["public"], pair["secret"]
        if zmq.curve_public(secret.encode()) != public.encode():
            raise ValueError("the two keys do not belong together")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zmq.ZMQError) as error:
        raise FolderError(
            f"{path}: the server's key cannot be used ({error}); put back your copy of the file."
            " Without it every device must be added anew"
        ) from error
    return public, secret


def new_pair() -> tuple[str, str]:
    """A public and a secret CURVE key, 40 characters of Z85 each."""
    public, secret = zmq.curve_keypair()
    return public.decode(), secret.decode()
