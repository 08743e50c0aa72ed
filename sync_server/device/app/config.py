"""What a touch app is started with, and the identity file that it uses."""

from pathlib import Path

from msgspec import Struct

from sync_server.device.storage.identity_file import identity_path
from sync_server.protocol.device_file import (
    DeviceAddressError,
    DeviceFile,
    DeviceFileError,
    parse_device_file,
)
from sync_server.text_files import NotText, read_text


class ConfigError(Exception):
    """The app cannot start. The text is one sentence that says why and what to do."""


class DamagedIdentity(ConfigError):
    """The identity file at `path` is damaged: the device has to be paired again.

    `address` is the server's address in it, if that is what is wrong; else None.
    """

    def __init__(self, path: Path, reason: str, address: str | None = None) -> None:
        super().__init__(reason)
        self.path = path
        self.address = address


class DeviceConfig(Struct, frozen=True, kw_only=True):
    """`device` is the identity; None if this device is not paired with a store yet.

    `named` is the identity file that was given with --device. `data` is the folder of the device's
    database. Without a `size` (pixels) the window fills the screen. `language` is the one to start in;
    empty for the store's first. `damaged` is an identity file that could not be used, where it is now, and
    `bad_address` the server's address in it, if that was the reason.
    """

    device: DeviceFile | None
    data: Path
    size: tuple[int, int] | None = None
    fullscreen: bool = True
    language: str = ""
    named: Path | None = None
    damaged: Path | None = None
    bad_address: str | None = None


def find_identity(named: Path | None, kind: str, folder: Path) -> DeviceFile | None:
    """The identity in the `named` file, else the one that pairing saved in `folder`; None: not paired.

    Raises ConfigError for a file that cannot be used, DamagedIdentity if pairing again is the way out.
    """
    if named is not None:
        return read_identity(named, kind)
    saved = identity_path(folder, kind)
    return read_identity(saved, kind) if saved.exists() else None


def read_identity(path: Path, kind: str) -> DeviceFile:
    """The identity file at `path`. Raises ConfigError, also if it is for another kind of device."""
    add = f"`welkom device add {kind}`"
    try:
        device = parse_device_file(read_text(path))
    except FileNotFoundError:
        raise ConfigError(f"{path} is not there; {add} on the server makes a device file") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    except (NotText, DeviceFileError) as error:
        address = error.address if isinstance(error, DeviceAddressError) else None
        raise DamagedIdentity(path, f"{path}: {error}; make a new one with {add}", address) from error
    if not _is_key_pair(device):
        raise DamagedIdentity(path, f"{path}: its two keys do not belong together; make a new one with {add}")
    if device.kind != kind:
        raise ConfigError(f'{path} is for a device of kind "{device.kind}"; make one with {add}')
    return device


def _is_key_pair(device: DeviceFile) -> bool:
    import zmq  # imported only if it is needed

    return zmq.curve_public(device.secret_key.encode()).decode() == device.public_key


def default_data_folder() -> Path:
    """The folder of a device's database unless --data names another one."""
    from platformdirs import user_data_path  # imported only if it is needed

    return user_data_path("welkom", appauthor=False) / "devices"
