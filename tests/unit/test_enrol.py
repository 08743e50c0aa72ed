"""Enrolment on the device: digits, codes, proofs and addresses."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync_server import network_addresses
from sync_server.device.network.enrol_client import PairingError, PairingFailure, read_address
from sync_server.network_addresses import OwnAddress
from sync_server.protocol import enrol, enrol_codes, enrol_proofs

STORE, DEVICE, THIRD = "s" * 40, "d" * 40, "t" * 40
MINE, THEIRS, OTHER = "1" * 64, "2" * 64, "3" * 64


# --- the digits -----------------------------------------------------------------------------------


def test_the_digits_are_always_six_in_two_groups():
    for nonce in (f"{n:064x}" for n in range(200)):
        shown = enrol_proofs.six_digits("kiosk", STORE, DEVICE, nonce, MINE)
        assert len(shown) == 7
        assert shown[:3].isdigit()
        assert shown[3] == " "
        assert shown[4:].isdigit()


def test_every_part_of_the_exchange_changes_the_digits():
    said = ("kiosk", STORE, DEVICE, THEIRS, MINE)
    others = ("staff", THIRD, THIRD, OTHER, OTHER)
    changed = [(*said[:at], other, *said[at + 1 :]) for at, other in enumerate(others)]
    shown = {enrol_proofs.six_digits(*parts) for parts in (said, *changed)}
    assert len(shown) == 6


def test_a_commitment_does_not_reveal_the_number_and_fits_no_other():
    assert enrol_proofs.commitment_to(MINE) != enrol_proofs.commitment_to(OTHER)
    assert MINE not in enrol_proofs.commitment_to(MINE)
    assert len({enrol_proofs.new_nonce() for _ in range(50)}) == 50


# --- the code -------------------------------------------------------------------------------------


def test_a_code_has_65_bits_and_is_never_repeated():
    codes = [enrol_codes.new_code() for _ in range(200)]
    assert len(set(codes)) == 200
    letters = {letter for code in codes for letter in code} - {"-"}
    assert len(letters) == 32
    assert not letters & set("ILOU")
    assert all(len(enrol_codes.read_code(code) or "") * 5 == 65 for code in codes)


@pytest.mark.parametrize(
    "typed", ["7K3M-9QXW-2T8HV", "7k3m9qxw2t8hv", " 7K3M 9QXW 2T8HV ", "7K3M--9QXW-2T8HV\n"]
)
def test_a_code_is_parsed_however_it_is_typed(typed):
    assert enrol_codes.read_code(typed) == "7K3M9QXW2T8HV"


def test_letters_that_look_like_digits_are_read_as_digits():
    assert enrol_codes.read_code("oOiIlL1000000") == "0011111000000"


@pytest.mark.parametrize(
    "typed", ["", "7K3M", "7K3M-9QXW-2T8H", "7K3M-9QXW-2T8HVV", "7K3M-9QXW-2T8HU", "ä" * 13]
)
def test_a_text_that_is_not_a_code_is_not_parsed(typed):
    assert enrol_codes.read_code(typed) is None


def test_an_invitation_is_read_back():
    text = enrol.invitation(["192.168.1.10:8351"], "7K3M-9QXW-2T8HV")
    assert text == "welkom://192.168.1.10:8351/7K3M-9QXW-2T8HV"
    assert enrol.read_invitation(text) == (["192.168.1.10:8351"], "7K3M-9QXW-2T8HV")
    for other in (
        "welkom://,/7K3M-9QXW-2T8HV",
        "http://192.168.1.10/7K3M-9QXW-2T8HV",
        "welkom://a b/7K3M-9QXW-2T8HV",
        "welkom://x/short",
    ):
        assert enrol.read_invitation(other) is None


def test_an_invitation_has_every_address_of_the_store():
    addresses = ["192.168.1.10:8351", "10.0.0.5:8351", "[fd00::5]:8351"]
    text = enrol.invitation(addresses, "7K3M-9QXW-2T8HV")
    assert enrol.read_invitation(text) == (addresses, "7K3M-9QXW-2T8HV")
    many = [f"10.0.0.{n}:8351" for n in range(40)]
    assert enrol.read_invitation(enrol.invitation(many, "7K3M-9QXW-2T8HV")) == (many[:6], "7K3M-9QXW-2T8HV")


def test_the_device_tries_the_nearest_of_them_first():
    own = [OwnAddress("10.0.0.9", ipaddress.ip_network("10.0.0.0/24"), False)]
    addresses = ["192.168.1.10:8351", "no address", "10.0.0.5:8351", "10.0.0.5:1", "store.local"]
    assert network_addresses.nearest_addresses_first(addresses, own) == [
        "10.0.0.5:8351", "10.0.0.5:1", "192.168.1.10:8351", "store.local", "no address",
    ]  # fmt: skip


def test_a_proof_fits_one_code_one_key_and_one_side():
    proof = enrol_proofs.device_proof("C" * 13, "kiosk", DEVICE, MINE)
    others = [
        enrol_proofs.device_proof("D" * 13, "kiosk", DEVICE, MINE),
        enrol_proofs.device_proof("C" * 13, "staff", DEVICE, MINE),
        enrol_proofs.device_proof("C" * 13, "kiosk", THIRD, MINE),
        enrol_proofs.device_proof("C" * 13, "kiosk", DEVICE, OTHER),
    ]
    assert proof not in others
    enrolled = enrol.Enrolled("front-door", "kiosk", "Front door", "A", 7350)
    welcome = enrol.Welcome(enrol.WIRE, STORE, "Lumen", enrolled, "0" * 64)
    proofs = {
        enrol_proofs.store_proof("C" * 13, MINE, welcome),
        enrol_proofs.store_proof("C" * 13, MINE, replace(welcome, server_key=THIRD)),
        enrol_proofs.store_proof("C" * 13, MINE, replace(welcome, enrolled=replace(enrolled, letter="B"))),
        enrol_proofs.store_proof("C" * 13, OTHER, welcome),
    }
    assert len(proofs) == 4


# --- any bytes ---------------------------------------------------------------------------


@given(st.binary(max_size=300), st.sampled_from([enrol.Ask, enrol.AskAccepted, enrol.Present, enrol.Welcome]))
def test_any_bytes_are_decoded_or_refused(data, kind):
    with pytest.raises(enrol.EnrolDecodeError):
        enrol.decode(data, kind)


@pytest.mark.parametrize(
    "body", [b"[" * 4000, b"{}" + b" " * 5000, b'{"wire":1e400}', b"\xff\xfe", b'{"wire":"1"}']
)
def test_deep_large_and_broken_messages_are_unreadable(body):
    with pytest.raises(enrol.EnrolDecodeError) as error:
        enrol.decode(body, enrol.Ask)
    assert error.value.why == "malformed"


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("device_id", "../../etc/passwd"),
        ("device_id", "a\nb"),
        ("device_id", ""),
        ("name", "Front\ndoor"),
        ("name", ""),
        ("letter", "a/b"),
        ("kind", "manager"),
        ("sync_port", 0),
    ],
)
def test_a_device_refuses_harmful_names_and_ids(field, wrong):
    """The last answer of the way with approval is not authenticated, and the id is used as a file name."""
    good = {"device_id": "a", "kind": "kiosk", "name": "A", "letter": "A", "sync_port": 1}
    bad = enrol.encode(enrol.EnrolmentState(enrol.Enrolled(**{**good, field: wrong})))
    with pytest.raises(enrol.EnrolDecodeError):
        enrol.decode(bad, enrol.EnrolmentState)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "http://a b", "ftp://shop", "https://x\n", " http://x"]
)
def test_a_screen_shows_no_code_of_an_address_that_is_no_page(url):
    asked = enrol.AskAccepted(enrol.WIRE, "a" * 32, STORE, MINE, "Lumen", url)
    with pytest.raises(enrol.EnrolDecodeError):
        enrol.decode(enrol.encode(asked), enrol.AskAccepted)


# --- the address ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("192.168.1.10", ("192.168.1.10", 8351)),
        (" 192.168.1.10:9000 ", ("192.168.1.10", 9000)),
        ("store.local", ("store.local", 8351)),
        ("SHOPX", ("shopx", 8351)),
        ("my_shop:1", ("my_shop", 1)),
        ("10.0.0.1:65535", ("10.0.0.1", 65535)),
        ("[fe80::1%eth0]", ("fe80::1%eth0", 8351)),
        ("http://shop-pc:8351/", ("shop-pc", 8351)),
        ("[fe80::1%wlan0]:9000", ("fe80::1%wlan0", 9000)),
    ],
)
def test_an_address_is_read_as_people_type_it(typed, read):
    assert read_address(typed) == read


@pytest.mark.parametrize(
    "typed",
    [
        "",
        ":8351",
        "a b",
        "host:port",
        "host:0",
        "host:65536",
        "x/y",
        "u@h",
        "[a/b]",
        ".",
        "-",
        "_",
        "[:]",
        "fe80::1",
        "[fe80::1]:9000",
        "[%]",
    ],
)
def test_an_invalid_address_is_refused(typed):
    with pytest.raises(PairingError) as error:
        read_address(typed)
    assert error.value.reason is PairingFailure.NO_ADDRESS
    assert error.value.text_key == "pairing.error.no_address"


@pytest.mark.parametrize(
    ("listens_at", "reached_at"),
    [
        ("0.0.0.0:7350", ["192.168.1.10:7350"]),
        ("[::]:7350", ["192.168.1.10:7350"]),
        ("10.0.0.1:7350", ["10.0.0.1:7350"]),
        ("", []),
    ],
)
def test_a_shown_address_can_be_reached(monkeypatch, listens_at, reached_at):
    monkeypatch.setattr(network_addresses, "shop_addresses", lambda: ["192.168.1.10"])
    assert network_addresses.network_addresses(listens_at) == reached_at
