"""A kiosk's device without a server, for pictures and tests."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import msgspec

from assets import paths
from sync_server.device.storage.outbox import ScreenState
from sync_server.device.sync.optimistic_view import OptimisticView
from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.queue.hindrance import Kind
from sync_server.domain.refusal import Refusal
from sync_server.protocol.messages import Submit
from sync_server.protocol.rows import (
    OverridesRow,
    QuoteRow,
    ToldWaitsRow,
    VisitRow,
)

AT = 1_763_733_600_000  # Friday 21 November 2025, 15:00 in Amsterdam
HOUR_MS = 3_600_000
TICKET = 42
ADDRESS = "https://lumen.example"


def store_of(path: Path = paths.DEMO_STORE) -> Catalogue:
    """The catalogue of a store.toml, with an address at which phones reach the store."""
    raw = tomllib.loads(path.read_text("utf-8"))
    raw.pop("server", None)
    raw["store"]["public_url"] = ADDRESS
    return msgspec.convert(raw, Catalogue)


class FakeKioskDevice:
    """A device without a server: it records what is submitted and shows the rows that a test sets."""

    def __init__(self, catalogue: Catalogue | None) -> None:
        self.catalogue = catalogue
        self.at = AT
        self.live = True
        self.problem: str | None = None
        self.last_contact_at: int | None = None
        self.revoked = False
        self.moved_to: str | None = None
        self.duplicated: bool | None = None
        self.put_aside = ""
        self.rows: dict[str, VisitRow] = {}
        self.refusals: list[tuple[Submit, Refusal]] = []
        self.unsent: frozenset[str] = frozenset()
        self.told_waits: ToldWaitsRow | None = ToldWaitsRow(161, 200)
        self.absent: frozenset[str] = frozenset()  # needs for which nobody is in the shop
        self.overrides = OverridesRow()
        self.counts_sessions = False
        self.submitted: list[ops.DeviceOp] = []
        self.on_change: Callable[[], None] = lambda: None
        self.on_refused: Callable[[Submit, Refusal], None] = lambda _submit, _refusal: None
        self.outbox = self
        self._made = TICKET - 1

    def dismiss_notice(self) -> None:
        self.duplicated, self.put_aside = None, ""

    @property
    def view(self) -> OptimisticView:
        needs = self.catalogue.needs if self.catalogue else ()
        quotes = {need.code: QuoteRow(need.code, 60.0, 180.0) for need in needs}
        quotes |= {code: QuoteRow(code, hindrance=Kind.NOBODY.value) for code in self.absent}
        return OptimisticView(self.rows, {}, quotes, self.unsent)

    def server_time(self) -> int:
        return self.at

    def new_id(self) -> str:
        return f"{self._made:032x}"

    def next_ticket(self) -> str:
        self._made += 1
        return f"A-{self._made}"

    def submit(self, op: ops.DeviceOp, screen: ScreenState | None = None) -> str:  # noqa: ARG002
        self.submitted.append(op)
        return ""

    def screen(self) -> bytes | None:
        return None

    def save_screen(self, screen: ScreenState) -> None:
        pass

    def refused(self) -> list[tuple[Submit, Refusal]]:
        return self.refusals

    def dismiss(self, op_id: str) -> None:
        self.refusals = [pair for pair in self.refusals if pair[0].op_id != op_id]
