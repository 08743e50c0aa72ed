"""Files that people edit are read as the editors of all systems save them."""

import codecs

import pytest
import zmq

from sync_server.days import parse_day
from sync_server.device.app.config import ConfigError, read_identity
from sync_server.protocol.device_file import DeviceFile, device_file_text
from sync_server.service.config.load import SettingsError, load_settings
from sync_server.text_files import NotText, decode_table, read_text
from tests.sample_store import STORE_TOML

TEXT = 'name = "Ελένη"\nother = 1\n'
SAVED_AS = {
    "as it is": TEXT.encode(),
    "with a mark": codecs.BOM_UTF8 + TEXT.encode(),
    "Notepad's Unicode": codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
    "the other UTF-16": codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    "Windows' lines": TEXT.replace("\n", "\r\n").encode(),
    "both": codecs.BOM_UTF16_LE + TEXT.replace("\n", "\r\n").encode("utf-16-le"),
    "an old Mac's lines": TEXT.replace("\n", "\r").encode(),
}


@pytest.mark.parametrize("content", SAVED_AS.values(), ids=SAVED_AS)
def test_the_same_text_is_read_however_it_was_saved(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert read_text(path) == TEXT


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'a = 1\nname = "Caf\xe9"\n', "line 2 is not UTF-8 text; save the file as UTF-8"),
        (b"\xff\xfea", "line 1 is not UTF-8 text"),
        ("x\ny = 1".encode("utf-16-le"), "line 1 has bytes that are no text"),
        (b"\0" * 4096, "line 1 has bytes that are no text; save the file as UTF-8, or put back a copy"),
    ],
)
def test_what_is_no_text_is_named_with_its_line(tmp_path, content, reason):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(NotText, match=reason):
        read_text(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_table_is_read_however_a_spreadsheet_saved_it(encoding):
    assert decode_table("naam;kleur\r\nZoë;grün\r\n".encode(encoding)) == "naam;kleur\r\nZoë;grün\r\n"


def test_settings_saved_by_notepad_are_read(tmp_path):
    path = tmp_path / "store.toml"
    for content in (
        codecs.BOM_UTF8 + STORE_TOML.replace("\n", "\r\n").encode(),
        codecs.BOM_UTF16_LE + STORE_TOML.encode("utf-16-le"),
    ):
        path.write_bytes(content)
        assert load_settings(path).store.name == "Test shop"


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("name = “Test shop”", 'write straight quotes: " and not “ or ”'),
        ("name = „Test shop“", "write straight quotes"),
        ('name\u00a0= "Test shop"', "it has a blank that TOML does not know; type its blanks anew"),
        ('name = "Test shop"\nname = "Other"', "its key is there already: leave one of the two"),
        ("name = Test shop", "texts and times need quotes"),
    ],
)
def test_what_editors_and_mails_make_of_a_line_is_explained(tmp_path, line, advice):
    path = tmp_path / "store.toml"
    path.write_text(STORE_TOML.replace('name = "Test shop"', line), "utf-8")
    with pytest.raises(SettingsError, match=advice):
        load_settings(path)


def test_a_problem_has_no_character_that_cannot_be_seen(tmp_path):
    path = tmp_path / "store.toml"
    zone = r"Europe\u0000\u202e" + "x" * 3000
    path.write_text(STORE_TOML.replace("Europe/Amsterdam", zone), "utf-8")
    with pytest.raises(SettingsError) as error:
        load_settings(path)
    (problem,) = error.value.problems
    assert problem.isprintable()
    assert r"Europe\u0000\u202e" in problem
    assert len(problem) < 700


def test_a_device_file_that_went_through_windows_is_read(tmp_path):
    path = tmp_path / "kiosk.device.toml"
    public, secret = (key.decode() for key in zmq.curve_keypair())
    file = DeviceFile(
        "front",
        "kiosk",
        "Front",
        "A",
        "tcp://127.0.0.1:7350",
        "x" * 40,
        public,
        secret,
        ("tcp://10.0.0.5:7350",),
    )
    path.write_bytes(codecs.BOM_UTF8 + device_file_text(file).replace("\n", "\r\n").encode())
    assert read_identity(path, "kiosk") == file


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 200, b"\xe9", b"name = " + b"9" * 5000, b"name = " + b"[" * 5000]
)
def test_a_device_file_that_is_none_is_named(tmp_path, content):
    path = tmp_path / "kiosk.device.toml"
    path.write_bytes(content)
    with pytest.raises(
        ConfigError, match=r"kiosk\.device\.toml.*welkom device add|kiosk\.device\.toml: .*UTF-8"
    ):
        read_identity(path, "kiosk")


@pytest.mark.parametrize(
    "text",
    ["9999-12-31", "0001-01-01", "1999-12-31", "2200-01-01", "2026-02-30", "20261121", "2026-W48-6", "", "x",
     "2026-11-21 ", "２０２６-11-21", "2026-11-21T10:00"],
)  # fmt: skip
def test_a_day_has_one_form_and_is_of_these_centuries(text):
    with pytest.raises(ValueError, match=r"is no day|day is out of range|month must be"):
        parse_day(text)


def test_a_day_is_read():
    assert parse_day("2026-11-21").isoformat() == "2026-11-21"
    assert parse_day("2000-01-01") < parse_day("2199-12-31")
