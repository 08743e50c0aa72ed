"""`store.toml` is written in one step, in the form it had, and watched; its history can be taken back."""

import stat
from pathlib import Path

import pytest

from sync_server.service.config.load import SettingsError, parse_settings
from sync_server.service.config.problem_place import at_key
from sync_server.service.settings.settings_file import NotSaved, SettingsChanged, SettingsFile
from sync_server.service.settings.settings_history import BuiltUpon, changed_keys, taken_back
from sync_server.service.storage.data_dir import DataDir
from tests.sample_store import STORE_TOML


@pytest.fixture
def folder(tmp_path: Path) -> DataDir:
    (tmp_path / "store.toml").write_text(STORE_TOML, "utf-8")
    return DataDir(tmp_path)


def rename(document):
    document.set("store.name", "Café")


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
    ],
    ids=["mark", "windows", "utf-16"],
)
def test_the_form_of_the_file_stays(folder: DataDir, written) -> None:
    folder.settings.write_bytes(written(STORE_TOML))
    file = SettingsFile(folder)
    file.change(rename, file.current.version, "anna", 1)
    assert folder.settings.read_bytes() == written(STORE_TOML.replace('"Test shop"', '"Café"'))


def test_a_link_stays_a_link_and_rights_stay(folder: DataDir, tmp_path: Path) -> None:
    kept = folder.settings.rename(tmp_path / "kept.toml")
    kept.chmod(0o640)
    folder.settings.symlink_to(kept)
    file = SettingsFile(folder)
    file.change(rename, file.current.version, "anna", 1)
    assert folder.settings.is_symlink()
    assert "Café" in kept.read_text("utf-8")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.toml", "store.toml"]


def test_what_cannot_be_written_changes_nothing(folder: DataDir, monkeypatch) -> None:
    file = SettingsFile(folder)

    def full(_self: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(NotSaved, match="No space left"):
        file.change(rename, file.current.version, "anna", 1)
    assert folder.settings.read_text("utf-8") == STORE_TOML
    assert file.current.settings.store.name == "Test shop"
    assert [path.name for path in folder.path.iterdir()] == ["store.toml"]


def test_what_is_wrong_is_said_beside_its_key_and_nothing_is_saved(folder: DataDir) -> None:
    file = SettingsFile(folder)

    def wrong(document):
        document.set("needs.repair.text.en", " ")
        document.set("times.offer_s", 0)
        document.set("employees.tom.colour", "red")
        document.set("store.what", 1)

    with pytest.raises(SettingsError) as error:
        file.change(wrong, file.current.version, "anna", 1)
    assert [fault.path for fault in error.value.faults] == ["store.what"]
    with pytest.raises(SettingsError) as error:
        file.change(lambda d: (wrong(d), d.unset("store.what")), file.current.version, "anna", 1)
    assert [fault.path for fault in error.value.faults] == [
        "times.offer_s",
        "needs.repair.text",
        "employees.tom.colour",
    ]
    assert folder.settings.read_text("utf-8") == STORE_TOML


def test_who_saves_second_is_told_and_a_page_of_before_the_start_too(folder: DataDir) -> None:
    file = SettingsFile(folder)
    base = file.current.version
    file.change(rename, base, "anna", 7)
    with pytest.raises(SettingsChanged) as error:
        file.replace(STORE_TOML, base, "bert", 8)
    assert (error.value.now.by, error.value.now.read_at) == ("anna", 7)
    assert [line for line in error.value.difference if line[0] in "+-"] == [
        '-name = "Test shop"',
        '+name = "Café"',
    ]
    with pytest.raises(SettingsChanged) as error:
        file.replace(STORE_TOML, "of long ago", "bert", 8)
    assert error.value.difference == ()


def test_a_hand_in_the_file_is_seen_before_a_page_saves(folder: DataDir) -> None:
    file = SettingsFile(folder)
    base = file.current.version
    folder.settings.write_text(STORE_TOML.replace("Test shop", "By hand"), "utf-8")
    with pytest.raises(SettingsChanged):
        file.change(rename, base, "anna", 1)
    assert (file.current.settings.store.name, file.current.by) == ("By hand", "")
    # While the file is broken, a page must not write over what the hand has begun.
    folder.settings.write_text("[store", "utf-8")
    assert not file.look(2)
    with pytest.raises(SettingsError, match="not valid TOML"):
        file.change(rename, file.current.version, "anna", 3)
    assert file.text_now() == "[store"
    file.replace(STORE_TOML, file.current.version, "anna", 4)
    assert file.problem is None


def test_a_file_that_is_gone_is_a_problem_until_it_is_back(folder: DataDir) -> None:
    file = SettingsFile(folder)
    folder.settings.rename(folder.path / "away")
    assert not file.look(1)
    assert "not found" in str(file.problem)
    assert file.text_now() == STORE_TOML
    (folder.path / "away").rename(folder.settings)
    assert not file.look(2)
    assert file.problem is None


# --- the history -----------------------------------------------------------------------------------------

A = STORE_TOML
B = A.replace('name = "Test shop"', 'name = "Two"')


def test_what_a_change_was_about():
    assert changed_keys(A, B) == ["store.name"]
    assert changed_keys(A, A + "# a note\n") == []
    more = A + '\n[[employees]]\nid = "zoe"\nname = "Zoë"\nskills = []\n'
    assert changed_keys(A, more) == ["employees.zoe"]
    assert changed_keys(more, A) == ["employees.zoe"]


def test_a_change_is_taken_back_below_later_ones():
    later = B.replace("offer_s = 15", "offer_s = 20  # longer") + "# the end\n"
    assert taken_back(A, B, later) == later.replace('"Two"', '"Test shop"')
    assert parse_settings(taken_back(A, B, later), Path("x")).times.offer_s == 20


@pytest.mark.parametrize(
    ("later", "keys"),
    [
        (B.replace('"Two"', '"Three"'), ["store.name"]),
        (B.replace('name = "Two"\n', ""), ["store.name"]),
        (B.replace('name = "Two"', "# mine\nname = 'Two'"), ["store.name"]),
    ],
    ids=["changed again", "taken out", "written otherwise"],
)
def test_a_change_that_was_built_upon_is_not(later, keys):
    with pytest.raises(BuiltUpon) as error:
        taken_back(A, B, later)
    assert error.value.keys == keys


def test_lines_that_are_the_same_elsewhere_are_not_taken_for_those_of_the_change():
    """`icon = "bulb"` is there more than once: the change of one need must not go back in another."""
    before = A.replace('icon = "tool"', 'icon = "bulb"', 1)
    after = before.replace('icon = "bulb"', 'icon = "star"', 1)
    now = after.replace('code = "ask"', 'code = "ask"\npriority = 1')
    back = taken_back(before, after, now)
    assert changed_keys(now, back) == ["needs.repair.icon"]


@pytest.mark.parametrize(
    ("problem", "path", "reason"),
    [
        ('needs "repair", text.nl: is empty', "needs.repair.text.nl", "is empty"),
        ('needs[3] ("repair"), icon: must be a text', "needs.repair.icon", "must be a text"),
        ("needs[3]: the key `text` is missing; the example has it", "needs[3].text", None),
        ('employees "maya": is there twice; codes must differ', "employees.maya", None),
        ("store.hours.mon: neither", "store.hours.mon", "neither"),
        ('store.dates: "2026-13-01" is no date: write', "store.dates", None),
        ("server.tls_cert and server.tls_key: the one needs the other", "server.tls_cert", None),
        ("unknown key `shop`; known are store", "shop", None),
        ("not valid TOML: line 3", "", None),
    ],
)
def test_each_fault_is_put_beside_its_key(problem, path, reason):
    found = at_key(problem)
    assert found.path == path
    assert reason is None or found.reason == reason
