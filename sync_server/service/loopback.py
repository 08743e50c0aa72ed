"""Whether an address is this computer's own, which nobody elsewhere can come from."""

import ipaddress


def is_loopback(host: str) -> bool:
    """`host` is an address, in brackets or not, or a name."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
