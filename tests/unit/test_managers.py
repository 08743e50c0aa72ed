"""Accounts for the manager's pages, tokens for other programs, and the one-time link."""

import stat
from pathlib import Path

import pytest

from sync_server.domain.ops import ActorKind
from sync_server.service.auth import managers, password_hash, setup_link, tokens
from sync_server.service.auth.errors import AccountError
from sync_server.service.storage.connection import connect
from sync_server.service.storage.data_dir import DataDir
from tests.sample_store import MONDAY_10
from tests.store_rows import empty_store_file


@pytest.fixture
def db(tmp_path: Path):
    empty_store_file(tmp_path / "store.db")
    db = connect(tmp_path / "store.db")
    yield db
    db.close()


@pytest.mark.usefixtures("quick_hashes")
def test_a_password_can_be_set_and_set_again(db):
    assert managers.every(db) == []
    managers.set_password(db, managers.hash_manager_password("first-password"), MONDAY_10)
    first = managers.find(db, "manager")
    assert (first.role, first.set_at) == (ActorKind.MANAGER, MONDAY_10)
    managers.set_password(db, managers.hash_manager_password("second-password"), MONDAY_10)
    second = managers.find(db, "manager")
    assert second.set_at > first.set_at  # even within the same ms: sessions with the first are over
    assert password_hash.verify_password(second.password_hash, "second-password")
    assert not password_hash.verify_password(second.password_hash, "first-password")
    with pytest.raises(AccountError, match="at least 8 characters"):
        managers.hash_manager_password("short")
    with pytest.raises(AccountError, match='no account "owner"'):
        managers.set_password(db, "hash", MONDAY_10, "owner")


def test_the_first_account_can_be_made_only_once(db):
    managers.add_first(db, "hash", MONDAY_10)
    with pytest.raises(AccountError, match="has a manager already"):
        managers.add_first(db, "other", MONDAY_10)
    assert managers.find(db, "manager").password_hash == "hash"


def test_further_accounts_have_a_role_and_the_last_manager_stays(db):
    managers.add_first(db, "hash", MONDAY_10)
    managers.add(db, "The owner", "readonly", "hash", MONDAY_10)
    assert [(a.name, a.role.value) for a in managers.every(db)] == [
        ("The owner", "readonly"),
        ("manager", "manager"),
    ]
    with pytest.raises(AccountError, match="already"):
        managers.add(db, "The owner", "manager", "hash", MONDAY_10)
    with pytest.raises(AccountError, match="the only manager"):
        managers.remove(db, "manager")
    managers.remove(db, "The owner")
    with pytest.raises(AccountError, match='no account "The owner"'):
        managers.remove(db, "The owner")


@pytest.mark.parametrize("name", ["", " x", "x ", "x" * 41, "a\nb"])
def test_a_name_that_cannot_be_is_refused(db, name):
    reason = "name (is empty|has 1 to 40 characters|has 41 characters|has a character that cannot be seen)"
    with pytest.raises(AccountError, match=f"the account's {reason}|an account's {reason}"):
        managers.add(db, name, "readonly", "hash", MONDAY_10)
    with pytest.raises(AccountError, match=f"the token's {reason}|a token's {reason}"):
        tokens.add_token(db, name, MONDAY_10)


@pytest.mark.parametrize("role", ["staff", "kiosk", "system", "api", "boss"])
def test_no_account_has_a_role_that_is_not_of_a_browser(db, role):
    with pytest.raises(AccountError, match="use manager or readonly"):
        managers.add(db, "eve", role, "hash", MONDAY_10)


def test_only_the_hash_of_a_token_is_stored_and_a_revoked_one_is_invalid(db):
    token = tokens.add_token(db, "bookings", MONDAY_10)
    assert len(token) == 43
    assert token not in "\n".join(db.iterdump())
    made = tokens.Token("bookings", MONDAY_10, tokens.FIRST_SCOPES)
    assert tokens.find_token(db, token) == made
    assert tokens.find_token(db, token[:-1]) is None
    assert tokens.find_token(db, "") is None
    assert tokens.list_tokens(db) == [made]
    with pytest.raises(AccountError, match="already"):
        tokens.add_token(db, "bookings", MONDAY_10)
    tokens.revoke_token(db, "bookings")
    assert tokens.find_token(db, token) is None
    with pytest.raises(AccountError, match="no token"):
        tokens.revoke_token(db, "bookings")


def test_the_one_time_link_is_the_same_until_it_is_over(tmp_path):
    folder = DataDir(tmp_path)
    code = setup_link.make_code(folder)
    assert len(code) == 22  # 128 bits
    assert setup_link.make_code(folder) == code
    assert stat.S_IMODE(folder.setup_code.stat().st_mode) == 0o600
    assert setup_link.matches(folder, code)
    assert not any(setup_link.matches(folder, given) for given in ("", code[:-1], "clé"))
    setup_link.discard(folder)
    assert not setup_link.matches(folder, code)
    assert not setup_link.matches(folder, "")
