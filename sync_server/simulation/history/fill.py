"""`welkom simulate --write`: days of a busy shop in a store of its own, to try the pages with."""

import contextlib
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sync_server.domain.ops import ActorKind
from sync_server.service.auth import devices
from sync_server.service.config.load import load_settings
from sync_server.service.storage.connection import connect, transaction
from sync_server.service.storage.data_dir import DataDir, DataDirLock
from sync_server.service.storage.schema.migrate import migrate
from sync_server.service.upkeep.create_store import make_store
from sync_server.simulation.behaviour import ARRIVALS, Behaviour
from sync_server.store_clock import wall_clock

from .write import require_empty, write_history

MAKER = "simulated"  # stands for the address and the key of a server that these devices never had


def fill_store(path: Path, days: int, visits: int, seed: int) -> int:
    """Writes the `days` before today, about `visits` on each, to the store in `path`; returns how many.

    Makes the store if there is none. All its employees work every day. The kiosk and the tablets are
    listed as revoked devices. Raises NotEmpty, DataDirError, SettingsError and StoreError.
    """
    data_dir = DataDir(path)
    if not data_dir.settings.exists():
        make_store(path, None, None)
    data_dir.check()
    catalogue = load_settings(data_dir.settings).catalogue()
    behaviour = Behaviour(arrivals=tuple(rate * visits / sum(ARRIVALS) for rate in ARRIVALS))
    with DataDirLock(data_dir):
        migrate(data_dir.store)
        kiosk, *tablets = _make_devices(data_dir, [employee.name for employee in catalogue.employees])
        today = datetime.now(ZoneInfo(catalogue.store.timezone)).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        return write_history(
            data_dir,
            catalogue,
            [kiosk],
            {employee.id: tablet for employee, tablet in zip(catalogue.employees, tablets, strict=True)},
            replace(behaviour, wrap_up_s=catalogue.times.wrap_up_s),
            int((today - timedelta(days=days)).timestamp() * 1000),
            int(today.timestamp() * 1000),
            seed,
        )


def _make_devices(data_dir: DataDir, employees: list[str]) -> list[tuple[str, str]]:
    """Adds a kiosk and a tablet for each employee, and revokes them; ids and ticket letters."""
    now = wall_clock()
    wanted = [(ActorKind.KIOSK, "Simulated kiosk")]
    wanted += [(ActorKind.STAFF, f"{name}'s simulated tablet") for name in employees]
    with contextlib.closing(connect(data_dir.store)) as db, transaction(db):
        require_empty(data_dir, db)
        made = [devices.add_device(db, kind.value, name, now, MAKER, MAKER) for kind, name in wanted]
        for device in made:
            devices.revoke_device(db, device.device_id, now)
    return [(device.device_id, device.letter) for device in made]
