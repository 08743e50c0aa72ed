"""The addresses of this computer: those of containers, virtual machines and VPNs come last."""

import ipaddress
from types import SimpleNamespace
from typing import Any

import ifaddr
import pytest

from sync_server import network_addresses
from sync_server.network_addresses import OwnAddress, nearest_first, own_address, own_addresses, own_networks


def adapter(name: str, *ips: tuple[str, int]) -> Any:
    return SimpleNamespace(
        name=name,
        ips=[
            SimpleNamespace(ip=(ip, 0, 0) if ":" in ip else ip, network_prefix=prefix, is_IPv4=":" not in ip)
            for ip, prefix in ips
        ],
    )


@pytest.fixture
def adapters(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found = [
        adapter("docker0", ("172.17.0.1", 16)),
        adapter("wg0", ("10.8.0.2", 24), ("fd08::2", 64)),
        adapter("lo", ("127.0.0.1", 8)),
        adapter("eth0", ("192.168.1.10", 24), ("fe80::1", 64), ("fd00::10", 64)),
    ]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: found)
    return found


@pytest.mark.usefixtures("adapters")
def test_addresses_of_virtual_networks_come_last() -> None:
    assert own_addresses() == ["127.0.0.1", "192.168.1.10", "172.17.0.1", "10.8.0.2"]
    assert own_addresses(ipv6=True)[4:] == ["fd00::10", "fd08::2"]
    assert OwnAddress("172.17.0.1", ipaddress.ip_network("172.17.0.0/16"), True) in own_networks()


@pytest.mark.usefixtures("adapters")
@pytest.mark.parametrize(
    ("hosts", "order"),
    [
        (["10.0.0.5", "192.168.1.5"], ["192.168.1.5", "10.0.0.5"]),
        (["172.17.0.1", "10.0.0.5"], ["10.0.0.5", "172.17.0.1"]),
        (["fd00::5", "192.168.1.5"], ["192.168.1.5", "fd00::5"]),
        (["10.0.0.5", "fd00::5"], ["fd00::5", "10.0.0.5"]),
        (["fe80::1%eth0", "store.local"], ["store.local", "fe80::1%eth0"]),
        ([], []),
    ],
)
def test_an_address_in_a_network_of_this_computer_is_tried_first(hosts: list[str], order: list[str]) -> None:
    assert nearest_first(hosts, own_networks()) == order


@pytest.mark.usefixtures("adapters")
@pytest.mark.parametrize(
    ("routed", "reached_at"),
    [
        ("192.168.1.10", "192.168.1.10"),
        ("10.8.0.2", "192.168.1.10"),  # a VPN that takes everything that leaves the computer
        ("127.0.0.1", "192.168.1.10"),  # a shop's network without the internet
    ],
)
def test_a_server_is_offered_at_its_address_in_the_shops_network(
    monkeypatch: pytest.MonkeyPatch, routed: str, reached_at: str
) -> None:
    monkeypatch.setattr(network_addresses, "_routed_address", lambda: routed)
    assert own_address() == reached_at
    assert network_addresses.network_addresses("0.0.0.0:7350") == [f"{reached_at}:7350"]


def test_each_network_of_the_shop_is_offered_the_likeliest_first(
    adapters: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    adapters.append(adapter("eth1", ("10.0.0.5", 24)))
    monkeypatch.setattr(network_addresses, "_routed_address", lambda: "10.0.0.5")
    assert network_addresses.network_addresses("0.0.0.0:7350") == ["10.0.0.5:7350", "192.168.1.10:7350"]
    assert network_addresses.network_addresses("[fd00::10]:1") == ["[fd00::10]:1"]
    assert network_addresses.network_addresses("") == []


def test_a_computer_in_virtual_networks_only_is_offered_there_and_one_without_a_network_at_itself(
    adapters: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_addresses, "_routed_address", lambda: "127.0.0.1")
    del adapters[-1]
    assert network_addresses.shop_addresses() == ["172.17.0.1", "10.8.0.2"]
    del adapters[:2]
    assert network_addresses.shop_addresses() == ["127.0.0.1"]
