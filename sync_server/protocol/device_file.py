"""The device file: what the server gives a kiosk or tablet so that it can find and trust its store."""

import tomllib

import msgspec
from msgspec import Struct


class DeviceFileError(Exception):
    """The device file cannot be used. The text names the key and the reason."""


class DeviceFile(Struct, frozen=True, forbid_unknown_fields=True):
    """`server` is a ZeroMQ address; the keys are CURVE keys in Z85. `kind` is `kiosk` or `staff`."""

    device_id: str
    kind: str
    name: str
    letter: str
    server: str
    server_key: str
    public_key: str
    secret_key: str


def parse_device_file(text: str) -> DeviceFile:
    """The device file with this content. Raises DeviceFileError."""
    try:
        device = msgspec.convert(tomllib.loads(text), DeviceFile)
    except tomllib.TOMLDecodeError as error:
        raise DeviceFileError(f"not a device file ({error})") from error
    except msgspec.ValidationError as error:
        raise DeviceFileError(str(error)) from error
    for key in ("server_key", "public_key", "secret_key"):
        if len(getattr(device, key)) != 40:
            raise DeviceFileError(f"{key}: a key has 40 characters")
    return device


def device_file_text(device: DeviceFile) -> str:
    """The file's content."""
    lines = ["# Welkom device file. It holds a secret key: copy it to the one device and keep no other."]
    for name in device.__struct_fields__:
        value = getattr(device, name).replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'{name} = "{value}"')
    return "\n".join(lines) + "\n"
