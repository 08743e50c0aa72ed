"""Invariant 18 while the server runs: its file is moved away, or another store is put in its place."""

import shutil

import pytest

from sync_server.service.processing import recovery

from .harness import StoreHarness, come


@pytest.mark.fault(
    "The store's file is moved away, or replaced by another one, while the server runs",
    "nothing is acknowledged until the file is back; the other file is not touched",
)
@pytest.mark.parametrize("replaced", [False, True], ids=["moved away", "replaced by another store"])
async def test_nothing_is_acknowledged_while_the_file_is_not_there(
    house: StoreHarness, finished_store, tmp_path, monkeypatch, replaced: bool
):
    monkeypatch.setattr(recovery, "RETRY_S", 0.05)
    [kiosk] = await house.crew()
    await house.served(kiosk)
    assert house.server is not None
    files = [path for path in house.data_dir.path.iterdir() if path.name.startswith("store.db")]
    for path in files:
        path.rename(tmp_path / path.name)
    if replaced:
        shutil.copy(finished_store.store, house.data_dir.store)
    before = house.data_dir.store.read_bytes() if replaced else None
    answers = len(house.answered)
    come(kiosk)
    await house.until(lambda: house.server and house.server.processor.recovery.write_error is not None)
    fault = house.server.processor.recovery.write_error
    assert fault is not None
    assert "is not there any more" in fault.text
    assert (len(house.answered), len(kiosk.outbox.pending())) == (answers, 1)
    if replaced:
        assert house.data_dir.store.read_bytes() == before
        house.data_dir.store.unlink()
    for path in files:
        (tmp_path / path.name).rename(path)
    await house.until(lambda: not kiosk.outbox.pending())
    assert house.one("SELECT count(*) FROM visits") == 2
