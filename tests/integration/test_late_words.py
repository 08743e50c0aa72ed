"""Words about a shopper that arrive after their time are not written, and the store stays sound."""

import pytest

from sync_server.domain import ops
from sync_server.domain.ops import SYSTEM
from sync_server.domain.resolution import Resolution
from sync_server.service.processing.processor import OpProcessor
from sync_server.service.upkeep.verify import verify

from .test_after_closing import KIOSK, MINUTE, TOM, VISIT, Evening

HOUR = 60 * MINUTE
DAY = 24 * HOUR
WORDS = ("Robin", "the blue door", "very kind")
LINK = "Lk" * 11


def stored(evening: Evening) -> list[str]:
    """The words that are in the store's file or its write-ahead log."""
    files = [path for path in evening.folder.path.rglob("store.db*") if path.is_file()]
    return [word for word in (*WORDS, LINK) if any(word.encode() in path.read_bytes() for path in files)]


async def test_a_visit_tapped_three_days_ago_is_written_without_its_words(folder):
    evening = Evening(folder)
    tapped = evening.closes - 20 * MINUTE
    evening.at(tapped + 3 * DAY)
    opened = ops.OpenVisit(VISIT, "A-1", "repair", "en", alias="Robin", colour="blue", link=LINK)
    assert await evening.receive(KIOSK, opened, tapped) is None
    assert evening.row()[0] == "expired"
    assert verify(folder, evening.clock.now) == []
    assert stored(evening) == []
    assert "Robin" not in repr(evening.shop.floor.visits)
    evening.shop.close()


@pytest.mark.parametrize("late", [2 * HOUR, 25 * HOUR])
async def test_a_link_and_words_are_each_left_out_when_they_are_due(folder, late):
    evening = Evening(folder)
    evening.at(evening.closes - 20 * MINUTE + late)
    opened = ops.OpenVisit(VISIT, "A-1", "repair", "en", alias="Robin", link=LINK)
    assert await evening.receive(KIOSK, opened, evening.closes - 20 * MINUTE) is None
    assert stored(evening) == ([] if late > DAY else ["Robin"])
    assert verify(folder, evening.clock.now) == []
    evening.shop.close()


async def test_notes_and_comments_that_arrive_after_their_time_are_left_out(folder):
    evening = Evening(folder)
    rev = await evening.serve()
    evening.at(evening.closes + 2 * HOUR)
    evening.at(evening.closes + 3 * DAY)
    await evening.shop.apply_retention()
    tapped = evening.closes - 10 * MINUTE
    assert await evening.receive(TOM, ops.AddNote(VISIT, rev, "the blue door"), tapped) is None
    done = ops.Complete(VISIT, rev + 1, Resolution.SOLVED, note="the blue door")
    assert await evening.receive(TOM, done, tapped + MINUTE) is None
    rating = ops.Rate(VISIT, ces=5, comment="very kind")
    assert await evening.receive(KIOSK, rating, tapped + 2 * MINUTE) is None
    assert evening.row()[0] == "completed"
    assert stored(evening) == []
    assert verify(folder, evening.clock.now) == []
    evening.shop.close()


async def test_a_server_that_was_off_for_days_removes_the_words_of_visits_as_it_ends_them(folder):
    evening = Evening(folder)
    await evening.serve()
    evening.shop.close()
    evening.clock.now = evening.closes + 3 * DAY
    evening.shop = OpProcessor(evening.folder, evening.catalogue, evening.clock)
    evening.clock.now += MINUTE  # devices were listened to first
    evening.shop.tick()
    await evening.shop.writer.call(lambda _db: None)
    assert evening.row()[0] == "expired"
    assert verify(folder, evening.clock.now) == []
    evening.shop.close()


async def test_a_shorter_time_that_the_store_sets_counts_too(folder):
    evening = Evening(folder)
    evening.shop.close()
    evening.shop = OpProcessor(evening.folder, evening.catalogue, evening.clock, keep_ms=HOUR)
    evening.at(evening.closes + 2 * HOUR)
    opened = ops.OpenVisit(VISIT, "A-1", "repair", "en", alias="Robin")
    assert await evening.receive(KIOSK, opened, evening.closes - 20 * MINUTE) is None
    assert await evening.receive(SYSTEM, ops.SignOn("tom", "tablet-tom")) is None
    assert stored(evening) == []
    evening.shop.close()
