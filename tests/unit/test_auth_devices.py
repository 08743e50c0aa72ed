"""Who may take part: devices and their letters, and PINs."""

from pathlib import Path

import argon2
import pytest
import zmq

from sync_server.domain.catalogue import Employee
from sync_server.service import accounts
from sync_server.service.accounts import AccountError
from sync_server.service.queries import devices
from sync_server.service.store import connect, migrate
from tests.shop import MONDAY_10, catalogue


@pytest.fixture
def db(tmp_path: Path):
    migrate(tmp_path / "store.db")
    db = connect(tmp_path / "store.db")
    yield db
    db.close()


def add(db, name: str = "Front door", kind: str = "kiosk"):
    return accounts.add_device(db, kind, name, MONDAY_10, "tcp://10.0.0.1:7350", "s" * 40)


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
    accounts.revoke_device(db, "front-door", MONDAY_10)
    with pytest.raises(AccountError, match="begin anew on the device"):
        accounts.enrol_device(db, "kiosk", "Front door", key, MONDAY_10)


def test_the_secret_key_is_in_the_device_file_only(db):
    device = add(db)
    assert device.public_key in "\n".join(db.iterdump())
    assert device.secret_key not in "\n".join(db.iterdump())


def test_many_devices_of_one_name_have_ids_and_letters_of_their_own(db):
    made = [add(db) for _ in range(30)]
    assert len({d.device_id for d in made}) == 30
    assert made[10].device_id == "front-door-11"
    assert [d.letter for d in made[22:26]] == ["Y", "Z", "AA", "AB"]


def test_a_name_without_a_single_latin_letter_still_gives_an_id(db):
    assert add(db, "入口").device_id == "kiosk"
    assert add(db, "  Ääni & Kuva  ").device_id == "ni-kuva"


def test_the_letter_of_a_revoked_device_stays_taken(db):
    accounts.revoke_device(db, add(db).device_id, MONDAY_10)
    assert add(db).letter == "B"


@pytest.mark.parametrize(
    ("kind", "name", "reason"),
    [
        ("robot", "R2", '"robot" is no kind of device; use kiosk or staff'),
        ("kiosk", "  ", "1 to 40 characters"),
        ("kiosk", "x" * 41, "1 to 40 characters"),
    ],
)
def test_a_device_that_cannot_be_is_refused_with_the_reason(db, kind, name, reason):
    with pytest.raises(AccountError, match=reason):
        add(db, name, kind)
    assert accounts.list_devices(db) == []


def test_a_revoked_device_may_no_longer_take_part_and_stays_in_the_list(db):
    first, second = add(db), add(db)
    accounts.revoke_device(db, first.device_id, MONDAY_10 + 5)
    accounts.revoke_device(db, first.device_id, MONDAY_10 + 9)  # the first time counts
    assert [d.device_id for d in devices(db)] == [second.device_id]
    listed = {row["device_id"]: row["revoked_at"] for row in accounts.list_devices(db)}
    assert listed == {first.device_id: MONDAY_10 + 5, second.device_id: None}


def test_revoking_what_is_not_there_is_refused(db):
    with pytest.raises(AccountError, match='no device "toaster"; `welkom device list`'):
        accounts.revoke_device(db, "toaster", MONDAY_10)


# --- PINs ---------------------------------------------------------------------------------------------


def test_a_pin_is_kept_as_a_hash_that_only_it_fits(db):
    accounts.mirror_catalogue(db, catalogue())
    accounts.set_pin(db, "maya", accounts.hash_pin("4711", 4), MONDAY_10)
    stored = accounts.pin_hash(db, "maya")
    assert stored.startswith("$argon2id$")
    assert "4711" not in stored.removeprefix("$argon2id$")
    assert accounts.verify(stored, "4711")
    assert not accounts.verify(stored, "4712")
    assert accounts.hash_pin("4711", 4) != stored  # salted
    assert accounts.pin_hash(db, "tom") is None
    assert accounts.pin_hash(db, "nobody") is None


def test_where_nothing_is_kept_it_takes_as_long_to_say_no():
    nothing, kept = accounts.hash_of_nothing(), accounts.hash_pin("4711", 4)
    assert len(nothing) == len(kept)
    assert argon2.extract_parameters(nothing) == argon2.extract_parameters(kept)
    assert not accounts.verify(nothing, "4711")


@pytest.mark.parametrize("pin", ["12345", "123456789", "12a456", "", "１２３４５６", "123456\n", " 123456"])
def test_a_pin_is_six_to_eight_plain_digits(pin):
    with pytest.raises(AccountError, match="6 to 8 digits"):
        accounts.hash_pin(pin, 6)
    with pytest.raises(AccountError, match="has 8 digits"):
        accounts.hash_pin(pin, 8)


def test_a_pin_for_nobody_is_refused(db):
    with pytest.raises(AccountError, match=r'no employee "eve" in store\.toml'):
        accounts.set_pin(db, "eve", accounts.hash_pin("123456", 6), MONDAY_10)


def test_an_employees_pin_outlives_a_change_of_the_catalogue(db):
    accounts.mirror_catalogue(db, catalogue())
    accounts.set_pin(db, "maya", "hash", MONDAY_10)
    renamed = catalogue(employees=(Employee("maya", "Maya B.", frozenset({"repair", "phone"})),))
    accounts.mirror_catalogue(db, renamed)
    row = db.execute("SELECT name, skills, pin_hash FROM employees WHERE id = 'maya'").fetchone()
    assert row == ("Maya B.", '["phone","repair"]', "hash")
    # who left stays: past visits name them
    assert db.execute("SELECT count(*) FROM employees").fetchone() == (4,)


def test_needs_stand_beside_the_log_for_sql_tools(db):
    accounts.mirror_catalogue(db, catalogue())
    accounts.mirror_catalogue(db, catalogue())
    row = db.execute("SELECT text, skills, prefer, under FROM needs WHERE code = 'repair_phone'").fetchone()
    assert row == ('{"en":"phone","nl":"phone","fi":"phone"}', '["repair"]', '["phone","sales"]', None)
    assert db.execute("SELECT count(*) FROM needs").fetchone() == (7,)


def test_a_catalogue_that_stands_there_already_is_not_written_again(db):
    """A server writes nothing at its start that it need not write."""
    accounts.mirror_catalogue(db, catalogue())
    before = db.total_changes
    accounts.mirror_catalogue(db, catalogue())
    assert db.total_changes == before
    fewer = catalogue(employees=(Employee("maya", "Maya B.", frozenset({"repair"})),))
    accounts.mirror_catalogue(db, fewer)
    assert db.total_changes == before + 1
