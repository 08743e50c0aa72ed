"""Where a webhook may be sent: the address behind a name is looked up once, checked, and then connected to.

A name that leads into the shop's network, or to this computer, would let somebody outside use the server to
reach what only the shop may reach. So would a redirect: it is never followed.
"""

import asyncio
import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class TargetRefused(Exception):
    """The target may not be connected to. The text is its address in the shop's network."""


async def resolve(host: str, port: int, allow_local: bool) -> list[str]:
    """The addresses of a host, which may be connected to. Raises TargetRefused, or OSError for no address."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not allow_local and not is_outside(address):
            raise TargetRefused(address)
    return addresses


def is_outside(address: str) -> bool:
    """Whether an address is one of the internet: not of this computer, this network or a special use."""
    try:
        found: Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _inside(found)
    return found.is_global and not found.is_multicast and (inner is None or is_outside(str(inner)))


def _inside(address: Address) -> Address | None:
    """The IPv4 address that an IPv6 address leads to: mapped, 6to4, Teredo, or through NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
