"""The addresses of the pages: on this computer, in the shop's network, and for phones."""

from msgspec import Struct

from sync_server.addresses import Address, parse_listen_address, url_host
from sync_server.network_addresses import is_loopback, reachable_host


class PageAddresses(Struct, frozen=True):
    """`web` is where the pages listen, host:port.

    `private` says that passwords may cross the network: the pages use TLS, or the shop accepts the risk.
    """

    web: str
    tls: bool = False
    public_url: str = ""
    private: bool = False

    @property
    def _listens(self) -> Address:
        return parse_listen_address(self.web)

    def _url(self, host: str) -> str:
        return f"{'https' if self.tls else 'http'}://{url_host(host)}:{self._listens.port}"

    @property
    def network(self) -> str:
        """For computers in the shop's network, if the pages listen there."""
        return self._url(reachable_host(self.web))

    @property
    def local(self) -> str:
        """For this computer."""
        return self._url("127.0.0.1" if self._listens.is_everywhere else self._listens.host)

    @property
    def manager_elsewhere(self) -> str:
        """The manager's pages for other computers; empty where those pages answer on this computer only."""
        if self._is_public_usable:
            return self.public_url.rstrip("/")
        return self.network if self.private and not is_loopback(self._listens.host) else ""

    def devices_page(self, host: str) -> str:
        """The page to approve devices on, for a computer that reaches this one as `host`.

        Empty where that page cannot be opened from there.
        """
        if self._is_public_usable:
            return f"{self.public_url.rstrip('/')}/manager/devices"
        everywhere = self._listens.is_everywhere
        only_local = is_loopback(self._listens.host) or (everywhere and not self.private)
        if not (is_loopback(host) if only_local else self.private):
            return ""
        return self._url(host if everywhere else self._listens.host) + "/manager/devices"

    @property
    def _is_public_usable(self) -> bool:
        return self.public_url.startswith("https://") or (bool(self.public_url) and self.private)
