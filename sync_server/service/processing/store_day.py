"""What begins with a new store-day."""

from sync_server.domain.catalogue.retiring import keep_used
from sync_server.domain.floor.in_use import in_use

from .processor import OpProcessor


def begin_store_day(processor: OpProcessor) -> None:
    """Sends every device a snapshot: ticket numbers start again. What is retired and not used any more goes.

    It stays until then because a device without the server may still name it. While the floor is being read
    again nothing is done: all devices are sent a snapshot after that.
    """
    if processor.recovery.state_valid:
        processor.use_catalogue(keep_used(processor.catalogue, in_use(processor.floor)))
