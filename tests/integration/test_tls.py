"""Certificates: one made here, one that was brought, and one that cannot be used."""

import asyncio
import contextlib
import re
import ssl
import stat
from datetime import UTC, datetime
from functools import partial

import pytest
import requests

from sync_server.service import control, tls, web_door
from sync_server.service.enrol import own_address
from sync_server.service.folder import FolderError
from sync_server.service.settings import ACCEPTED, Listen
from sync_server.web.app import make_app
from tests.integration.process import welkom

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
OURS = Listen(tls_cert=tls.CERTIFICATE, tls_key=tls.KEY)


def use(folder, **lines: str) -> None:
    text = folder.settings.read_text("utf-8")
    more = "".join(f'{key} = "{value}"\n' for key, value in lines.items())
    folder.settings.write_text(text.replace("[server]\n", f"[server]\n{more}"), "utf-8")


async def test_the_pages_and_the_commands_speak_tls(house):
    made = tls.make(house.folder, "Test shop", ["localhost", "127.0.0.1", "shop.local"], datetime.now(UTC))
    use(house.folder, tls_cert=tls.CERTIFICATE, tls_key=tls.KEY)
    server = await house.open(make_app)
    assert server.tls.fingerprint == made
    certificate = house.folder.path / tls.CERTIFICATE
    found = await asyncio.to_thread(requests.get, server.web_url + "/manager/sign-in", verify=certificate)
    assert found.status_code == 200
    assert "secure" in found.headers["set-cookie"].lower()
    # A command knows the server by its certificate, and tells its secret to nobody else.
    await asyncio.to_thread(control.run, house.folder, "set_pin", employee="tom", pin="471147")
    address = house.folder.control_address.read_text()
    house.folder.control_address.write_text(address.replace(made, "0" * 64))
    with pytest.raises(FolderError, match="does not answer"):
        await asyncio.to_thread(control.run, house.folder, "set_pin", employee="tom", pin="471147")


@pytest.mark.attack(
    "Connections to the pages that never begin with TLS, where the shop has a certificate",
    "they count as any other: the oldest make room, and each ends when its time is over; pages are served",
)
async def test_connections_that_shake_no_hands_count_as_any_other(house, monkeypatch):
    monkeypatch.setattr(web_door, "WEB_CONNECTIONS", 20)
    tls.make(house.folder, "Test shop", ["127.0.0.1"], datetime.now(UTC))
    use(house.folder, tls_cert=tls.CERTIFICATE, tls_key=tls.KEY)
    server = await house.open(make_app)
    host, port = server.web_address.split(":")
    certificate = house.folder.path / tls.CERTIFICATE
    health = partial(requests.get, server.web_url + "/health", verify=certificate)
    crowd = [await asyncio.open_connection(host, int(port)) for _ in range(60)]
    assert (await asyncio.to_thread(health)).status_code == 200
    assert server.counters.values()["web_shed"] >= 40
    monkeypatch.setattr(web_door, "WEB_REQUEST_S", 0.1)
    crowd.append(await asyncio.open_connection(host, int(port)))
    crowd[-1][1].write(b"no hello of TLS's")
    crowd.append(await asyncio.open_connection(host, int(port)))
    async with asyncio.timeout(30):
        for reader, writer in (*crowd[:40], *crowd[-2:]):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() is not None
            writer.close()
    assert server.counters.values()["web_too_slow"] >= 1
    assert (await asyncio.to_thread(health)).status_code == 200


async def test_a_request_in_one_piece_with_the_end_of_the_handshake_is_answered(house):
    tls.make(house.folder, "Test shop", ["127.0.0.1"], datetime.now(UTC))
    use(house.folder, tls_cert=tls.CERTIFICATE, tls_key=tls.KEY)
    server = await house.open(make_app)
    came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context(cafile=house.folder.path / tls.CERTIFICATE)
    client = context.wrap_bio(came, goes, server_hostname="127.0.0.1")
    host, port = server.web_address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    async with asyncio.timeout(30):

        async def done(step):
            while True:
                try:
                    return step()
                except ssl.SSLWantReadError:
                    writer.write(goes.read())
                    came.write(await reader.read(65_536))

        await done(client.do_handshake)
        client.write(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert await done(lambda: client.read(12)) == b"HTTP/1.1 200"
    writer.transport.abort()


def test_a_certificate_made_here_is_for_the_names_given_and_its_key_is_nobodys_else(folder):
    tls.make(folder, "A shop of a very long name " * 5, ["shop.local", "10.0.0.7", "::1"], NOW)
    assert stat.S_IMODE((folder.path / tls.KEY).stat().st_mode) == 0o600
    certificate = folder.path / tls.CERTIFICATE
    told = ssl._ssl._test_decode_cert(str(certificate))
    assert {name for _, name in told["subjectAltName"]} == {"shop.local", "10.0.0.7", "0:0:0:0:0:0:0:1"}
    loaded = tls.load(folder, OURS)
    assert loaded.fingerprint == tls.fingerprint_of(certificate)
    assert re.fullmatch(r"([0-9A-F]{2}:){31}[0-9A-F]{2}", tls.in_pairs(loaded.fingerprint))
    with pytest.raises(FolderError, match="is there already"):
        tls.make(folder, "Shop", ["x"], NOW)


def test_files_that_cannot_be_used_are_named_with_the_reason(folder):
    assert tls.load(folder, Listen()) is None
    with pytest.raises(FolderError, match=r"server\.tls_cert: .*tls\.cert\.pem is not there"):
        tls.load(folder, OURS)
    tls.make(folder, "Shop", ["x"], NOW)
    (folder.path / "other.pem").write_text((folder.path / tls.KEY).read_text())
    (folder.path / tls.KEY).unlink()
    (folder.path / tls.CERTIFICATE).rename(folder.path / "mine.pem")
    tls.make(folder, "Shop", ["x"], NOW)
    for certificate, key in (("mine.pem", tls.KEY), ("store.toml", tls.KEY), (tls.CERTIFICATE, "store.toml")):
        with pytest.raises(FolderError, match="must be PEM files that belong together"):
            tls.load(folder, Listen(tls_cert=certificate, tls_key=key))
    assert tls.load(folder, Listen(tls_cert="mine.pem", tls_key="other.pem"))


def test_init_makes_one_for_a_new_store_and_for_one_that_is_there(tmp_path, folder):
    ran = welkom("init", tmp_path / "new", "--tls")
    assert ran.returncode == 0, ran.stderr
    assert re.search(r"fingerprint: ([0-9A-F]{2}:){31}", ran.stdout)
    assert 'tls_cert = "tls.cert.pem"' in (tmp_path / "new" / "store.toml").read_text()
    assert welkom("check", "--data", tmp_path / "new").returncode == 0
    ran = welkom("init", folder.path, "--tls")
    assert ran.returncode == 0, ran.stderr
    assert "Put these lines under [server]" in ran.stdout
    ran = welkom("init", folder.path, "--tls")
    assert (ran.returncode, "is there already" in ran.stderr) == (1, True)


async def test_pages_at_every_address_are_told_by_one_that_leads_there(house):
    text = house.folder.settings.read_text("utf-8")
    house.folder.settings.write_text(text.replace('web = "127.0.0.1:0"', 'web = "0.0.0.0:0"'), "utf-8")
    server = await house.open(make_app)
    assert "0.0.0.0" not in server.web_url
    found = await asyncio.to_thread(requests.get, server.web_url + "/health")
    assert found.json()["ok"]


@pytest.mark.parametrize(
    ("web", "lines", "elsewhere"),
    [
        ("127.0.0.1:0", {}, ""),
        ("0.0.0.0:0", {}, ""),
        ("127.0.0.1:0", {"tls_cert": tls.CERTIFICATE, "tls_key": tls.KEY}, ""),
        ("0.0.0.0:0", {"tls_cert": tls.CERTIFICATE, "tls_key": tls.KEY}, "https://"),
        ("0.0.0.0:0", {"manager_without_tls": ACCEPTED}, "http://"),
    ],
)
async def test_where_the_manager_is_sent_is_where_the_pages_answer(house, web, lines, elsewhere):
    if "tls_cert" in lines:
        tls.make(house.folder, "Test shop", tls.own_names(own_address()), datetime.now(UTC))
    use(house.folder, **lines)
    text = house.folder.settings.read_text("utf-8")
    house.folder.settings.write_text(text.replace('web = "127.0.0.1:0"', f'web = "{web}"'), "utf-8")
    server = await house.open(make_app)
    assert server.elsewhere.startswith(elsewhere) if elsewhere else server.elsewhere == ""
    get = partial(requests.get, verify=house.folder.path / tls.CERTIFICATE if server.tls else True)
    here = await asyncio.to_thread(get, server.web_here + "/manager")
    assert here.status_code == 200
    assert here.url.startswith(server.web_here + "/manager/sign-in")
    if elsewhere:
        there = await asyncio.to_thread(get, server.elsewhere + "/manager")
        assert there.status_code == 200
