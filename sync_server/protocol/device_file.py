"""The device file: with it a kiosk or tablet finds its store and authenticates itself and the store."""

import re
import tomllib

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sync_server.addresses import AddressError, parse_device_address

_OTHER_PREFIX = "# Another address of the server: "
_OTHER = re.compile(f"^{_OTHER_PREFIX}(.*\\S)", re.MULTILINE)
_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


class DeviceFileError(Exception):
    """The device file cannot be used. The text names the key and the reason."""


class DeviceAddressError(DeviceFileError):
    """The server's `address` in the file is none."""

    def __init__(self, text: str, address: str) -> None:
        super().__init__(text)
        self.address = address


class DeviceFile(Struct, frozen=True, forbid_unknown_fields=True):
    """`server` is a ZeroMQ address, the keys are CURVE keys in Z85, `kind` is `kiosk` or `staff`.

    `others` are more addresses of the same server. They are written as comments, because version 0.1.0 reads
    no file with a key that it does not know.
    """

    device_id: str
    kind: str
    name: str
    letter: str
    server: str
    server_key: str
    public_key: str
    secret_key: str
    others: tuple[str, ...] = ()

    def reached_at(self, server: str) -> "DeviceFile":
        """The same file for a server that was reached at this address. It forgets none that it had."""
        had = dict.fromkeys((self.server, *self.others))
        others = tuple(address for address in had if address != server) if server in had else self.others
        return replace(self, server=server, others=others)


_KEYS = tuple(name for name in DeviceFile.__struct_fields__ if name != "others")


def parse_device_file(text: str) -> DeviceFile:
    """Reads the content of a device file. Raises DeviceFileError."""
    try:
        device = msgspec.convert(tomllib.loads(text), DeviceFile)
        device = replace(device, others=tuple(filter(_is_address, (*device.others, *_OTHER.findall(text)))))
    except msgspec.ValidationError as error:
        raise DeviceFileError(str(error)) from error
    except (ValueError, RecursionError) as error:  # also of what is TOML, but absurd
        raise DeviceFileError(f"not a device file ({error})") from error
    try:
        parse_device_address(device.server)
    except AddressError as error:
        raise DeviceAddressError(f"server: {error}", device.server) from error
    for key in ("server_key", "public_key", "secret_key"):
        if len(getattr(device, key)) != 40:
            raise DeviceFileError(f"{key}: a key has 40 characters")
        if not _is_z85(getattr(device, key)):
            raise DeviceFileError(f"{key}: not a key")
    return device


def _is_address(text: str) -> bool:
    """Whether it is an address of a server. Without `others` a device file is good as well."""
    try:
        parse_device_address(text)
    except AddressError:
        return False
    return True


def _is_z85(key: str) -> bool:
    """Whether this is Z85: each five characters stand for four bytes."""
    groups = [key[i : i + 5] for i in range(0, len(key), 5)]
    if any(c not in _Z85 for c in key):
        return False
    return all(sum(_Z85.index(c) * 85 ** (4 - n) for n, c in enumerate(group)) < 1 << 32 for group in groups)


def device_file_text(device: DeviceFile) -> str:
    """Writes the content of a device file."""
    lines = ["# Welkom device file. It holds a secret key: copy it to the one device and keep no other."]
    lines += [f"{_OTHER_PREFIX}{address}" for address in device.others]
    for name in _KEYS:
        value = getattr(device, name).replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'{name} = "{value}"')
    return "\n".join(lines) + "\n"
