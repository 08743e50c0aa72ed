"""`welkom simulate --write`: days of a busy shop in a store of its own, to try the pages with."""

import contextlib
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from sync_server.domain.ops import ActorKind
from sync_server.service.auth import devices
from sync_server.service.config.load import load_settings
from sync_server.service.storage.connection import connect, transaction
from sync_server.service.storage.data_dir import DataDir, DataDirLock
from sync_server.service.storage.schema.migrate import migrate
from sync_server.service.upkeep.create_store import make_store
from sync_server.simulation.behaviour import ARRIVALS, Behaviour
from sync_server.store_clock import wall_clock

from . import seasons
from .seasons import at_hour
from .write import NotEmpty, require_empty, write_history

AHEAD_DAYS = 60  # whose holidays are in the settings too: the staffing page looks ahead
LONGEST = 20  # characters of an employee's name in that of their tablet, which may have 40
SERVICE = 0.8  # the mean service time as a multiple of the need's target: the shop is busy and copes
MAKER = "simulated"  # stands for the address and the key of a server that these devices never had


def fill_store(
    path: Path, days: int, visits: int, seed: int, today: date | None = None, processes: int | None = None
) -> int:
    """Writes the `days` before `today` to the store in `path`; returns how many visits there were.

    About `visits` come on each day that the store is open, on a Saturday more than on a Tuesday
    (`seasons.year`). Makes the store if there is none, with opening hours and holidays. The kiosk and the
    tablets are listed as revoked devices. Raises NotEmpty, DataDirError, SettingsError and StoreError.
    """
    data_dir = DataDir(path)
    if is_new := not data_dir.settings.exists():
        if path.is_dir() and any(path.iterdir()):
            raise NotEmpty(f"{path}: has other files in it; choose a new folder")
        make_store(path, None, None)
    data_dir.check()
    catalogue = load_settings(data_dir.settings).catalogue()
    today = today or date.fromisoformat(catalogue.day(wall_clock()))
    first = today - timedelta(days=days)
    if is_new:
        _set_hours(data_dir, first, days)
        catalogue = load_settings(data_dir.settings).catalogue()
    behaviour = Behaviour(arrivals=tuple(rate * visits / sum(ARRIVALS) for rate in ARRIVALS))
    with DataDirLock(data_dir):
        migrate(data_dir.store)
        kiosk, *tablets = _make_devices(data_dir, [employee.name for employee in catalogue.employees])
        return write_history(
            data_dir,
            catalogue,
            [kiosk],
            {employee.id: tablet for employee, tablet in zip(catalogue.employees, tablets, strict=True)},
            replace(behaviour, wrap_up_s=catalogue.times.wrap_up_s, service=SERVICE),
            at_hour(catalogue, first, 0),
            at_hour(catalogue, today, 0),
            seed,
            seasons.year(catalogue, first, days, seed),
            processes,
        )


def _set_hours(data_dir: DataDir, first: date, days: int) -> None:
    """Gives a new store opening hours and its holidays, in place of the example of `store.toml`."""
    lines = ["[store.hours]", *(f'{day} = "{hours}"' for day, hours in seasons.HOURS.items())]
    dates = seasons.holidays(first, days + AHEAD_DAYS)
    lines += ["[store.dates]", *(f'{day} = "{hours}"' for day, hours in dates.items())]
    text = data_dir.settings.read_text("utf-8")
    example = re.compile(r"# \[store\.hours\]\n(?:# .*\n)+")
    data_dir.settings.write_text(example.sub("\n".join(lines) + "\n", text, count=1), "utf-8")


def _make_devices(data_dir: DataDir, employees: list[str]) -> list[tuple[str, str]]:
    """Adds a kiosk and a tablet for each employee, and revokes them; ids and ticket letters."""
    now = wall_clock()
    wanted = [(ActorKind.KIOSK, "Simulated kiosk")]
    wanted += [(ActorKind.STAFF, f"{name[:LONGEST]}'s simulated tablet") for name in employees]
    with contextlib.closing(connect(data_dir.store)) as db, transaction(db):
        require_empty(data_dir, db)
        made = [devices.add_device(db, kind.value, name, now, MAKER, MAKER) for kind, name in wanted]
        for device in made:
            devices.revoke_device(db, device.device_id, now)
    return [(device.device_id, device.letter) for device in made]
