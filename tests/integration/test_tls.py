"""Certificates: self-signed, of the shop, and unusable ones."""

import asyncio
import contextlib
import re
import ssl
import stat
from datetime import UTC, datetime
from functools import partial

import pytest
import requests
from msgspec.structs import replace

from sync_server.network_addresses import own_address
from sync_server.service import server as server_module
from sync_server.service.admin import client
from sync_server.service.config.model import ACCEPTED, ServerSettings
from sync_server.service.net import tls
from sync_server.service.net.http_connections import PAGES
from sync_server.service.storage.data_dir import DataDirError
from sync_server.service.upkeep.health import ask_health
from sync_server.web.app import make_app

from .process import welkom

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
OURS = ServerSettings(tls_cert=tls.CERTIFICATE, tls_key=tls.KEY)


def use(folder, **lines: str) -> None:
    text = folder.settings.read_text("utf-8")
    more = "".join(f'{key} = "{value}"\n' for key, value in lines.items())
    folder.settings.write_text(text.replace("[server]\n", f"[server]\n{more}"), "utf-8")


async def test_the_pages_and_the_commands_speak_tls(house):
    made = tls.make_certificate(
        house.data_dir, "Test shop", ["localhost", "127.0.0.1", "shop.local"], datetime.now(UTC)
    )
    use(house.data_dir, tls_cert=tls.CERTIFICATE, tls_key=tls.KEY)
    server = await house.open(make_app)
    assert server.tls.fingerprint == made
    certificate = house.data_dir.path / tls.CERTIFICATE
    found = await asyncio.to_thread(
        requests.get, server.pages.network + "/manager/sign-in", verify=certificate
    )
    assert found.status_code == 200
    assert "secure" in found.headers["set-cookie"].lower()
    await asyncio.to_thread(client.run, house.data_dir, "set_pin", employee="tom", pin="471147")
    # Doctor recognises the pages by their certificate, whatever name it is for.
    state = await asyncio.to_thread(client.describe_server, house.data_dir)
    assert state.fingerprint == made
    assert (await asyncio.to_thread(ask_health, state))["ok"]
    with pytest.raises(requests.exceptions.SSLError):
        await asyncio.to_thread(ask_health, replace(state, fingerprint="0" * 64))


@pytest.mark.attack(
    "Connections to the pages that never begin the TLS handshake, in a shop with a certificate",
    "they count like others: the oldest are closed, and each is closed when its time is over; pages are"
    " served",
)
async def test_connections_without_a_tls_handshake_count_as_connections(house, monkeypatch):
    monkeypatch.setattr(server_module, "PAGES", replace(PAGES, max_connections=20))
    tls.make_certificate(house.data_dir, "Test shop", ["127.0.0.1"], datetime.now(UTC))
    use(house.data_dir, tls_cert=tls.CERTIFICATE, tls_key=tls.KEY)
    server = await house.open(make_app)
    host, port = server.pages.web.split(":")
    certificate = house.data_dir.path / tls.CERTIFICATE
    health = partial(requests.get, server.pages.network + "/health", verify=certificate)
    crowd = [await asyncio.open_connection(host, int(port)) for _ in range(60)]
    assert (await asyncio.to_thread(health)).status_code == 200
    assert server.counters.values()["web_shed"] >= 40
    monkeypatch.setattr(server.web_listener, "limits", replace(PAGES, max_connections=20, request_s=0.1))
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
    tls.make_certificate(house.data_dir, "Test shop", ["127.0.0.1"], datetime.now(UTC))
    use(house.data_dir, tls_cert=tls.CERTIFICATE, tls_key=tls.KEY)
    server = await house.open(make_app)
    came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context(cafile=house.data_dir.path / tls.CERTIFICATE)
    client = context.wrap_bio(came, goes, server_hostname="127.0.0.1")
    host, port = server.pages.web.split(":")
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


def test_a_self_signed_certificate_has_the_given_names_and_a_private_key_file(folder):
    tls.make_certificate(folder, "A shop of a very long name " * 5, ["shop.local", "10.0.0.7", "::1"], NOW)
    assert stat.S_IMODE((folder.path / tls.KEY).stat().st_mode) == 0o600
    certificate = folder.path / tls.CERTIFICATE
    decoded = ssl._ssl._test_decode_cert(  # type: ignore[attr-defined]
        str(certificate)
    )
    assert {name for _, name in decoded["subjectAltName"]} == {"shop.local", "10.0.0.7", "0:0:0:0:0:0:0:1"}
    loaded = tls.load_tls(folder, OURS)
    assert loaded.fingerprint == tls.fingerprint_of(certificate)
    assert re.fullmatch(r"([0-9A-F]{2}:){31}[0-9A-F]{2}", tls.format_fingerprint(loaded.fingerprint))
    with pytest.raises(DataDirError, match="is there already"):
        tls.make_certificate(folder, "Shop", ["x"], NOW)


def test_files_that_cannot_be_used_are_named_with_the_reason(folder):
    assert tls.load_tls(folder, ServerSettings()) is None
    with pytest.raises(DataDirError, match=r"server\.tls_cert: .*tls\.cert\.pem is not there"):
        tls.load_tls(folder, OURS)
    tls.make_certificate(folder, "Shop", ["x"], NOW)
    (folder.path / "other.pem").write_text((folder.path / tls.KEY).read_text())
    (folder.path / tls.KEY).unlink()
    (folder.path / tls.CERTIFICATE).rename(folder.path / "mine.pem")
    tls.make_certificate(folder, "Shop", ["x"], NOW)
    for certificate, key in (("mine.pem", tls.KEY), ("store.toml", tls.KEY), (tls.CERTIFICATE, "store.toml")):
        with pytest.raises(DataDirError, match="must be PEM files that belong together"):
            tls.load_tls(folder, ServerSettings(tls_cert=certificate, tls_key=key))
    assert tls.load_tls(folder, ServerSettings(tls_cert="mine.pem", tls_key="other.pem"))


def test_init_makes_a_certificate_for_a_new_and_for_an_existing_store(tmp_path, folder):
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


async def test_pages_on_all_addresses_are_shown_with_a_reachable_one(house):
    text = house.data_dir.settings.read_text("utf-8")
    house.data_dir.settings.write_text(text.replace('web = "127.0.0.1:0"', 'web = "0.0.0.0:0"'), "utf-8")
    server = await house.open(make_app)
    assert "0.0.0.0" not in server.pages.network
    found = await asyncio.to_thread(requests.get, server.pages.network + "/health")
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
        tls.make_certificate(
            house.data_dir, "Test shop", tls.certificate_names([own_address()]), datetime.now(UTC)
        )
    use(house.data_dir, **lines)
    text = house.data_dir.settings.read_text("utf-8")
    house.data_dir.settings.write_text(text.replace('web = "127.0.0.1:0"', f'web = "{web}"'), "utf-8")
    server = await house.open(make_app)
    assert (
        server.pages.manager_elsewhere.startswith(elsewhere)
        if elsewhere
        else server.pages.manager_elsewhere == ""
    )
    get = partial(requests.get, verify=house.data_dir.path / tls.CERTIFICATE if server.tls else True)
    here = await asyncio.to_thread(get, server.pages.local + "/manager")
    assert here.status_code == 200
    assert here.url.startswith(server.pages.local + "/manager/sign-in")
    if elsewhere:
        there = await asyncio.to_thread(get, server.pages.manager_elsewhere + "/manager")
        assert there.status_code == 200
