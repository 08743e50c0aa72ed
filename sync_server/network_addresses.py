"""The network addresses of this computer, and whether an address is its own loopback."""

import contextlib
import ipaddress
import re
import socket
from collections.abc import Iterable
from typing import NamedTuple

from .addresses import AddressError, parse_address, parse_listen_address, url_host

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# The names of interfaces that containers, virtual machines and VPNs make.
_VIRTUAL = re.compile(
    r"docker|br-|veth|podman|cni|lxc|virbr|vboxnet|vmnet|vEthernet|tun|tap|wg|tailscale|zt|utun|ppp"
)

# Addresses for documentation (RFC 5737, RFC 3849): nothing is sent to them.
_ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def plain_host(host: str) -> str:
    """The host of a connection: an IPv4 address that an IPv6 socket shows as `::ffff:a.b.c.d` as it is."""
    try:
        mapped = ipaddress.IPv6Address(host).ipv4_mapped
    except ValueError:
        return host
    return str(mapped) if mapped is not None else host


def is_loopback(host: str) -> bool:
    """Whether `host` reaches this computer only: an address, in brackets or not, or a name."""
    try:
        return ipaddress.ip_address(plain_host(host.strip("[]"))).is_loopback
    except ValueError:
        return host == "localhost"


def own_address() -> str:
    """The address at which others in the shop's network most likely reach this computer.

    Loopback without a network. IPv6 without brackets, and only where there is no IPv4.
    """
    return shop_addresses()[0]


def shop_addresses() -> list[str]:
    """The addresses at which others in the shop's network may reach this computer, the likeliest first.

    Those of virtual networks only where there are no others, IPv6 only where there is no IPv4; loopback
    without a network.
    """
    outside = [own for own in own_networks() if not is_loopback(own.host)]
    hosts = [own.host for own in outside if not own.virtual] or [own.host for own in outside]
    plain = [host for host in hosts if ":" not in host] or hosts
    routed = _routed_address()  # may be a VPN's: it often takes everything that leaves the computer
    return sorted(plain, key=lambda host: host != routed) or [routed]


def _routed_address() -> str:
    """The address of the interface that the rest of the world is reached by; loopback without one."""
    for family, elsewhere in _ELSEWHERE:
        with (
            contextlib.suppress(OSError),  # no network of this kind
            contextlib.closing(socket.socket(family, socket.SOCK_DGRAM)) as probe,
        ):
            probe.connect((elsewhere, 9))  # only asks which network interface would be used
            return str(probe.getsockname()[0])
    return "127.0.0.1"


class OwnAddress(NamedTuple):
    """An address of this computer, and the network that it is in.

    `virtual`: the network is inside this computer, or goes over another one (containers, virtual
    machines, VPNs). Other devices of the shop are seldom in it.
    """

    host: str
    network: Network
    virtual: bool


def own_networks() -> list[OwnAddress]:
    """All addresses of this computer, loopback included, those of virtual networks last.

    Not the IPv6 addresses of one cable (link-local): they mean nothing without the interface's name.
    """
    import ifaddr  # here, because only multicast DNS needs it

    found = []
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            interface = ipaddress.ip_interface(f"{ip.ip if ip.is_IPv4 else ip.ip[0]}/{ip.network_prefix}")
            if ip.is_IPv4 or not interface.ip.is_link_local:
                virtual = _VIRTUAL.match(adapter.name) is not None
                found.append(OwnAddress(str(interface.ip), interface.network, virtual))
    return sorted(found, key=lambda own: own.virtual)


def own_addresses(ipv6: bool = False) -> list[str]:
    """The IPv4 addresses of `own_networks`, in its order; with `ipv6` those of IPv6 after them."""
    hosts = [own.host for own in own_networks()]
    return [host for host in hosts if ":" not in host] + [host for host in hosts if ipv6 and ":" in host]


def nearest_first(hosts: Iterable[str], own: Iterable[OwnAddress]) -> list[str]:
    """Addresses of another computer in the order in which to try them.

    First those in a network of this computer, last those in a virtual network of it: that network is
    another one than the other computer's of the same name. IPv4 before IPv6, because people can compare it.
    """
    networks = list(own)

    def distance(host: str) -> tuple[int, bool]:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return 1, False  # a name
        around = [own.virtual for own in networks if address in own.network]
        return (1 if not around else 0 if False in around else 2), address.version == 6

    return sorted(hosts, key=distance)


def nearest_addresses_first(addresses: Iterable[str], own: Iterable[OwnAddress]) -> list[str]:
    """The same for addresses with a port. What is none comes last."""
    hosts = {address: _host_of(address) for address in addresses}
    order = nearest_first(dict.fromkeys(host for host in hosts.values() if host), own)
    return sorted(hosts, key=lambda address: order.index(host) if (host := hosts[address]) else len(order))


def _host_of(address: str) -> str:
    """Its host; empty if it is no address."""
    try:
        return parse_address(address, default_port=1).host
    except AddressError:
        return ""


def reachable_host(address: str) -> str:
    """The host at which others reach what listens on `address` (host:port). IPv6 without brackets."""
    listens = parse_listen_address(address)
    return own_address() if listens.is_everywhere else listens.host


def network_addresses(address: str) -> list[str]:
    """Each host:port at which others in the network may reach what listens on `address`, likeliest first."""
    if not address:
        return []
    listens = parse_listen_address(address)
    hosts = shop_addresses() if listens.is_everywhere else [listens.host]
    return [f"{url_host(host)}:{listens.port}" for host in hosts]
