"""Examines what is in a store: its last times, devices, PINs, backups, and what it could not tell others."""

import sqlite3
from collections.abc import Iterator

from sync_server.service.auth.devices import list_devices
from sync_server.service.clock import MAX_GAP_MS
from sync_server.service.config.model import Settings
from sync_server.service.storage import known_times
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.storage.errors import StoreError

from . import backup_schedule, backup_set
from .finding import Finding, FindingKind, local_moment
from .outside_findings import failing_mail, failing_webhooks

DAY_MS = 86_400_000
BACKUP_LATE_MS = 36 * 3_600_000
UNSEEN_MS = 7 * DAY_MS
CLOCK_BEHIND_MS = 300_000  # how far the clock may be behind the last event

Found = Iterator[Finding]


def contents(data_dir: DataDir, settings: Settings | None, now: int) -> Found:
    """What is wrong with the contents of a store whose file is sound. `now` in ms UTC."""
    try:
        with reading(data_dir.store) as db:
            yield from _clock(db, data_dir, now)
            yield from _devices(db, now)
            if settings is not None:
                yield from _pins(db, settings)
                yield from _backups(db, data_dir, settings, now)
                yield from failing_webhooks(db, settings.webhooks, now)
                yield from failing_mail(db, settings.mail, now)
    except StoreError as error:
        yield Finding("store", str(error))


def _clock(db: sqlite3.Connection, data_dir: DataDir, now: int) -> Found:
    row = db.execute("SELECT at_server FROM visit_events ORDER BY seq DESC LIMIT 1").fetchone()
    last = row[0] if row else 0
    trust = data_dir.command("clock", "--trust")
    if last - now > CLOCK_BEHIND_MS:
        yield Finding(
            "clock",
            f"this computer's clock is behind the store's last event, of {local_moment(last)}; if it is"
            f" wrong, set it (`timedatectl`); if it is right, `{trust}`, for the store is in the future",
            FindingKind.CLOCK_BEHIND,
            {"day": local_moment(last)},
        )
    elif last and now - max(last, known_times.latest_known_at(db, data_dir)) > MAX_GAP_MS:
        yield Finding(
            "clock",
            f"this computer's clock is {(now - last) // DAY_MS} days ahead of the store's last event; if it"
            f" is wrong, set it (`timedatectl`); if it is right, `{trust}`",
            FindingKind.CLOCK_AHEAD,
            {"n": (now - last) // DAY_MS},
        )


def _devices(db: sqlite3.Connection, now: int) -> Found:
    active = [row for row in list_devices(db) if row.revoked_at is None]
    for kind, what, missing in (
        ("kiosk", "kiosk", FindingKind.NO_KIOSK),
        ("staff", "tablet", FindingKind.NO_TABLET),
    ):
        if not any(row.kind == kind for row in active):
            way_out = f"start `welkom {kind}` on one, and let it in (docs/shop/pairing.md)"
            yield Finding("devices", f"there is no {what} yet; {way_out}", missing)
    for row in active:
        seen = row.seen_at or row.enrolled_at
        if now - seen > UNSEEN_MS:
            days = (now - seen) // DAY_MS
            yield Finding(
                "devices",
                f"{row.name} ({row.device_id}) was last seen {days} days ago; switch it on,"
                f" or if it is lost, `welkom device revoke {row.device_id}`",
                FindingKind.UNSEEN,
                {"device": row.device_id, "name": row.name, "n": days},
            )


def _pins(db: sqlite3.Connection, settings: Settings) -> Found:
    with_pin = {row[0] for row in db.execute("SELECT id FROM employees WHERE pin_hash IS NOT NULL")}
    without = [employee for employee in settings.employees if employee.id not in with_pin]
    if without:
        names = ", ".join(employee.name for employee in without)
        first = without[0].id
        text = f"{names} cannot sign in without a PIN; `welkom employee pin {first}` sets one"
        yield Finding("pins", text, FindingKind.NO_PIN, {"names": names})


def _backups(db: sqlite3.Connection, data_dir: DataDir, settings: Settings, now: int) -> Found:
    if not settings.backup.at:
        return
    into = backup_schedule.backup_dir(data_dir, settings.backup)
    latest = backup_schedule.last_made_at(data_dir, into, now)
    began = db.execute("SELECT max(began_at) FROM epochs").fetchone()[0]
    if now - max(latest or 0, began) > BACKUP_LATE_MS:
        last = "there is none" if latest is None else f"the latest is of {local_moment(latest)}"
        yield Finding(
            "backups",
            f"{into}: no backup was made last night, {last}; the server's log says why,"
            f" `{data_dir.command('backup', into)}` makes one now",
            FindingKind.BACKUP_LATE,
            {"day": "" if latest is None else local_moment(latest)},
        )
    owner = backup_set.owner_of(data_dir)
    lines = db.execute("SELECT coalesce(max(seq), 0) FROM visit_events").fetchone()[0]
    for backup in backup_set.backups_of(into, data_dir, now):
        if not backup_set.continues(owner, backup, lines):
            yield Finding(
                "backups",
                f"{data_dir.store}: lacks what its backup {backup.path} has; if something was lost,"
                f" `{data_dir.command('restore', backup.path, '--replace')}` puts it back."
                " No older backup is removed",
                FindingKind.BACKUP_RICHER,
                {"backup": backup.path.name},
            )
            return
