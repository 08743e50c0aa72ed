"""Asks the pages of the running server how it is."""

from typing import Any

import requests
from requests.adapters import HTTPAdapter

from sync_server.service.admin.commands import ServerState

TIMEOUT_S = 5.0


def ask_health(state: ServerState) -> dict[str, Any]:
    """What `/health` answers. Raises RequestException or ValueError."""
    with requests.Session() as session:
        session.trust_env = False  # never through a proxy: it is this computer
        if state.fingerprint:
            session.verify = False
            session.mount("https://", _FingerprintAdapter(state.fingerprint))
        found: dict[str, Any] = session.get(f"{state.pages}/health", timeout=TIMEOUT_S).json()
        return found


class _FingerprintAdapter(HTTPAdapter):
    """Accepts only the server with the certificate of this fingerprint, whatever name it is for."""

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, assert_fingerprint=self._fingerprint, **kwargs)
