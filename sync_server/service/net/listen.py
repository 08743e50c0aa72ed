"""Listening sockets for HTTP, and what is said of an address that cannot be listened on."""

import errno
import socket

from sync_server.addresses import Address, parse_listen_address


class PortError(Exception):
    """The address cannot be listened on. The text names the setting, the address, and what to do."""


def port_error(setting: str, address: str, error: OSError) -> PortError:
    """`setting` is the key of store.toml that holds the address."""
    return PortError(f"{setting}: cannot listen on {address} ({error.strerror}); {listen_remedy(error)}")


def listen_remedy(error: OSError) -> str:
    """What a person can do about an address that cannot be listened on."""
    if isinstance(error, socket.gaierror) or error.errno in (errno.EADDRNOTAVAIL, errno.ENODEV):
        return (
            "this computer has no such address: write one of its own in store.toml"
            " (`ip addr` shows them), or 0.0.0.0 for all"
        )
    if error.errno == errno.EACCES:
        return "ports below 1024 are the system's: choose a higher one in store.toml"
    return (
        "another program may be using the port: stop it (`ss -ltnp` shows which)"
        " or choose another one in store.toml"
    )


def interface_names() -> set[str]:
    """The names of this computer's network interfaces. ZeroMQ listens on them by name."""
    return {name for _, name in socket.if_nameindex()}


def resolved(address: str) -> Address:
    """The address with its host as an IP address; a name may stand for one of this computer's.

    Raises OSError for a name that is not known.
    """
    named = parse_listen_address(address)
    found = socket.getaddrinfo(named.host, named.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    found.sort(key=lambda one: one[0] != socket.AF_INET)
    return Address(str(found[0][4][0]), named.port)


def check_listen_address(setting: str, address: str) -> None:
    """Raises PortError if the host of `address` is none of this computer's. It does not listen.

    A name that is not known may take seconds: the network is asked for it.
    """
    if setting == "server.sync" and parse_listen_address(address).host in interface_names():
        return
    try:
        at = resolved(address)
        family = socket.AF_INET6 if at.is_ipv6 else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:  # any port of UDP: none is taken away
            probe.bind((at.host, 0))
    except OSError as error:
        raise port_error(setting, address, error) from error


def listen(address: str) -> socket.socket:
    """A TCP socket that listens on `address` (host:port). `[::]` is all addresses, also those of IPv4.

    Raises OSError.
    """
    at = resolved(address)
    found = socket.create_server(
        (at.host, at.port),
        family=socket.AF_INET6 if at.is_ipv6 else socket.AF_INET,
        dualstack_ipv6=at.host == "::" and socket.has_dualstack_ipv6(),
    )
    # Accepted connections inherit it. Without it every answer waits 40 ms for an acknowledgement.
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


def listens_at(listening: socket.socket) -> str:
    """host:port of a listening socket."""
    host, port = listening.getsockname()[:2]
    return str(Address(host, port))


def listen_for_pages(address: str) -> socket.socket:
    """The socket of the pages. Raises PortError."""
    try:
        return listen(address)
    except OSError as error:
        raise port_error("server.web", address, error) from error
