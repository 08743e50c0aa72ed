"""Opens the device's database. If it is damaged, the device begins afresh with an empty one."""

import logging
from collections.abc import Callable
from pathlib import Path

from .outbox import Outbox
from .outbox_errors import Cause, OutboxDamaged, OutboxError
from .put_aside import put_aside

log = logging.getLogger(__name__)


def open_outbox(path: Path, now: int, make: Callable[[Path], Outbox] = Outbox) -> Outbox:
    """The database at `path`. `now` is this device's clock, ms UTC. Raises OutboxError.

    A damaged one is put aside, and the `put_aside()` of the new one names it.
    """
    try:
        return _checked(make(path))
    except OutboxDamaged as damage:
        try:
            aside = put_aside(path, now)
        except OSError as error:
            raise OutboxError(f"{damage}; it cannot be renamed: {error}", Cause.NOT_WRITABLE) from error
        log.error("%s; that is done, and the damaged file is now %s", damage, aside)
    outbox = make(path)
    outbox.save_put_aside(aside.name)
    return outbox


def _checked(outbox: Outbox) -> Outbox:
    try:
        outbox.check()
    except BaseException:
        outbox.close()
        raise
    return outbox
