"""Devices with their ids and letters, PINs, and the mirror of the catalogue."""

from pathlib import Path

import argon2
import pytest
import zmq

from sync_server.domain.catalogue.catalogue import Employee
from sync_server.domain.visit.ticket import LETTERS
from sync_server.service.auth import devices, password_hash, pins
from sync_server.service.auth.errors import AccountError
from sync_server.service.storage import catalogue_mirror
from sync_server.service.storage.connection import connect
from sync_server.service.storage.device_rows import active_devices
from tests.sample_store import MONDAY_10, catalogue
from tests.store_rows import empty_store_file


@pytest.fixture
def db(tmp_path: Path):
    empty_store_file(tmp_path / "store.db")
    db = connect(tmp_path / "store.db")
    yield db
    db.close()


def add(db, name: str = "Front door", kind: str = "kiosk"):
    return devices.add_device(db, kind, name, MONDAY_10, "tcp://10.0.0.1:7350", "s" * 40)


# --- devices ---------------------------------------------------------------------------------------


def test_each_device_gets_an_id_a_letter_and_keys_of_its_own(db):
    first, second, third = add(db), add(db), add(db, "Maya's tablet", "staff")
    assert [d.device_id for d in (first, second, third)] == ["front-door", "front-door-2", "maya-s-tablet"]
    assert [d.letter for d in (first, second, third)] == ["A", "B", "C"]
    assert (first.kind, first.server, first.server_key) == ("kiosk", "tcp://10.0.0.1:7350", "s" * 40)
    assert len({d.public_key for d in (first, second, third)}) == 3
    assert zmq.curve_public(first.secret_key.encode()) == first.public_key.encode()


def test_a_key_is_that_of_one_device(db):
    key = add(db).public_key
    devices.revoke_device(db, "front-door", MONDAY_10)
    with pytest.raises(AccountError, match="begin anew on the device"):
        devices.enrol_device(db, "kiosk", "Front door", key, MONDAY_10)


def test_the_secret_key_is_in_the_device_file_only(db):
    device = add(db)
    assert device.public_key in "\n".join(db.iterdump())
    assert device.secret_key not in "\n".join(db.iterdump())


def test_many_devices_of_one_name_have_ids_and_letters_of_their_own(db):
    made = [add(db) for _ in range(30)]
    assert len({d.device_id for d in made}) == 30
    assert made[10].device_id == "front-door-11"
    assert [d.letter for d in made[22:26]] == ["Y", "Z", "AA", "AB"]


def test_the_letter_of_a_revoked_device_is_free_after_the_day_of_its_tickets(db):
    """Invariant 12: on that day its tickets are still shown."""
    assert [add(db).letter for _ in range(3)] == ["A", "B", "C"]
    devices.revoke_device(db, "front-door", MONDAY_10)
    assert add(db).letter == "D"
    later = MONDAY_10 + devices.LETTER_RESTS_MS
    assert devices.enrol_device(db, "kiosk", "Side door", "k" * 40, later).letter == "A"
    assert devices.enrol_device(db, "kiosk", "Side door", "l" * 40, later).letter == "E"
    assert sorted(row.letter for row in active_devices(db)) == ["A", "B", "C", "D", "E"]


def test_a_shop_that_has_paired_more_devices_than_there_are_letters_can_pair_on(db):
    """Letters ran out after 600 devices, most of them revoked long ago."""
    rows = [(f"old-{n}", f"{n:040d}", ticket_letter(n), 1, 2) for n in range(600)]
    db.executemany(
        "INSERT INTO devices (device_id, kind, name, letter, public_key, enrolled_at, revoked_at)"
        " VALUES (?1, 'kiosk', 'Old', ?3, ?2, ?4, ?5)",
        rows,
    )
    assert add(db).letter == "A"


def test_where_all_letters_are_in_use_the_way_out_is_said(db):
    rows = [(f"kiosk-{n}", f"{n:040d}", ticket_letter(n)) for n in range(600)]
    db.executemany(
        "INSERT INTO devices (device_id, kind, name, letter, public_key, enrolled_at)"
        " VALUES (?1, 'kiosk', 'Kiosk', ?3, ?2, 1)",
        rows,
    )
    with pytest.raises(AccountError, match="all 600 ticket letters are in use; revoke devices"):
        add(db)


def ticket_letter(index: int) -> str:
    """The letter of device number `index` as earlier versions gave them out."""
    size = len(LETTERS)
    return LETTERS[index] if index < size else LETTERS[index // size - 1] + LETTERS[index % size]


def test_a_name_without_a_single_latin_letter_still_gives_an_id(db):
    assert add(db, "入口").device_id == "kiosk"
    assert add(db, "  Ääni & Kuva  ").device_id == "ni-kuva"


def test_the_letter_of_a_revoked_device_stays_taken(db):
    devices.revoke_device(db, add(db).device_id, MONDAY_10)
    assert add(db).letter == "B"


@pytest.mark.parametrize(
    ("kind", "name", "reason"),
    [
        ("robot", "R2", '"robot" is no kind of device; use kiosk or staff'),
        ("kiosk", "  ", "the device's name is empty"),
        ("kiosk", "x" * 41, "the device's name has 41 characters; 40 is the most"),
    ],
)
def test_a_device_that_cannot_be_is_refused_with_the_reason(db, kind, name, reason):
    with pytest.raises(AccountError, match=reason):
        add(db, name, kind)
    assert devices.list_devices(db) == []


def test_a_revoked_device_may_no_longer_take_part_and_stays_in_the_list(db):
    first, second = add(db), add(db)
    devices.revoke_device(db, first.device_id, MONDAY_10 + 5)
    devices.revoke_device(db, first.device_id, MONDAY_10 + 9)  # the time of the first revocation stays
    assert [d.device_id for d in active_devices(db)] == [second.device_id]
    listed = {row.device_id: row.revoked_at for row in devices.list_devices(db)}
    assert listed == {first.device_id: MONDAY_10 + 5, second.device_id: None}


def test_revoking_an_unknown_device_is_refused(db):
    with pytest.raises(AccountError, match='no device "toaster"; `welkom device list`'):
        devices.revoke_device(db, "toaster", MONDAY_10)


# --- PINs ---------------------------------------------------------------------------------------------


def test_a_pin_is_stored_as_a_hash(db):
    catalogue_mirror.mirror_catalogue(db, catalogue())
    pins.set_pin(db, "maya", pins.hash_pin("4711", 4), MONDAY_10)
    stored = pins.pin_hash(db, "maya")
    assert stored.startswith("$argon2id$")
    assert "4711" not in stored.removeprefix("$argon2id$")
    assert password_hash.verify_password(stored, "4711")
    assert not password_hash.verify_password(stored, "4712")
    assert pins.hash_pin("4711", 4) != stored  # salted
    assert pins.pin_hash(db, "tom") is None
    assert pins.pin_hash(db, "nobody") is None


def test_verifying_the_dummy_hash_costs_as_much_as_a_real_one():
    nothing, kept = password_hash.dummy_hash(), pins.hash_pin("4711", 4)
    assert len(nothing) == len(kept)
    assert argon2.extract_parameters(nothing) == argon2.extract_parameters(kept)
    assert not password_hash.verify_password(nothing, "4711")


@pytest.mark.parametrize("pin", ["12345", "123456789", "12a456", "", "１２３４５６", "123456\n", " 123456"])
def test_a_pin_is_six_to_eight_plain_digits(pin):
    with pytest.raises(AccountError, match="6 to 8 digits"):
        pins.hash_pin(pin, 6)
    with pytest.raises(AccountError, match="has 8 digits"):
        pins.hash_pin(pin, 8)


def test_a_pin_for_an_unknown_employee_is_refused(db):
    with pytest.raises(AccountError, match=r'no employee "eve" in store\.toml'):
        pins.set_pin(db, "eve", pins.hash_pin("481516", 6), MONDAY_10)


def test_an_employees_pin_outlives_a_change_of_the_catalogue(db):
    catalogue_mirror.mirror_catalogue(db, catalogue())
    pins.set_pin(db, "maya", "hash", MONDAY_10)
    renamed = catalogue(employees=(Employee("maya", "Maya B.", frozenset({"repair", "phone"})),))
    catalogue_mirror.mirror_catalogue(db, renamed)
    row = db.execute("SELECT name, skills, pin_hash FROM employees WHERE id = 'maya'").fetchone()
    assert row == ("Maya B.", '["phone","repair"]', "hash")
    # employees who left stay: past visits name them
    assert db.execute("SELECT count(*) FROM employees").fetchone() == (4,)


def test_needs_are_mirrored_into_a_table(db):
    catalogue_mirror.mirror_catalogue(db, catalogue())
    catalogue_mirror.mirror_catalogue(db, catalogue())
    row = db.execute("SELECT text, skills, prefer, under FROM needs WHERE code = 'repair_phone'").fetchone()
    assert row == ('{"en":"phone","nl":"phone","fi":"phone"}', '["repair"]', '["phone","sales"]', None)
    assert db.execute("SELECT count(*) FROM needs").fetchone() == (7,)


def test_an_unchanged_catalogue_is_not_written_again(db):
    """A server starts on a full disk if nothing has changed."""
    catalogue_mirror.mirror_catalogue(db, catalogue())
    before = db.total_changes
    catalogue_mirror.mirror_catalogue(db, catalogue())
    assert db.total_changes == before
    fewer = catalogue(employees=(Employee("maya", "Maya B.", frozenset({"repair"})),))
    catalogue_mirror.mirror_catalogue(db, fewer)
    assert db.total_changes == before + 1
