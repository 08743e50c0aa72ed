"""The past that the benchmarks give a store: copies of a simulated week."""

import contextlib
from pathlib import Path

import pytest

from assets.paths import DEMO_STORE
from sync_server.service.storage.connection import connect
from sync_server.service.upkeep.create_store import make_store
from sync_server.service.upkeep.verify import verify_file
from tests.bench import past


@pytest.mark.parametrize("times_a_day", [1, 2])
def test_a_past_has_whole_weeks_and_as_many_visits_as_it_says(tmp_path, monkeypatch, times_a_day):
    monkeypatch.setattr(past, "VISITS_A_DAY", 8)
    folder = make_store(Path(tmp_path / "shop"), "Shop", "a long password", DEMO_STORE)
    written = past.fill(folder.path, 150, times_a_day)
    assert written >= 150
    with contextlib.closing(connect(folder.store)) as db:
        days, visits = db.execute("SELECT count(DISTINCT day), count(*) FROM visits").fetchone()
        bodies = "SELECT count(*) FROM visit_events JOIN visits USING (visit_id) WHERE event = 'opened'"
        same = " AND body ->> '$.day' = day AND body ->> '$.ticket' = ticket"
        assert db.execute(bodies + same).fetchone()[0] == visits
    assert visits == written
    assert days % past.DAYS == 0
    if times_a_day == 1:  # copies on the same day have no presences of their own
        assert [finding.text for finding in verify_file(folder.store)] == []
