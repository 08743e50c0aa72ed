"""The device file in the device's own folder: written when the device is paired, found at every start."""

import contextlib
import logging
import os
from collections.abc import Iterable
from pathlib import Path

from sync_server.protocol.device_file import (
    DeviceFile,
    DeviceFileError,
    device_file_text,
    parse_device_file,
)

log = logging.getLogger(__name__)

KINDS = {"kiosk", "staff"}


def own_file(folder: Path, kind: str) -> Path:
    """Where a device of this kind keeps its own device file."""
    return folder / f"{kind}.device.toml"


def save(device: DeviceFile, folder: Path) -> Path:
    """Keeps the file, for its owner only. A power cut leaves the old one or the new. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path = own_file(folder, device.kind)
    write_whole(path, device_file_text(device))
    return path


def keep_joined(device: DeviceFile, folder: Path, named: Path | None) -> None:
    """Keeps the file of a device that was paired; also where it was `named`, to be found there again.

    Raises OSError where it cannot be kept in its own folder.
    """
    save(device, folder)
    if named is not None:
        try:
            write_whole(named, device_file_text(device))
        except OSError as error:
            log.warning("%s cannot be written: %s; start without --device from now on", named, error)


def write_whole(path: Path, text: str) -> None:
    """Replaces a file that only its owner may read, all at once, and on the disk when this returns."""
    new = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()  # of a start that was cut short
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def keep_known(device: DeviceFile, folder: Path) -> None:
    """Keeps what the store changed of this device: its name, or its role. Raises OSError.

    With another role it is the other app that finds it at its start, and this one does no more.
    """
    save(device, folder)
    _remove(device, folder, KINDS - {device.kind})


def forget_key(device: DeviceFile, folder: Path) -> None:
    """Removes the file of a device that the store has revoked: its key opens nothing any more."""
    _remove(device, folder, KINDS)


def _remove(device: DeviceFile, folder: Path, kinds: Iterable[str]) -> None:
    """Of these kinds' files the one with this device's key."""
    for kind in kinds:
        path = own_file(folder, kind)
        with contextlib.suppress(OSError, UnicodeDecodeError, DeviceFileError):
            if parse_device_file(path.read_text("utf-8")).public_key == device.public_key:
                path.unlink()
