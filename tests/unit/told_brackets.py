"""What every bracket that is told has to be."""

from sync_server.domain.queue.wait_estimate import Quote


def check_sane(told: Quote) -> None:
    assert told.low_s % 60 == told.high_s % 60 == 0
    assert 0 <= told.low_s <= told.median_s <= told.high_s <= 4 * 3600 + 60
    assert told.high_s - told.low_s >= 60
