"""Repairs of a running server: which findings are urgent, what buttons do, and what is handed to a helper."""

import asyncio
import re

import msgspec
import pytest

from assets.i18n.texts import Texts
from sync_server.service.admin import client
from sync_server.service.admin.commands import ServerState
from sync_server.service.config.load import load_settings
from sync_server.service.repairs import free_disk, watch
from sync_server.service.repairs.diagnostics import diagnostics
from sync_server.service.repairs.redaction import Redactor
from sync_server.service.repairs.repair import Repair, RepairAction, Severity, repair_of
from sync_server.service.repairs.watch import RepairWatch
from sync_server.service.upkeep import doctor
from sync_server.service.upkeep.backup import back_up
from sync_server.service.upkeep.backup_set import backups
from sync_server.service.upkeep.finding import Finding, FindingKind
from sync_server.web.manager.repair_texts import sentence_of, shown_repair

NOW = 1_772_900_000_000
DAY_MS = 86_400_000
WELL = ServerState("http://127.0.0.1:1", None, None)


def look(folder, state: ServerState = WELL, thoroughly: bool = False) -> RepairWatch:
    async def run() -> RepairWatch:
        found = RepairWatch(folder, lambda: state, lambda: NOW)
        await found.look(thoroughly)
        return found

    return asyncio.run(run())


def kinds(repairs: list[Repair]) -> list[FindingKind]:
    return [repair.finding.kind for repair in repairs]


def test_what_is_urgent_comes_first_and_is_said_by_the_servers_own_word(folder):
    state = msgspec.structs.replace(WELL, backup_problem="no room", two_owners={"front": "Front"})
    repairs = look(folder, state).now()
    assert kinds(repairs)[:2] == [FindingKind.BACKUP_FAILED, FindingKind.TWO_OWNERS]
    assert [repair.action for repair in repairs[:2]] == [RepairAction.BACK_UP, RepairAction.PAIR_AGAIN]
    order = [list(Severity).index(repair.severity) for repair in repairs]
    assert order == sorted(order)
    assert FindingKind.SERVER not in kinds(repairs)


def test_a_finding_is_gone_as_soon_as_the_server_says_so(folder):
    states = [msgspec.structs.replace(WELL, clock_doubt="the clock is ahead; set it"), WELL]
    found = RepairWatch(folder, lambda: states[0], lambda: NOW)
    assert kinds(found.urgent()) == [FindingKind.CLOCK_DOUBT]
    del states[0]
    assert found.urgent() == []


def test_a_settings_file_that_cannot_be_read_stands_on_every_page(folder):
    problems = ["store.toml: line 1: something is missing"]
    found = RepairWatch(folder, lambda: WELL, lambda: NOW, lambda: problems)
    assert kinds(found.urgent()) == [FindingKind.SETTINGS]
    problems.clear()
    assert found.urgent() == []


def test_only_a_thorough_look_reads_the_store_through_and_it_stays_known(folder):
    folder.store.write_bytes(b"no database" * 1000)

    async def run() -> list[list[FindingKind]]:
        found = RepairWatch(folder, lambda: WELL, lambda: NOW)
        seen = []
        for thoroughly in (True, False):
            await found.look(thoroughly)
            seen.append(kinds(found.now()))
        return seen

    first, second = asyncio.run(run())
    assert FindingKind.UNSOUND in first
    assert FindingKind.UNSOUND in second


def test_it_is_looked_at_again_only_when_that_is_long_ago(folder, monkeypatch):
    looked = []
    monkeypatch.setattr(watch, "examine_running", lambda *asked: looked.append(asked[-1]) or [])
    times = [NOW]

    async def run() -> None:
        found = RepairWatch(folder, lambda: WELL, lambda: times[0])
        for at in (NOW, NOW + 1000, NOW + 300_000):
            times[0] = at
            await found.look_if_old()

    asyncio.run(run())
    assert looked == [False, False], "somebody waits for it, so the whole file is not read"


@pytest.mark.parametrize("language", ["en", "nl", "fi"])
def test_every_kind_is_said_in_every_language(language):
    values: dict[str, str | int] = {
        "name": "Front", "device": "front", "day": "2026-03-07 12:00", "free": 12, "least": 500, "size": 90,
        "file": "server.key", "folder": "before-restore-x", "problem": "why", "zone": "UTC", "names": "Maya",
        "address": "http://x", "backup": "welkom-x", "n": 3,
    }  # fmt: skip
    texts = Texts(language)
    for kind in FindingKind:
        shown = shown_repair(repair_of(Finding("x", "detail; do", kind, values)), texts, True)
        for text in (shown.sentence, shown.advice, *([shown.button] if shown.action else [])):
            assert text
            assert not re.search(r"manager\.|[{}]", text), text
    never = repair_of(Finding("x", "y", FindingKind.BACKUP_LATE, {"day": ""}))
    assert sentence_of(never, texts) != ""


def test_the_latest_backups_stay_when_the_disk_is_freed(folder):
    into = folder.path / "backups"
    settings = load_settings(folder.settings)
    for day in range(6):
        back_up(folder, into, NOW + day * DAY_MS)
    now = NOW + 6 * DAY_MS
    assert free_disk.old_backups(folder, settings, now).count == 3
    latest = backups(into)[:3]
    assert free_disk.free_old_backups(folder, settings, now) == 3
    assert backups(into) == latest
    assert free_disk.old_backups(folder, settings, now) == free_disk.OldBackups(0, 0)
    assert free_disk.free_old_backups(folder, settings, now) == 0


def test_only_stores_that_were_replaced_long_ago_are_removed(folder):
    for name in ("20200101T000000Z", "29990101T000000Z"):
        (folder.path / f"before-restore-{name}").mkdir()
    assert free_disk.remove_replaced_stores(folder, NOW) == 1
    assert [path.name for path in folder.path.glob("before-*")] == ["before-restore-29990101T000000Z"]


def test_files_that_others_can_read_are_closed_to_them(folder):
    folder.server_key.chmod(0o644)
    assert doctor.open_to_others(folder) == [folder.server_key]
    folder.server_key.chmod(doctor.mode_of(folder.server_key))
    assert doctor.open_to_others(folder) == []


# --- for somebody who helps -----------------------------------------------------------------------


def test_names_addresses_and_secrets_are_left_out_of_a_text():
    redactor = Redactor(["Maya", "Front door", "Corner Shop", "x"])
    text = redactor.of(
        "maya at Front door of Corner Shop from 192.168.1.20 and fe80::1:2:3 on 127.0.0.1:8350,"
        " http://shop/v/Ab3dEf, me@shop.example, max 3,"
        " $argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaGhhc2g"
    )
    for word in ("maya", "Front", "Corner", "192.168", "fe80", "Ab3dEf", "shop.example", "argon2id"):
        assert word not in text, text
    assert "127.0.0.1:8350" in text
    assert "max 3" in text


def test_diagnostics_hold_no_name_no_address_and_no_secret(folder):
    client.add_device(folder, "kiosk", "By the window", "tcp://x:1")
    client.run(folder, "add_manager", name="Aleksanteri", role="manager", password="only you know it 7")
    token = client.run(folder, "add_token", name="bookings of Ilves")
    text = folder.settings.read_text("utf-8").replace(
        "[store]", '[store]\npublic_url = "http://192.168.7.7:8350"'
    )
    folder.settings.write_text(text, "utf-8")
    settings = load_settings(folder.settings)
    repairs = look(folder).now()
    lines = ["WARNING two computers use the file of By the window", f"a token {token} came from 10.0.0.7"]
    made = diagnostics(folder, repairs, "# HELP x\nwelkom_ops_total 3\n", lines).decode()
    told = msgspec.json.decode(made)
    secrets = [
        token,
        "192.168.7.7",
        "10.0.0.7",
        "window",
        "Aleksanteri",
        "Ilves",
        settings.store.name,
        str(folder.path),
    ]
    secrets += [name for employee in settings.employees for name in (employee.name, f'"{employee.id}"')]
    for secret in secrets:
        assert secret.lower() not in made.lower(), secret
    assert told["figures"] == ["welkom_ops_total 3"]
    assert told["settings"]["server"]["sync"] == settings.server.sync
    assert told["settings"]["employees"] == len(settings.employees)
    assert told["store"]["devices"] == 1
    assert {one["kind"] for one in told["repairs"]} == {kind.value for kind in kinds(repairs)}


def test_diagnostics_can_be_had_while_settings_and_store_cannot_be_read(folder):
    folder.settings.write_text("[store\nname = 'Corner'", "utf-8")
    folder.store.write_bytes(b"no database" * 1000)
    told = msgspec.json.decode(diagnostics(folder, [], "", []))
    assert told["settings"]
    assert "problem" in told["store"]
