"""The device's identity file: saved when the device is paired, read at every start."""

import contextlib
import logging
import os
from collections.abc import Iterable
from pathlib import Path

from sync_server.protocol.device_file import DeviceFile, DeviceFileError, device_file_text, parse_device_file

log = logging.getLogger(__name__)

KINDS = {"kiosk", "staff"}


def identity_path(folder: Path, kind: str) -> Path:
    """Where a device of this kind saves its identity file."""
    return folder / f"{kind}.device.toml"


def save_identity(device: DeviceFile, folder: Path) -> Path:
    """Saves the file so that only its owner can read it, and returns its path. Raises OSError.

    After a power cut either the old file is there or the new one.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = identity_path(folder, device.kind)
    write_atomically(path, device_file_text(device))
    return path


def save_paired(device: DeviceFile, folder: Path, named: Path | None) -> None:
    """Saves the file of a device that was just paired, also at the path `named` with --device.

    Raises OSError if it cannot be saved in `folder`.
    """
    save_identity(device, folder)
    if named is not None:
        try:
            write_atomically(named, device_file_text(device))
        except OSError as error:
            log.warning("%s cannot be written: %s; start without --device from now on", named, error)


def write_atomically(path: Path, text: str) -> None:
    """Replaces a file in one step. Only its owner can read it, and it is on the disk on return."""
    new = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()  # left by a process that was killed while it wrote
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


def update_identity(device: DeviceFile, folder: Path) -> None:
    """Saves a changed name or role of this device. Raises OSError.

    A device with another role has the file of the other app afterwards, and none for this one.
    """
    save_identity(device, folder)
    _delete(device, folder, KINDS - {device.kind})


def delete_key(device: DeviceFile, folder: Path) -> None:
    """Deletes the file of a device that the store has revoked. Raises OSError if it is still there."""
    _delete(device, folder, KINDS)


def _delete(device: DeviceFile, folder: Path, kinds: Iterable[str]) -> None:
    """Deletes the files of these kinds that hold this device's key."""
    failed: OSError | None = None
    for kind in kinds:
        path = identity_path(folder, kind)
        try:
            if parse_device_file(path.read_text("utf-8")).public_key == device.public_key:
                path.unlink()
        except (FileNotFoundError, UnicodeDecodeError, DeviceFileError):
            continue  # there is no file of this device
        except OSError as error:
            failed = error
    if failed is not None:
        raise failed
