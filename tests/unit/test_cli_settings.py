"""`welkom settings`: the changes of store.toml, and taking one back."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from sync_server.cli import main
from sync_server.service.settings import settings_history
from sync_server.service.settings.settings_document import SettingsDocument
from sync_server.service.settings.settings_file import SettingsFile
from sync_server.service.storage.connection import connect, transaction
from sync_server.service.storage.data_dir import DataDir


def rename(document: SettingsDocument) -> None:
    document.set("store.name", "Corner")


def ask_longer(document: SettingsDocument) -> None:
    document.set("times.offer_s", 22)


@pytest.fixture
def changed(folder: DataDir) -> DataDir:
    """A store whose settings were changed twice."""
    file, db = SettingsFile(folder), connect(folder.store)
    with transaction(db):
        settings_history.add(db, file.current, 1_772_442_000_000)
        for edit in (rename, ask_longer):
            version = file.change(edit, file.current.version, "Anna", 1)
            settings_history.add(db, version, 1_772_442_000_000)
    db.close()
    return folder


def welkom(*words: object) -> tuple[int, str]:
    found = CliRunner().invoke(main, [str(word) for word in words])
    return found.exit_code, found.output


def test_the_history_is_listed_and_a_change_is_taken_back(changed: DataDir) -> None:
    code, said = welkom("settings", "history", "--data", changed.path)
    first, second = said.splitlines()
    assert code == 0
    assert first.endswith("Anna: times.offer_s")
    assert second.startswith("2  2026-03-02")
    assert welkom("settings", "undo", 2, "--data", changed.path) == (
        0,
        "Change 2 is taken back: store.name\n",
    )
    text = changed.settings.read_text("utf-8")
    assert "offer_s = 22" in text
    assert "Corner" not in text


def test_what_cannot_be_taken_back_is_said(changed: DataDir) -> None:
    code, said = welkom("settings", "undo", 9, "--data", changed.path)
    assert code == 1
    assert "there is no change 9" in said
    welkom("settings", "undo", 3, "--data", changed.path)
    before = changed.settings.read_bytes()
    code, said = welkom("settings", "undo", 3, "--data", changed.path)
    assert code == 1
    assert "later changes are about the same (times.offer_s)" in said
    assert changed.settings.read_bytes() == before


def test_a_store_without_changes_says_so(folder: DataDir) -> None:
    assert welkom("settings", "history", "--data", folder.path) == (0, "Nothing has been changed yet.\n")


def test_a_folder_without_a_store_is_named(tmp_path: Path) -> None:
    code, said = welkom("settings", "history", "--data", tmp_path)
    assert code == 1
    assert str(tmp_path) in said
