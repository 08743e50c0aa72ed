"""The systemd units: each runs as nobody special, may write to one folder, and is started again for ever."""

import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2] / "packaging" / "systemd"
UNITS = sorted(HERE.glob("*.service"))
SCREENS = {"welkom-kiosk", "welkom-staff"}
# The most that `systemd-analyze security` may find exposed, of 10. A session needs the screen's devices.
MOST_EXPOSED = {"welkom-server": 2.0, "welkom-kiosk": 4.0, "welkom-staff": 4.0}
NEEDS_SYSTEMD = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze")


def read(path: Path) -> ConfigParser:
    unit = ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment]
    unit.read_string(path.read_text("utf-8"))
    return unit


def test_there_is_one_for_each_program() -> None:
    assert {path.stem for path in UNITS} == set(MOST_EXPOSED)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_it_is_hardened_and_started_again_for_ever(path: Path) -> None:
    unit = read(path)
    service = unit["Service"]
    assert service["User"] not in ("", "root")
    assert (service["Restart"], unit["Unit"]["StartLimitIntervalSec"]) == ("always", "0")
    for key in ("NoNewPrivileges", "PrivateTmp", "ProtectHome", "ProtectKernelModules", "LockPersonality"):
        assert service[key] == "yes", key
    assert (service["ProtectSystem"], service["CapabilityBoundingSet"]) == ("strict", "")
    assert service["MemoryMax"]
    assert service["UMask"] == "0077"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_it_may_write_where_its_command_keeps_its_data(path: Path) -> None:
    service = read(path)["Service"]
    words = service["ExecStart"].split()
    data = words[words.index("--data") + 1]
    own = service.get("ReadWritePaths") or f"/var/lib/{service['StateDirectory']}"
    assert data == own


@pytest.mark.parametrize("path", [p for p in UNITS if p.stem in SCREENS], ids=lambda path: path.stem)
def test_a_screen_is_alone_in_its_session(path: Path) -> None:
    unit = read(path)
    words = unit["Service"]["ExecStart"].split()
    assert words[0] == "/usr/bin/cage"
    assert words[-1] == "--fullscreen"
    assert unit["Unit"]["Conflicts"] == "getty@tty1.service"
    assert (HERE.parent / "pam" / unit["Service"]["PAMName"]).is_file()


@NEEDS_SYSTEMD
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_systemd_understands_it_and_finds_it_safe(path: Path, tmp_path: Path) -> None:
    text = path.read_text("utf-8")
    for program in ("/opt/welkom/.venv/bin/welkom", "/usr/bin/cage", "/usr/bin/chvt"):
        text = text.replace(program, shutil.which("true") or "/bin/true")  # not installed where tests run
    unit = tmp_path / path.name
    unit.write_text(text, "utf-8")
    most = str(round(MOST_EXPOSED[path.stem] * 10))
    for words in (["verify"], ["security", "--offline=true", f"--threshold={most}"]):
        told = subprocess.run(["systemd-analyze", *words, str(unit)], capture_output=True, text=True)
        assert told.returncode == 0, told.stderr + told.stdout
