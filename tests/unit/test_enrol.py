"""What a person compares or types when a device is paired, and what is kept of it on the device."""

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync_server.device import find
from sync_server.device.enrol import PairingError, Reason, read_address
from sync_server.device.own_file import keep_known, own_file, save
from sync_server.device.start import ConfigError, paired
from sync_server.protocol import enrol
from sync_server.protocol.device_file import DeviceFile, parse_device_file
from sync_server.service import enrol as door

STORE, DEVICE, THIRD = "s" * 40, "d" * 40, "t" * 40
MINE, THEIRS, OTHER = "1" * 64, "2" * 64, "3" * 64
FILE = DeviceFile("front-door", "kiosk", "Front door", "A", "tcp://10.0.0.1:7350", STORE, DEVICE, "x" * 40)


# --- the digits -----------------------------------------------------------------------------------


def test_the_digits_are_six_in_two_groups_whatever_their_number():
    for nonce in (f"{n:064x}" for n in range(200)):
        shown = enrol.digits("kiosk", STORE, DEVICE, nonce, MINE)
        assert len(shown) == 7
        assert shown[:3].isdigit()
        assert shown[3] == " "
        assert shown[4:].isdigit()


def test_every_part_of_what_was_said_changes_the_digits():
    said = ("kiosk", STORE, DEVICE, THEIRS, MINE)
    others = ("staff", THIRD, THIRD, OTHER, OTHER)
    shown = {enrol.digits(*said)}
    for at, other in enumerate(others):
        shown.add(enrol.digits(*said[:at], other, *said[at + 1 :]))
    assert len(shown) == 6


def test_a_commitment_tells_nothing_of_the_number_and_fits_no_other():
    assert enrol.commitment_to(MINE) != enrol.commitment_to(OTHER)
    assert MINE not in enrol.commitment_to(MINE)
    assert len({enrol.new_nonce() for _ in range(50)}) == 50


# --- the code -------------------------------------------------------------------------------------


def test_a_code_has_65_bits_and_is_never_twice_the_same():
    codes = [enrol.new_code() for _ in range(200)]
    assert len(set(codes)) == 200
    letters = {letter for code in codes for letter in code} - {"-"}
    assert len(letters) == 32
    assert not letters & set("ILOU")
    assert all(len(enrol.read_code(code) or "") * 5 == 65 for code in codes)


@pytest.mark.parametrize(
    "typed", ["7K3M-9QXW-2T8HV", "7k3m9qxw2t8hv", " 7K3M 9QXW 2T8HV ", "7K3M--9QXW-2T8HV\n"]
)
def test_a_code_is_read_however_it_is_typed(typed):
    assert enrol.read_code(typed) == "7K3M9QXW2T8HV"


def test_letters_that_look_like_digits_are_taken_for_them():
    assert enrol.read_code("oOiIlL1000000") == "0011111000000"


@pytest.mark.parametrize(
    "typed", ["", "7K3M", "7K3M-9QXW-2T8H", "7K3M-9QXW-2T8HVV", "7K3M-9QXW-2T8HU", "ä" * 13]
)
def test_what_is_no_code_is_told_apart(typed):
    assert enrol.read_code(typed) is None


def test_an_invitation_is_read_back():
    text = enrol.invitation("192.168.1.10:8351", "7K3M-9QXW-2T8HV")
    assert enrol.read_invitation(text) == ("192.168.1.10:8351", "7K3M-9QXW-2T8HV")
    for other in ("http://192.168.1.10/7K3M-9QXW-2T8HV", "welkom://a b/7K3M-9QXW-2T8HV", "welkom://x/short"):
        assert enrol.read_invitation(other) is None


def test_a_proof_fits_one_code_one_key_and_one_side():
    proof = enrol.device_proof("C" * 13, "kiosk", DEVICE, MINE)
    others = [
        enrol.device_proof("D" * 13, "kiosk", DEVICE, MINE),
        enrol.device_proof("C" * 13, "staff", DEVICE, MINE),
        enrol.device_proof("C" * 13, "kiosk", THIRD, MINE),
        enrol.device_proof("C" * 13, "kiosk", DEVICE, OTHER),
    ]
    assert proof not in others
    enrolled = enrol.Enrolled("front-door", "kiosk", "Front door", "A", 7350)
    welcome = enrol.Welcome(enrol.WIRE, STORE, "Lumen", enrolled, "0" * 64)
    proofs = {
        enrol.store_proof("C" * 13, MINE, welcome),
        enrol.store_proof("C" * 13, MINE, replace(welcome, server_key=THIRD)),
        enrol.store_proof("C" * 13, MINE, replace(welcome, enrolled=replace(enrolled, letter="B"))),
        enrol.store_proof("C" * 13, OTHER, welcome),
    }
    assert len(proofs) == 4


# --- bytes from anybody ---------------------------------------------------------------------------


@given(st.binary(max_size=300), st.sampled_from([enrol.Ask, enrol.Asked, enrol.Present, enrol.Welcome]))
def test_no_bytes_bring_more_than_a_plain_no(data, kind):
    with pytest.raises(enrol.NotReadable):
        enrol.decode(data, kind)


@pytest.mark.parametrize(
    "body", [b"[" * 4000, b"{}" + b" " * 5000, b'{"wire":1e400}', b"\xff\xfe", b'{"wire":"1"}']
)
def test_deep_large_and_broken_messages_are_unreadable(body):
    with pytest.raises(enrol.NotReadable) as error:
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
def test_a_device_takes_no_name_or_id_that_could_do_harm(field, wrong):
    """The last answer of way A is not authenticated, and the id names a file."""
    good = {"device_id": "a", "kind": "kiosk", "name": "A", "letter": "A", "sync_port": 1}
    bad = enrol.encode(enrol.Standing(enrol.Enrolled(**{**good, field: wrong})))
    with pytest.raises(enrol.NotReadable):
        enrol.decode(bad, enrol.Standing)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "http://a b", "ftp://shop", "https://x\n", " http://x"]
)
def test_a_screen_shows_no_code_of_an_address_that_is_no_page(url):
    asked = enrol.Asked(enrol.WIRE, "a" * 32, STORE, MINE, "Lumen", url)
    with pytest.raises(enrol.NotReadable):
        enrol.decode(enrol.encode(asked), enrol.Asked)


# --- the address ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("192.168.1.10", ("192.168.1.10", 8351)),
        (" 192.168.1.10:9000 ", ("192.168.1.10", 9000)),
        ("store.local", ("store.local", 8351)),
        ("http://shop-pc:8351/", ("shop-pc", 8351)),
        ("[fe80::1]", ("[fe80::1]", 8351)),
        ("[fe80::1]:9000", ("[fe80::1]", 9000)),
    ],
)
def test_an_address_is_read_as_people_type_it(typed, read):
    assert read_address(typed) == read


@pytest.mark.parametrize(
    "typed", ["", ":8351", "a b", "host:port", "host:0", "host:99999", "x/y", "u@h", "[a/b]"]
)
def test_what_is_no_address_is_named(typed):
    with pytest.raises(PairingError) as error:
        read_address(typed)
    assert error.value.reason is Reason.NO_ADDRESS
    assert error.value.text_key == "pairing.error.no_address"


# --- what is kept ---------------------------------------------------------------------------------


def test_the_key_is_kept_for_its_owner_only_and_found_again(tmp_path):
    folder = tmp_path / "devices"
    assert paired(None, "kiosk", folder) is None
    path = save(FILE, folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert paired(None, "kiosk", folder) == FILE
    assert paired(None, "staff", folder) is None


def test_a_new_pairing_replaces_the_old_one_and_leaves_nothing_behind(tmp_path):
    (tmp_path / ".kiosk.device.toml.new").write_text("of a start that was cut short")
    save(FILE, tmp_path)
    save(replace(FILE, device_id="front-door-2"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kiosk.device.toml"]
    assert parse_device_file(own_file(tmp_path, "kiosk").read_text()).device_id == "front-door-2"
    assert stat.S_IMODE(own_file(tmp_path, "kiosk").stat().st_mode) == 0o600


def test_a_file_that_is_named_stands_above_the_one_kept(tmp_path):
    save(FILE, tmp_path)
    other = tmp_path / "named.toml"
    save(replace(FILE, name="Back door"), tmp_path / "x").rename(other)
    found = paired(other, "kiosk", tmp_path)
    assert found is not None
    assert found.name == "Back door"


def test_a_kept_file_that_is_broken_is_named_not_passed_over(tmp_path):
    own_file(tmp_path, "kiosk").write_text("nonsense")
    with pytest.raises(ConfigError, match=r"kiosk\.device\.toml"):
        paired(None, "kiosk", tmp_path)


def test_with_another_role_only_the_other_app_finds_the_file(tmp_path):
    save(FILE, tmp_path)
    keep_known(replace(FILE, kind="staff"), tmp_path)
    assert paired(None, "kiosk", tmp_path) is None
    assert paired(None, "staff", tmp_path) == replace(FILE, kind="staff")


def test_the_file_of_another_device_in_the_same_folder_is_left_alone(tmp_path):
    tablet = replace(FILE, kind="staff", device_id="tablet", public_key=THIRD)
    save(tablet, tmp_path)
    save(FILE, tmp_path)
    keep_known(replace(FILE, name="Side door"), tmp_path)
    assert paired(None, "staff", tmp_path) == tablet


@pytest.mark.parametrize("port", ["", "0", "65536", "-1", "7350/x", "٧٣٥٠", "9" * 200])
def test_a_port_that_is_none_is_not_tried_whoever_announces_it(port):
    assert find._servers(["10.0.0.1"], port) == ()
    assert find._servers(["10.0.0.1", "fd00::1"], "7350") == ("tcp://10.0.0.1:7350", "tcp://[fd00::1]:7350")


@pytest.mark.parametrize(
    ("listens_at", "reached_at"),
    [
        ("0.0.0.0:7350", "192.168.1.10:7350"),
        ("[::]:7350", "192.168.1.10:7350"),
        ("10.0.0.1:7350", "10.0.0.1:7350"),
        ("", ""),
    ],
)
def test_no_address_that_is_shown_is_one_that_nobody_can_reach(monkeypatch, listens_at, reached_at):
    monkeypatch.setattr(door, "own_address", lambda: "192.168.1.10")
    assert door.from_elsewhere(listens_at) == reached_at
