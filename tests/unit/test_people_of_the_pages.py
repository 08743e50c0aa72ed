"""Invitations, roles, the audit log, and which sessions there are."""

import pytest

from sync_server.domain.ops import ActorKind
from sync_server.service.admin import client
from sync_server.service.audit.audit_log import KEEP_MS, AuditLine, read_lines, remove_old, write_line
from sync_server.service.auth import invitations, managers, second_factor
from sync_server.service.auth.errors import AccountError
from sync_server.service.storage.connection import connect
from sync_server.service.upkeep.backup import back_up
from sync_server.service.upkeep.restore import restore
from sync_server.web.manager.session import CONFIRMED_MS, MAX_IDLE_MS, ManagerSessions

NOW = 1_772_900_000_000


@pytest.fixture
def db(folder):
    db = connect(folder.store)
    if not managers.has_manager(db):
        managers.add(db, "manager", "manager", "hash", NOW)
    yield db
    db.close()


def test_an_invitation_works_once_and_not_for_long(db):
    code = invitations.invite(db, "Noor", "readonly", "manager", NOW)
    assert code not in str(db.execute("SELECT * FROM invitations").fetchall())
    assert invitations.find_invitation(db, code, NOW + invitations.VALID_MS) is None
    assert invitations.accept_invitation(db, code, "hash", NOW + 1).name == "Noor"
    assert managers.find(db, "Noor").role is ActorKind.READONLY
    with pytest.raises(AccountError, match="used up"):
        invitations.accept_invitation(db, code, "hash", NOW + 1)


@pytest.mark.parametrize(
    ("name", "role"), [("manager", "manager"), ("", "manager"), ("Noor", "owner"), ("x" * 41, "manager")]
)
def test_nobody_is_invited_whom_no_account_could_be_given(db, name, role):
    with pytest.raises(AccountError):
        invitations.invite(db, name, role, "manager", NOW)


def test_a_second_invitation_of_a_name_takes_the_place_of_the_first(db):
    first = invitations.invite(db, "Noor", "manager", "manager", NOW)
    invitations.invite(db, "Noor", "readonly", "manager", NOW)
    assert invitations.find_invitation(db, first, NOW) is None
    assert [one.role for one in invitations.list_invitations(db, NOW)] == ["readonly"]


def test_the_only_manager_keeps_their_role(db):
    name = managers.every(db)[0].name
    with pytest.raises(managers.OnlyManager):
        managers.change_role(db, name, "readonly")
    managers.add(db, "Noor", "manager", "hash", NOW)
    managers.change_role(db, name, "readonly")
    assert managers.find(db, name).role is ActorKind.READONLY
    for wrong in (("nobody", "manager"), ("Noor", "king")):
        with pytest.raises(AccountError):
            managers.change_role(db, *wrong)


# --- the audit log ----------------------------------------------------------------------------------


def test_lines_are_kept_for_a_year_and_are_no_more_than_the_limit(db, monkeypatch):
    db.execute("DELETE FROM audit_log")
    for at in (0, 1, KEEP_MS, KEEP_MS + 1):
        write_line(db, AuditLine(NOW + at, "Noor", "signed_in"))
    remove_old(db, NOW + KEEP_MS + 1)
    assert [line.at - NOW for _, line in read_lines(db, 10)] == [KEEP_MS + 1, KEEP_MS, 1]
    monkeypatch.setattr("sync_server.service.audit.audit_log.MAX_LINES", 1)
    remove_old(db, NOW)
    assert [line.at - NOW for _, line in read_lines(db, 10)] == [KEEP_MS + 1]
    assert read_lines(db, 10, who="Maya") == []


def test_commands_are_in_the_log_without_their_secrets(folder):
    client.run(folder, "add_manager", name="Noor", role="manager", password="only Noor knows 5")
    db = connect(folder.store)
    (_, line), *_ = read_lines(db, 1)
    db.close()
    assert (line.who, line.about) == ("welkom", "add_manager, Noor, manager")


def test_a_new_password_by_command_keeps_the_second_step(folder, db):
    second_factor.add_factor(db, "manager", second_factor.SecondFactor("SECRET", NOW, 1), [])
    client.run(folder, "set_password", password="only Noor knows 5", name="manager")
    assert second_factor.find_factor(db, "manager") is not None


def test_a_restore_keeps_the_audit_log_the_second_factors_and_what_was_taken_back(folder, db):
    db.execute("DELETE FROM audit_log")
    invitations.invite(db, "Noor", "manager", "manager", NOW)
    db.execute("INSERT INTO second_factors VALUES ('manager', 'OLD', 1, 1)")
    made = back_up(folder, folder.path / "backups", NOW)
    db.execute("DELETE FROM invitations")
    db.execute("UPDATE second_factors SET secret = 'NEW'")
    write_line(db, AuditLine(NOW, "Maya", "restored"))
    db.close()
    restore(folder, made, replace=True, now=NOW + 1)
    after = connect(folder.store)
    assert [line.who for _, line in read_lines(after, 10)] == ["Maya"]
    assert invitations.list_invitations(after, NOW) == []
    assert after.execute("SELECT secret FROM second_factors").fetchall() == [("NEW",)]
    after.close()


# --- sessions ---------------------------------------------------------------------------------------


def test_sessions_are_listed_and_ended_one_by_one():
    sessions = ManagerSessions()
    noor, maya = (managers.Account(name, ActorKind.MANAGER, 1, "") for name in ("Noor", "Maya"))
    first = sessions.begin(noor, NOW, "10.0.0.1", "Firefox, Windows")
    second = sessions.begin(maya, NOW + 1)
    sessions.find(first, NOW + 2, by_person=True)
    assert [one.account for one in sessions.all_valid(NOW + 3)] == ["Noor", "Maya"]
    n = sessions.all_valid(NOW + 3)[0].n
    assert sessions.end_number(n).device == "Firefox, Windows"
    assert sessions.find(first, NOW + 3) is None
    assert sessions.find(second, NOW + 3) is not None
    assert sessions.end_number(n) is None
    assert sessions.all_valid(NOW + 1 + MAX_IDLE_MS) == []


def test_the_password_counts_as_typed_for_some_minutes():
    sessions = ManagerSessions()
    key = sessions.begin(managers.Account("Noor", ActorKind.MANAGER, 1, ""), NOW)
    assert sessions.is_confirmed(key, NOW + CONFIRMED_MS - 1)
    assert not sessions.is_confirmed(key, NOW + CONFIRMED_MS)
    sessions.confirm(key, NOW + CONFIRMED_MS)
    assert sessions.is_confirmed(key, NOW + CONFIRMED_MS)
    assert not sessions.is_confirmed("other", NOW)
