"""A new device and its store, over a real port: both ways in, and whoever stands in the middle."""

import asyncio
import sqlite3
import stat
import threading
import uuid

import pytest
import requests
from click.testing import CliRunner, Result
from msgspec.structs import replace

from sync_server.cli import main
from sync_server.device.enrol import Pairing, PairingError, Reason
from sync_server.device.find import Finder
from sync_server.device.own_file import own_file, save
from sync_server.protocol import enrol
from sync_server.protocol.device_file import parse_device_file
from sync_server.service import accounts
from sync_server.service.announce import Announcement
from sync_server.service.door import Door, listen
from sync_server.service.keys import new_pair
from sync_server.service.pairing import EXPIRES_MS
from sync_server.service.settings import ACCEPTED

from .house import House, come
from .process import ServerProcess


@pytest.fixture
def shop(house: House) -> House:
    house.enrol_at = "127.0.0.1:0"
    return house


async def asked(shop: House, pairing: Pairing) -> str:
    """The device asks; the digits it shows."""
    return (await pairing.begin(shop.server.enrolment.address)).digits


def waiting(shop: House) -> list:
    return shop.server.enrolment.pairing.waiting(shop.server.shop.clock())


async def approve(shop: House, name: str = "Front door") -> None:
    (request,) = waiting(shop)
    await shop.server.enrolment.approve(request.request, name)


def failing(reason: Reason):
    return pytest.raises(PairingError, check=lambda error: error.reason is reason)


# --- both ways in ---------------------------------------------------------------------------------


async def test_a_kiosk_is_approved_and_takes_part(shop, tmp_path):
    await shop.open()
    pairing = Pairing("kiosk")
    shown = await pairing.begin(shop.server.enrolment.address)
    (request,) = waiting(shop)
    assert (request.digits, request.kind) == (shown.digits, "kiosk")
    assert shown.store == "Test shop"
    assert shown.manager_url.endswith(f"/manager/devices#r{request.request}")
    patient = asyncio.ensure_future(pairing.wait())
    await approve(shop)
    file = await patient
    assert (file.device_id, file.name, file.letter, file.kind) == ("front-door", "Front door", "A", "kiosk")
    path = save(file, tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    device = shop.device(parse_device_file(path.read_text()))
    come(device)
    await shop.until(lambda: device.live and not device.outbox.pending())
    assert shop.one("SELECT count(*) FROM visits WHERE device_id = 'front-door'") == 1


async def test_a_tablet_comes_in_by_a_code_and_nobody_has_to_approve_it(shop):
    await shop.open()
    code = shop.server.enrolment.make_code("staff", "Maya's tablet")
    file = await Pairing("staff").with_code(shop.server.enrolment.address, code.code.lower())
    device = shop.device(file)
    await shop.sign_in(device, "maya")
    assert file.device_id == "maya-s-tablet"


async def test_the_secret_key_never_leaves_the_device(shop, monkeypatch):
    await shop.open()
    said: list[str] = []
    answer = shop.server.enrolment.answer

    async def overheard(method, path, body, *where):
        status, told = await answer(method, path, body, *where)
        said.extend((body.decode(), told.decode()))
        return status, told

    monkeypatch.setattr(shop.server.enrolment._door, "_answer", overheard)
    pairing = Pairing("kiosk")
    await asked(shop, pairing)
    await approve(shop)
    file = await pairing.wait()
    code = shop.server.enrolment.make_code("kiosk", "Back")
    other = await Pairing("kiosk").with_code(shop.server.enrolment.address, code.code)
    talk = "".join(said)
    assert enrol.decode(said[0].encode(), enrol.Ask).public_key == file.public_key
    assert file.secret_key not in talk
    assert other.secret_key not in talk
    assert (enrol.read_code(code.code) or "") not in talk
    with shop.store() as db:
        kept = "".join(db.iterdump())
    assert file.public_key in kept
    assert file.secret_key not in kept
    assert other.secret_key not in kept


async def test_refused_expired_and_forgotten_requests_say_so(shop, monkeypatch):
    server = await shop.open()
    pairing = Pairing("kiosk")
    await asked(shop, pairing)
    server.enrolment.refuse(waiting(shop)[0].request)
    with failing(Reason.REFUSED):
        await pairing.wait()
    late = Pairing("kiosk")
    await asked(shop, late)
    now = server.shop.clock()
    monkeypatch.setattr(server.shop, "clock", lambda: now + EXPIRES_MS + 1000)
    with failing(Reason.EXPIRED):
        await late.wait()


@pytest.mark.fault(
    "The network fails at the moment a device is approved",
    "it is enrolled once, and hears of it when the network is back",
)
async def test_a_lost_answer_is_asked_for_again(shop, monkeypatch):
    """The Wi-Fi fails at the moment of approval: the device is enrolled once and hears of it in the end."""
    monkeypatch.setattr(enrol, "POLL_S", 0.01)
    await shop.open()
    pairing = Pairing("kiosk")
    await asked(shop, pairing)
    base, pairing._base = pairing._base, "http://127.0.0.1:1"
    patient = asyncio.ensure_future(pairing.wait())
    await approve(shop)
    pairing._base = base
    assert (await patient).device_id == "front-door"
    code = shop.server.enrolment.make_code("kiosk", "Back")
    again = Pairing("kiosk")
    files = [await again.with_code(shop.server.enrolment.address, code.code) for _ in range(2)]
    assert files[0] == files[1]
    assert shop.one("SELECT count(*) FROM devices") == 2


@pytest.mark.attack(
    "Six devices use the same code at the same moment",
    "one is enrolled, five are told that the code does not fit",
)
async def test_a_code_lets_in_one_device_however_many_try_at_once(shop):
    await shop.open()
    code = shop.server.enrolment.make_code("kiosk", "Front").code
    tries = [Pairing("kiosk").with_code(shop.server.enrolment.address, code) for _ in range(6)]
    came = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(one, PairingError) for one in came) == 1
    assert {one.reason for one in came if isinstance(one, PairingError)} == {Reason.WRONG_CODE}
    assert shop.one("SELECT count(*) FROM devices") == 1


async def test_a_code_is_used_up_though_its_device_hung_up_before_the_answer(shop):
    """On a slow disk the door ends the request; the device is in the list all the same."""
    server = await shop.open()
    code = enrol.read_code(server.enrolment.make_code("kiosk", "Front").code)

    def ask(key: str):
        nonce = enrol.new_nonce()
        said = enrol.Present(enrol.WIRE, "kiosk", key, nonce, enrol.device_proof(code, "kiosk", key, nonce))
        return server.enrolment.answer("POST", "/enrol/code", enrol.encode(said), "10.0.0.5", "127.0.0.1")

    goes_on = threading.Event()
    slow = server.shop.store.call(lambda _db: goes_on.wait(30))
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


async def test_wrong_codes_and_codes_for_another_kind_let_nobody_in(shop):
    await shop.open()
    code = shop.server.enrolment.make_code("kiosk", "Front").code
    for kind, typed in (("kiosk", enrol.new_code()), ("kiosk", "hello"), ("staff", code)):
        with failing(Reason.WRONG_CODE):
            await Pairing(kind).with_code(shop.server.enrolment.address, typed)
    assert shop.one("SELECT count(*) FROM devices") == 0


@pytest.mark.fault(
    "The disk is full when a device is paired",
    "nobody is let in; once there is space the same code and the same request are good",
)
async def test_nobody_is_let_in_while_nothing_can_be_written_and_the_code_stays_good(shop):
    server = await shop.open()
    full = "CREATE TRIGGER full_disk BEFORE INSERT ON devices BEGIN SELECT RAISE(FAIL, 'disk is full'); END"
    await server.shop.store.call(lambda db: db.execute(full))
    code = server.enrolment.make_code("kiosk", "Front").code
    pairing, other = Pairing("kiosk"), Pairing("kiosk")
    with failing(Reason.NOT_NOW):
        await pairing.with_code(server.enrolment.address, code)
    await asked(shop, other)
    with pytest.raises(sqlite3.Error):
        await approve(shop)
    assert server.gate.devices == {}
    await server.shop.store.call(lambda db: db.execute("DROP TRIGGER full_disk"))
    await pairing.with_code(server.enrolment.address, code)
    await approve(shop, "Second")
    assert (await other.wait()).device_id == "second"


# --- somebody in the middle -----------------------------------------------------------------------


class Middle:
    """Answers devices in the store's name, and asks the store in a device's name, with keys of its own."""

    def __init__(self, shop: House) -> None:
        self._base = f"http://{shop.server.enrolment.address}"
        self.key = new_pair()[0]
        self.nonce = enrol.new_nonce()
        self.theirs = enrol.new_nonce()  # the number it tells the device in the store's name

    async def post(self, path: str, message) -> bytes:
        answer = await asyncio.to_thread(requests.post, self._base + path, data=enrol.encode(message))
        return answer.content

    async def answer(self, _method, path, body, _address, _host) -> tuple[int, bytes]:
        if path == "/enrol":
            heard = enrol.decode(body, enrol.Ask)
            ask = enrol.Ask(enrol.WIRE, heard.kind, self.key, enrol.commitment_to(self.nonce))
            self.asked = enrol.decode(await self.post("/enrol", ask), enrol.Asked)
            return 200, enrol.encode(
                enrol.Asked(enrol.WIRE, "f" * 32, self.key, self.theirs, self.asked.store)
            )
        await self.post(f"/enrol/{self.asked.request}", enrol.Reveal(self.nonce))
        return 200, enrol.encode(enrol.Standing())


async def listening(door) -> str:
    socket = listen("127.0.0.1:0")
    await door.open(socket)
    return f"127.0.0.1:{socket.getsockname()[1]}"


@pytest.mark.attack(
    "Somebody between a new device and its store swaps the keys",
    "the six digits on the two screens differ",
)
async def test_somebody_in_the_middle_who_swaps_the_keys_makes_the_digits_differ(shop):
    await shop.open()
    middle = Middle(shop)
    door = Door(middle.answer)
    shown = await Pairing("kiosk").begin(await listening(door))
    (request,) = waiting(shop)
    assert request.public_key == middle.key
    assert request.digits != shown.digits
    await door.close()


@pytest.mark.attack(
    "Somebody pretends to be the store towards a device on which a code was typed",
    "the device sees that they do not know the code, and keeps nothing",
)
async def test_a_stranger_who_answers_a_code_proves_nothing(shop):
    """It does not know the code: whatever it says it is, the device believes none of it."""

    async def answer(_method, _path, body, _address, _host):
        present = enrol.decode(body, enrol.Present)
        enrolled = enrol.Enrolled("front-door", "kiosk", "Front", "A", 7350)
        welcome = enrol.Welcome(enrol.WIRE, new_pair()[0], "Test shop", enrolled, present.proof)
        return 200, enrol.encode(welcome)

    await shop.open()
    door = Door(answer)
    code = shop.server.enrolment.make_code("kiosk", "Front").code
    with failing(Reason.WRONG_CODE):
        await Pairing("kiosk").with_code(await listening(door), code)
    await door.close()


@pytest.mark.attack(
    "A message with the proof of a code is overheard and repeated, or sent with another key",
    "it enrols nobody a second time, and nobody else at all",
)
async def test_what_was_overheard_of_a_code_is_of_no_use(shop):
    """The same message again gives the same answer, for a key whose secret half nobody else has."""
    await shop.open()
    code = shop.server.enrolment.make_code("kiosk", "Front")
    public, _ = new_pair()
    nonce = enrol.new_nonce()
    proof = enrol.device_proof(enrol.read_code(code.code), "kiosk", public, nonce)
    heard = enrol.Present(enrol.WIRE, "kiosk", public, nonce, proof)
    middle = Middle(shop)
    first = await middle.post("/enrol/code", heard)
    assert await middle.post("/enrol/code", heard) == first
    swapped = enrol.Present(enrol.WIRE, "kiosk", middle.key, nonce, proof)
    assert enrol.decode(await middle.post("/enrol/code", swapped), enrol.Denied).why == "wrong_code"
    assert shop.one("SELECT count(*) FROM devices") == 1


# --- an address that is not a store's -------------------------------------------------------------


async def test_where_nobody_answers_or_somebody_else_does_it_is_said_in_words():
    answers = [(404, b"<html>"), (200, b"<html>"), (200, b'{"wire":2}'), (500, b""), (429, b'{"why":"odd"}')]
    answers += [(200, b"[" * 5000), (302, b"")]

    async def answer(*_):
        return answers.pop(0)

    door = Door(answer)
    address = await listening(door)
    wanted = [Reason.NOT_A_STORE, Reason.NOT_A_STORE, Reason.OTHER_VERSION]
    wanted += [Reason.NOT_A_STORE] * 4
    for reason in wanted:
        with failing(reason):
            await Pairing("kiosk").begin(address)
    await door.close()
    with failing(Reason.UNREACHABLE):
        await Pairing("kiosk").begin(address)


async def test_another_version_is_told_which_side_speaks_which(shop):
    await shop.open()
    told = await asyncio.to_thread(
        requests.post, f"http://{shop.server.enrolment.address}/enrol", data=b'{"wire":7,"kind":"robot"}'
    )
    denied = enrol.decode(told.content, enrol.Denied)
    assert (told.status_code, denied.why, denied.wire) == (400, "other_version", enrol.WIRE)


LAN = "192.168.1.10"


@pytest.mark.parametrize(
    ("web", "public", "private", "host", "url"),
    [
        ("127.0.0.1:8350", "", False, "127.0.0.1", "http://127.0.0.1:8350/manager/devices"),
        ("127.0.0.1:8350", "", False, LAN, ""),
        ("0.0.0.0:8350", "", False, LAN, ""),  # the page would not answer there
        ("0.0.0.0:8350", "", False, "127.0.0.1", "http://127.0.0.1:8350/manager/devices"),
        ("0.0.0.0:8350", "", True, LAN, f"http://{LAN}:8350/manager/devices"),
        (f"{LAN}:8350", "", True, "10.0.0.1", f"http://{LAN}:8350/manager/devices"),
        (f"{LAN}:8350", "", False, LAN, ""),
        (":::8350", "", True, "fd00::10", "http://[fd00::10]:8350/manager/devices"),
        ("::1:8350", "", False, "::1", "http://[::1]:8350/manager/devices"),
        ("0.0.0.0:8350", f"http://{LAN}:8350/", False, LAN, ""),
        ("0.0.0.0:8350", "http://shop/", True, LAN, "http://shop/manager/devices"),
        ("127.0.0.1:8350", "https://shop.example", False, LAN, "https://shop.example/manager/devices"),
    ],
)
async def test_a_screen_shows_the_managers_address_only_where_the_page_answers(
    shop, web, public, private, host, url
):
    server = await shop.open()
    store = replace(server.settings.store, public_url=public)
    listen = replace(server.settings.server, manager_without_tls=ACCEPTED if private else "")
    server.settings = replace(server.settings, store=store, server=listen)
    server.web_address = web
    assert server.enrolment.manager_url(host) == url


# --- finding it -----------------------------------------------------------------------------------


async def test_a_device_finds_the_stores_that_announce_themselves(shop):
    await shop.open()
    name = f"Lumen & Co {uuid.uuid4().hex}"  # others may be announced on this computer at the same time
    changed = asyncio.Event()

    async def heard(is_there: bool) -> list:
        async with asyncio.timeout(30):
            while bool(found := [store for store in finder.stores if store.name == name]) is not is_there:
                await changed.wait()
                changed.clear()
        return found

    async with Finder(changed.set, ["127.0.0.1"]) as finder:
        async with Announcement(name, shop.server.enrolment.address):
            (found,) = await heard(True)
            shown = await Pairing("kiosk").begin(found.address)
            assert shown.digits == waiting(shop)[0].digits
        await heard(False)  # a store that closed takes its leave


async def test_without_a_network_to_announce_on_the_server_runs_all_the_same(caplog):
    async with Announcement("Lumen & Co", "203.0.113.7:8351") as announcement:
        await asyncio.wait({announcement._announcing})
    assert "type its address there" in caplog.text
    async with Finder(lambda: None, ["203.0.113.7"]) as finder:
        assert finder.stores == []


@pytest.mark.fault(
    "Another program has the port for new devices",
    "the shop opens without it; the log and the manager's page say so",
)
async def test_a_port_that_is_taken_leaves_the_shop_open(shop):
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    shop.enrol_at = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await shop.open()
    assert "cannot listen on" in shop.server.enrolment.off.text
    assert shop.server.enrolment.address == ""
    server.close()


# --- as commands ----------------------------------------------------------------------------------


def welkom(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


async def test_a_device_is_paired_with_two_commands(shop, tmp_path):
    """`welkom join` on the device, `welkom device code` at the store; and the file is found afterwards."""
    process = await ServerProcess(shop.folder.path, enrol="127.0.0.1:0").start()
    try:
        data = ("--data", shop.folder.path)
        made = await asyncio.to_thread(welkom, "device", "code", "kiosk", "--name", "Front", *data)
        assert made.exit_code == 0, made.stderr
        invitation = next(word for word in made.stdout.split() if word.startswith("welkom://"))
        joined = await asyncio.to_thread(welkom, "join", "kiosk", invitation, "--data", tmp_path)
        assert joined.exit_code == 0, joined.stderr
        file = parse_device_file(own_file(tmp_path, "kiosk").read_text())
        assert (file.device_id, file.server) == ("front", f"tcp://{process.sync}")
        again = await asyncio.to_thread(welkom, "join", "kiosk", invitation, "--data", tmp_path)
        assert (again.exit_code, "this code does not fit" in again.stderr) == (1, True)
        nobody = await asyncio.to_thread(welkom, "device", "pair", *data)
        assert "No device asks" in nobody.stdout
        address = invitation.split("/")[2]
        pairing = Pairing("staff")
        digits = (await pairing.begin(address)).digits
        listed = await asyncio.to_thread(welkom, "device", "pair", *data)
        assert f"{digits}  staff" in listed.stdout
        wrong = await asyncio.to_thread(welkom, "device", "pair", "000 00x", "--name", "X", *data)
        assert (wrong.exit_code, "no device that asks shows 000 00x" in wrong.stderr) == (1, True)
        compact = digits.replace(" ", "")
        right = await asyncio.to_thread(welkom, "device", "pair", compact, "--name", "Maya's", *data)
        assert right.exit_code == 0, right.stderr
        assert (await pairing.wait()).name == "Maya's"
    finally:
        await process.stop()


def test_without_a_server_a_command_says_that_pairing_needs_it(folder):
    for command in (["pair"], ["code", "kiosk", "--name", "Front"]):
        told = welkom("device", *command, "--data", folder.path)
        assert told.exit_code == 1
        assert "start it with `welkom server" in told.stderr


def test_names_and_roles_can_be_changed_without_a_server(folder):
    added = welkom("device", "add", "kiosk", "--name", "Front", "--data", folder.path)
    assert added.exit_code == 0, added.stderr
    assert welkom("device", "rename", "front", "Side", "--data", folder.path).exit_code == 0
    assert welkom("device", "role", "front", "staff", "--data", folder.path).exit_code == 0
    assert welkom("device", "list", "--data", folder.path).stdout.split()[:5] == [
        "front", "staff", "A", "active", "Side",
    ]  # fmt: skip
    gone = welkom("device", "rename", "nobody", "X", "--data", folder.path)
    assert (gone.exit_code, 'no device "nobody" takes part' in gone.stderr) == (1, True)
    assert accounts.KINDS == ("kiosk", "staff")
