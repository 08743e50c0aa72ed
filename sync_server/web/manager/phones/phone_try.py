"""Tries of the page Phones: which codes were opened on a phone, and from where."""

import secrets

from msgspec import Struct

MAX_TRIES = 50
VALID_MS = 3_600_000


class PhoneTry(Struct, frozen=True):
    """A code that waits to be opened. `address` and `device` are of who opened it, at `opened_at`, ms UTC."""

    account: str
    made_at: int
    opened_at: int | None = None
    address: str = ""
    device: str = ""


class PhoneTries:
    """Those of this server, in memory."""

    def __init__(self) -> None:
        self._tries: dict[str, PhoneTry] = {}

    def code_of(self, account: str, now: int) -> str:
        """The code that this account's page shows; a new one each hour. `now` in ms UTC."""
        for code, one in self._tries.items():
            if one.account == account and 0 <= now - one.made_at < VALID_MS:
                return code
        self._tries = {code: one for code, one in self._tries.items() if one.account != account}
        while len(self._tries) >= MAX_TRIES:
            del self._tries[next(iter(self._tries))]
        code = secrets.token_urlsafe(12)
        self._tries[code] = PhoneTry(account, now)
        return code

    def opened(self, code: str, now: int, address: str, device: str) -> bool:
        """Somebody has opened this code. False for one that there is not."""
        found = self._tries.get(code)
        if found is None or not 0 <= now - found.made_at < VALID_MS:
            return False
        self._tries[code] = PhoneTry(found.account, found.made_at, now, address, device)
        return True

    def find(self, code: str) -> PhoneTry | None:
        """What came of a code."""
        return self._tries.get(code)

    def forget(self, account: str) -> None:
        """The account's page shows a new code."""
        self._tries = {code: one for code, one in self._tries.items() if one.account != account}
