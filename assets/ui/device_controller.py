"""What the controllers of the two touch apps have in common."""

import logging
import time
from collections.abc import Callable

from assets.theme.shown_catalogue import ShownCatalogue
from sync_server.device.device import Device
from sync_server.device.storage.outbox_errors import OutboxError
from sync_server.domain.refusal import Refusal
from sync_server.protocol.messages import Submit

log = logging.getLogger(__name__)


class DeviceController:
    """Joins the logic of an app to its device: taps become ops, changes of the floor become screens.

    `draw()` is called after anything that a screen may show has changed. `pair_again()` is called when
    a person wants to pair this device again. `touched_at` is when a real finger last touched the screen,
    by `time.monotonic`. A subclass calls `connect` when it is ready for the device's callbacks.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self._shown_catalogue = ShownCatalogue()
        self.draw: Callable[[], None] = lambda: None
        self.pair_again: Callable[[], None] = lambda: None
        self.touched_at = float("-inf")

    def connect(self) -> None:
        """Receives the device's callbacks from now on."""
        self.device.on_change = self.refresh
        self.device.on_refused = self._refused

    def stop(self) -> None:
        """Receives no changes any more."""
        self.device.on_change = lambda: None

    @property
    def notice(self) -> str:
        """What people must read before they go on, a key of NOTICES (assets/ui/pairing/notices.py); or empty.

        First why this device may not take part in its store, then what somebody must know who looks
        after it.
        """
        device = self.device
        if device.revoked or device.moved_to:
            return "revoked" if device.revoked else device.moved_to or ""
        if device.duplicated is not None:
            return "twice" if device.duplicated else "copied"
        return "afresh" if device.put_aside else ""

    def answer_notice(self) -> None:
        """A person has touched the button of the notice."""
        if self.notice not in ("copied", "afresh"):
            self.pair_again()
            return
        try:
            self.device.dismiss_notice()
        except OutboxError as error:
            log.error("not kept: %s", error)  # the notice is shown again after the next start
        self.refresh()

    def refresh(self) -> None:
        """Takes over the present state of the device."""
        raise NotImplementedError

    def report_fault(self) -> None:
        """Shows an apology for a fault in this program."""
        raise NotImplementedError

    def dismiss(self, op_id: str) -> None:
        """A person has read that this op was refused."""
        self._forget_refusal(op_id)
        self.refresh()

    def record_touch(self) -> None:
        """A real finger touched the screen, anywhere."""
        self.touched_at = time.monotonic()

    def _forget_refusal(self, op_id: str) -> None:
        try:
            self.device.outbox.dismiss(op_id)
        except OutboxError as error:
            log.error("not kept: %s", error)  # the refusal is shown again after the next start

    def _refused(self, submit: Submit, refusal: Refusal) -> None:
        """The server refused an op for good."""
        log.warning("refused: %s %s (%s)", type(submit.op).__name__, refusal.code, refusal.about)
