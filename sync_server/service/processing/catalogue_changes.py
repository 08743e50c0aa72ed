"""Another catalogue takes the place of the one that a processor goes by."""

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.catalogue.retiring import keep_used
from sync_server.domain.floor.in_use import in_use

from .processor import OpProcessor


def use_catalogue(processor: OpProcessor, catalogue: Catalogue) -> None:
    """Has the floor and every device go by a catalogue, which has all that is in use."""
    processor.catalogue = catalogue
    if processor.recovery.state_valid:  # else the floor is read from the disk with this one, and sent then
        processor.floor.use_catalogue(catalogue)
        processor.send_snapshots()
        processor.tick()
        processor.changes.notify(set(processor.floor.visits))  # the pages name needs and people


def begin_store_day(processor: OpProcessor) -> None:
    """Sends every device a snapshot: ticket numbers start again. What is retired and not used any more goes.

    It stays until then because a device without the server may still name it. While the floor is being read
    again nothing is done: all devices are sent a snapshot after that.
    """
    if processor.recovery.state_valid:
        use_catalogue(processor, keep_used(processor.catalogue, in_use(processor.floor)))
