"""Pairs new devices over a real port, by approval and by code."""

import asyncio
import sqlite3
import stat
import threading

import pytest

from sync_server.device.network.enrol_client import EnrolClient, PairingError, PairingFailure
from sync_server.device.storage.identity_file import save_identity
from sync_server.protocol import enrol, enrol_codes, enrol_proofs
from sync_server.protocol.device_file import parse_device_file
from sync_server.service.auth.server_key import new_pair
from sync_server.service.enrol.requests import EXPIRES_MS

from .harness import come
from .pairing_steps import approve, asked, failing, waiting


async def test_a_kiosk_is_approved_and_takes_part(shop, tmp_path):
    await shop.open()
    pairing = EnrolClient("kiosk")
    shown = await pairing.begin(shop.server.enrol.address)
    (request,) = waiting(shop)
    assert (request.digits, request.kind) == (shown.digits, "kiosk")
    assert shown.store == "Test shop"
    assert shown.manager_url.endswith(f"/manager/devices#r{request.request}")
    patient = asyncio.ensure_future(pairing.wait())
    await approve(shop)
    file = await patient
    assert (file.device_id, file.name, file.letter, file.kind) == ("front-door", "Front door", "A", "kiosk")
    path = save_identity(file, tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    device = shop.device(parse_device_file(path.read_text()))
    come(device)
    await shop.until(lambda: device.live and not device.outbox.pending())
    assert shop.one("SELECT count(*) FROM visits WHERE device_id = 'front-door'") == 1


async def test_a_tablet_is_paired_by_a_code_without_approval(shop):
    await shop.open()
    code = shop.server.enrol.make_code("staff", "Maya's tablet")
    file = await EnrolClient("staff").with_code(shop.server.enrol.address, code.code.lower())
    device = shop.device(file)
    await shop.sign_in(device, "maya")
    assert file.device_id == "maya-s-tablet"


async def test_the_secret_key_never_leaves_the_device(shop, monkeypatch):
    await shop.open()
    said: list[str] = []
    answer = shop.server.enrol.answer

    async def overheard(method, path, body, *where):
        status, reply = await answer(method, path, body, *where)
        said.extend((body.decode(), reply.decode()))
        return status, reply

    monkeypatch.setattr(shop.server.enrol.http_app, "_answer", overheard)
    pairing = EnrolClient("kiosk")
    await asked(shop, pairing)
    await approve(shop)
    file = await pairing.wait()
    code = shop.server.enrol.make_code("kiosk", "Back")
    other = await EnrolClient("kiosk").with_code(shop.server.enrol.address, code.code)
    talk = "".join(said)
    assert enrol.decode(said[0].encode(), enrol.Ask).public_key == file.public_key
    assert file.secret_key not in talk
    assert other.secret_key not in talk
    assert (enrol_codes.read_code(code.code) or "") not in talk
    with shop.store() as db:
        kept = "".join(db.iterdump())
    assert file.public_key in kept
    assert file.secret_key not in kept
    assert other.secret_key not in kept


async def test_refused_expired_and_forgotten_requests_say_so(shop, monkeypatch):
    server = await shop.open()
    pairing = EnrolClient("kiosk")
    await asked(shop, pairing)
    server.enrol.refuse(waiting(shop)[0].request)
    with failing(PairingFailure.REFUSED):
        await pairing.wait()
    late = EnrolClient("kiosk")
    await asked(shop, late)
    now = server.processor.clock()
    monkeypatch.setattr(server.enrol, "_now", lambda: now + EXPIRES_MS + 1000)
    with failing(PairingFailure.EXPIRED):
        await late.wait()


@pytest.mark.fault(
    "The network fails at the moment when a device is approved",
    "it is enrolled once, and learns it when the network is back",
)
async def test_a_lost_answer_is_asked_for_again(shop, monkeypatch):
    """The Wi-Fi fails at the moment of approval: the device is enrolled once and learns it later."""
    monkeypatch.setattr(enrol, "POLL_S", 0.01)
    await shop.open()
    pairing = EnrolClient("kiosk")
    await asked(shop, pairing)
    base, pairing._base = pairing._base, "http://127.0.0.1:1"
    patient = asyncio.ensure_future(pairing.wait())
    await approve(shop)
    pairing._base = base
    assert (await patient).device_id == "front-door"
    code = shop.server.enrol.make_code("kiosk", "Back")
    again = EnrolClient("kiosk")
    files = [await again.with_code(shop.server.enrol.address, code.code) for _ in range(2)]
    assert files[0] == files[1]
    assert shop.one("SELECT count(*) FROM devices") == 2


@pytest.mark.attack(
    "Six devices use the same code at the same time",
    "one is enrolled, five are told that the code does not fit",
)
async def test_a_code_enrols_one_device_even_if_several_use_it_at_once(shop):
    await shop.open()
    code = shop.server.enrol.make_code("kiosk", "Front").code
    tries = [EnrolClient("kiosk").with_code(shop.server.enrol.address, code) for _ in range(6)]
    came = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(one, PairingError) for one in came) == 1
    assert {one.reason for one in came if isinstance(one, PairingError)} == {PairingFailure.WRONG_CODE}
    assert shop.one("SELECT count(*) FROM devices") == 1


async def test_a_code_is_used_up_though_its_device_hung_up_before_the_answer(shop):
    """On a slow disk the request times out; the device is in the list nevertheless."""
    server = await shop.open()
    code = enrol_codes.read_code(server.enrol.make_code("kiosk", "Front").code)

    def ask(key: str):
        nonce = enrol_proofs.new_nonce()
        said = enrol.Present(
            enrol.WIRE, "kiosk", key, nonce, enrol_proofs.device_proof(code, "kiosk", key, nonce)
        )
        return server.enrol.answer("POST", "/enrol/code", enrol.encode(said), "10.0.0.5", "127.0.0.1")

    goes_on = threading.Event()
    slow = server.processor.writer.call(lambda _db: goes_on.wait(30))
    mine, other = new_pair()[0], new_pair()[0]
    hasty = asyncio.ensure_future(ask(mine))
    await asyncio.sleep(0)
    hasty.cancel()
    goes_on.set()
    await slow
    status, said = await ask(other)
    assert (status, enrol.decode(said, enrol.Denied).why) == (403, "wrong_code")
    status, said = await ask(mine)
    assert (status, enrol.decode(said, enrol.Welcome).enrolled.device_id) == (200, "front")
    assert shop.one("SELECT group_concat(public_key) FROM devices") == mine


async def test_wrong_codes_and_codes_for_another_kind_enrol_no_device(shop):
    await shop.open()
    code = shop.server.enrol.make_code("kiosk", "Front").code
    for kind, typed in (("kiosk", enrol_codes.new_code()), ("kiosk", "hello"), ("staff", code)):
        with failing(PairingFailure.WRONG_CODE):
            await EnrolClient(kind).with_code(shop.server.enrol.address, typed)
    assert shop.one("SELECT count(*) FROM devices") == 0


@pytest.mark.fault(
    "The disk is full while a device is paired",
    "no device is enrolled; with space again the same code and the same request work",
)
async def test_while_nothing_can_be_written_no_device_is_enrolled_and_the_code_stays_valid(shop):
    server = await shop.open()
    full = "CREATE TRIGGER full_disk BEFORE INSERT ON devices BEGIN SELECT RAISE(FAIL, 'disk is full'); END"
    await server.processor.writer.call(lambda db: db.execute(full))
    code = server.enrol.make_code("kiosk", "Front").code
    pairing, other = EnrolClient("kiosk"), EnrolClient("kiosk")
    with failing(PairingFailure.NOT_NOW):
        await pairing.with_code(server.enrol.address, code)
    await asked(shop, other)
    with pytest.raises(sqlite3.Error):
        await approve(shop)
    assert server.authenticator.devices == {}
    await server.processor.writer.call(lambda db: db.execute("DROP TRIGGER full_disk"))
    await pairing.with_code(server.enrol.address, code)
    await approve(shop, "Second")
    assert (await other.wait()).device_id == "second"
