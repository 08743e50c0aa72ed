"""Parses the addresses that people and files give. There is one parser for all of them.

parse_address("192.168.1.10:7350")      # Address(host="192.168.1.10", port=7350)
parse_address("[fd00::10]:7350")        # Address(host="fd00::10", port=7350)
str(Address("fd00::10", 7350))          # "[fd00::10]:7350"

Nothing here uses the network: whether a name exists and whether anybody answers is not known.
"""

import ipaddress
import re
from typing import NamedTuple

from assets.i18n.saying import SayingError

MAX_HOST_LENGTH = 253
DEVICE_SCHEME = "tcp://"  # device files have ZeroMQ's form

_LABEL = re.compile(r"_?[a-z0-9]([a-z0-9_-]{0,60}[a-z0-9_])?")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_ZONE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")  # the name of a network interface
_EVERYWHERE = {"0.0.0.0", "::"}
# `http:8350` is half an address of another kind, and no host of this name.
_SCHEMES = {"http", "https", "javascript", "mailto", "tcp", "udp", "ws", "wss"}


class AddressError(SayingError):
    """Not an address of the form that is needed. The text quotes it and says what to write instead."""


class Address(NamedTuple):
    """A host and a port. `host` is a name, an IPv4 address, or an IPv6 address without brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{url_host(self.host)}:{self.port}"

    @property
    def is_everywhere(self) -> bool:
        """Whether it means all addresses of this computer. Such an address is only for listening."""
        return self.host in _EVERYWHERE

    @property
    def is_ipv6(self) -> bool:
        return ":" in self.host

    @property
    def is_name(self) -> bool:
        return not (self.is_ipv6 or self.host.replace(".", "").isdigit())


def url_host(host: str) -> str:
    """A host as it is written before a port: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def parse_address(text: str, default_port: int | None = None) -> Address:
    """An address that somebody is reached at: `host:port`. Raises AddressError.

    With a `default_port` the port may be left out.
    """
    example = '"192.168.1.10:7350"' if default_port is None else '"192.168.1.10" or "store.local"'
    address = _parse(text, default_port, example)
    if address.port == 0:
        raise AddressError("bad_address.port_of_peer", given=_shown(text), example=example)
    if address.is_everywhere:
        raise AddressError("bad_address.every", given=_shown(text), port=address.port)
    if address.is_ipv6 and ipaddress.IPv6Address(address.host).is_link_local and "%" not in address.host:
        example = f"[{address.host}%eth0]:{address.port}"
        raise AddressError("bad_address.one_cable", given=_shown(text), example=example)
    return address


def parse_host(text: str) -> str:
    """A host without a port, in its one form: a name or an address. Raises AddressError."""
    example = '"smtp.example.com"'
    if _has_port(text.strip()):
        raise AddressError("bad_address.no_port_here", given=_shown(text), example=example)
    return _parse(text, 1, example).host


def parse_listen_address(text: str) -> Address:
    """An address to listen on: `host:port`. Raises AddressError.

    The host `0.0.0.0` (or `*`) is all addresses of this computer, `[::]` also those of IPv6. Port 0 is any
    port that is free.
    """
    text = text.strip()
    return _parse("0.0.0.0" + text[1:] if text.startswith("*:") else text, None, '"0.0.0.0:7350"')


def parse_device_address(text: str) -> Address:
    """The server's address in a device file: `tcp://host:port`. Raises AddressError."""
    if not text.startswith(DEVICE_SCHEME):
        raise AddressError("bad_address.none", given=_shown(text), example='"tcp://192.168.1.10:7350"')
    try:
        return parse_address(text.removeprefix(DEVICE_SCHEME))
    except AddressError as error:
        raise AddressError("bad_address.after", scheme=DEVICE_SCHEME, reason=error.saying) from None


def parse_typed_address(text: str, default_port: int) -> Address:
    """An address as people type it, with or without `http://` and a `/`. Raises AddressError."""
    return parse_address(text.strip().removeprefix("http://").removesuffix("/"), default_port)


def parse_web_address(text: str) -> str:
    """Where a browser reaches the pages: `https://host`, with a port and a path or without.

    Returns it without a slash at its end. Raises AddressError.
    """
    plain, example = text.strip(), "https://welkom.example.com"
    found = _SCHEME.match(plain)
    if found is None or found[1].lower() not in ("http", "https"):
        raise AddressError("bad_address.no_web", given=_shown(text), example=example)
    scheme = found[1].lower()
    host, slash, path = plain[found.end() :].partition("/")
    if re.search(r"[\s?#\\\x00-\x1f\x7f]", plain) or "@" in host:
        raise AddressError("bad_address.signs", given=_shown(text), example=example)
    if not re.fullmatch(r"[A-Za-z0-9._~%/-]*", path) or ".." in path.split("/") or "//" in slash + path:
        raise AddressError("bad_address.path", given=_shown(text), example=example)
    address = parse_address(host, 443 if scheme == "https" else 80)
    if "%" in address.host:
        raise AddressError("bad_address.no_browser", given=_shown(text), example=example)
    port = f":{address.port}" if _has_port(host) else ""
    return f"{scheme}://{url_host(address.host)}{port}{slash}{path}".rstrip("/")


def _parse(text: str, default_port: int | None, example: str) -> Address:
    plain = text.strip()
    if found := _SCHEME.match(plain):
        raise AddressError("bad_address.scheme", given=_shown(text), scheme=found[0], example=example)
    if not _has_port(plain):
        if default_port is None:
            raise AddressError("bad_address.no_port", given=_shown(text), example=example)
        host, port = plain, str(default_port)
    else:
        host, _, port = plain.rpartition(":")
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise AddressError("bad_address.port", given=_shown(text), example=example)
    found_host = _parse_host(host)
    if found_host is None or found_host in _SCHEMES:
        raise AddressError("bad_address.none", given=_shown(text), example=example)
    return Address(found_host, int(port))


def _has_port(text: str) -> bool:
    """Whether a port follows the host. An IPv6 address without brackets has none."""
    return "]:" in text if text.startswith("[") else text.count(":") == 1


def _parse_host(text: str) -> str | None:
    """The host in its one form; None if it is none."""
    bracketed = text.startswith("[") and text.endswith("]")
    host = text[1:-1] if bracketed else text
    if ":" in host:
        _, percent, zone = host.partition("%")
        return None if percent and not _ZONE.fullmatch(zone) else _one_computers(ipaddress.IPv6Address, host)
    if bracketed or not host.isprintable():
        return None
    if re.fullmatch(r"[0-9.]+", host):
        return _one_computers(ipaddress.IPv4Address, host)
    try:
        name = host.encode("idna").decode().lower().removesuffix(".")
    except UnicodeError:
        return None
    labels = name.split(".")
    fits = len(name) <= MAX_HOST_LENGTH and all(_LABEL.fullmatch(label) for label in labels)
    return name if fits and not labels[-1].isdigit() else None


def _one_computers(version: type[ipaddress.IPv4Address | ipaddress.IPv6Address], host: str) -> str | None:
    """The address in its one form, or None: of groups (multicast, broadcast) nobody is the only one."""
    try:
        address = version(host)
    except ValueError:
        return None
    of_many = address.is_multicast or address == ipaddress.IPv4Address("255.255.255.255")
    return None if of_many or (host.startswith("0.") and not address.is_unspecified) else str(address)


def _shown(text: str) -> str:
    """The text for a message, shortened, with what cannot be seen in it made visible."""
    plain = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return plain if len(plain) <= 60 else f"{plain[:59]}…"
