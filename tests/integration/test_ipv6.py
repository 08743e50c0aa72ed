"""A store whose network speaks IPv6: devices, pairing and pages, and IPv4 beside it."""

import asyncio
import socket
from types import SimpleNamespace

import pytest
import requests

from sync_server.device.network.enrol_client import EnrolClient
from sync_server.service.admin import client
from sync_server.service.net.page_addresses import PageAddresses
from sync_server.web.app import make_app

from .harness import come
from .pairing_steps import waiting

pytestmark = pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this computer has no IPv6")


def with_web(shop, address: str) -> None:
    text = shop.data_dir.settings.read_text("utf-8")
    shop.data_dir.settings.write_text(text.replace('web = "127.0.0.1:0"', f'web = "{address}"'), "utf-8")


@pytest.mark.parametrize(
    ("listens", "hosts"), [("[::1]:0", ["::1"]), ("[::]:0", ["::1", "127.0.0.1", "localhost"])]
)
async def test_devices_take_part_and_pages_answer(shop, listens, hosts):
    shop.sync = shop.enrol_at = listens
    with_web(shop, listens)
    server = await shop.open(make_app)
    assert server.enrol.address.startswith(listens.removesuffix("0"))
    for number, host in enumerate(hosts, 1):
        shown = f"[{host}]" if ":" in host else host
        pairing = EnrolClient("kiosk")
        prompt = await pairing.begin(f"{shown}:{server.enrol.address.rpartition(':')[2]}")
        (request,) = waiting(shop)
        assert request.digits == prompt.digits
        assert request.address in ("::1", "127.0.0.1")  # never ::ffff:127.0.0.1
        await server.enrol.approve(request.request, request.digits, f"Kiosk {number}")
        file = await pairing.wait()
        assert file.server == f"tcp://{shown}:{server.sync_address.rpartition(':')[2]}"
        device = shop.device(file, SimpleNamespace(address=file.server))
        come(device)
        await shop.until(lambda device=device: device.live and not device.outbox.pending())
        port = server.pages.web.rpartition(":")[2]
        answer = await asyncio.to_thread(
            requests.get, f"http://{shown}:{port}/manager", allow_redirects=False
        )
        assert answer.status_code != 403, (
            "this computer may see the manager's pages, by each of its addresses"
        )


def test_pages_that_listen_on_everything_have_addresses_in_the_network(monkeypatch):
    monkeypatch.setattr("sync_server.network_addresses.own_address", lambda: "fd00::10")
    pages = PageAddresses("[::]:8350", private=True)
    assert (pages.local, pages.network) == ("http://127.0.0.1:8350", "http://[fd00::10]:8350")
    assert PageAddresses("[::1]:8350").local == "http://[::1]:8350"


async def test_commands_reach_a_server_that_listens_on_ipv6_only(shop):
    with_web(shop, "[::1]:0")
    await shop.open(make_app)
    await asyncio.to_thread(client.run, shop.data_dir, "add_token", name="till")
    assert shop.one("SELECT count(*) FROM tokens") == 1
