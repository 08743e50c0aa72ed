"""Counts the visits whose own page was opened on a phone."""

from .processor import OpProcessor


def count_opened_page(processor: OpProcessor, visit_id: str, day: str) -> None:
    """The page of this visit, of this store-day, was opened. It counts once, however often it is.

    While nothing can be written it is not counted: a page must not make all devices start anew.
    """
    if processor.recovery.state_valid and processor.recovery.write_error is None:
        unit = processor.begin()
        unit.batch.pages.append((visit_id, day))
        processor.finish(unit)
