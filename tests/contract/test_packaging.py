"""What an installed Welkom contains: everything that it needs to run, and nothing of the tests."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("assets", "kiosk", "staff_app", "sync_server")
# The files that the programs read.
DATA = [
    "**/*.kv",
    "**/*.toml",
    "**/*.po",
    "**/*.sql",
    "assets/fonts/*.?tf",
    "assets/icons/*",
    "assets/sounds/*",
]
DATA += ["sync_server/web/*.md", "sync_server/web/templates/**/*", "sync_server/web/static/**/*"]
BUILD = """
import sys
from setuptools import setup

folder = sys.argv[1]
options = ["egg_info", "--egg-base", folder, "build_py", "--build-lib", f"{folder}/built"]
setup(script_name="setup.py", script_args=["--quiet", *options])
"""


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files that setuptools puts into a wheel, as paths from the repository's root."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-W", "ignore", "-c", BUILD, str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    built = folder / "built"
    return {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()}


def sources(pattern: str) -> set[str]:
    """The product's files that match, as they are in the repository."""
    found = {path.relative_to(ROOT) for path in ROOT.glob(pattern) if path.is_file()}
    return {
        path.as_posix() for path in found if path.parts[0] in PACKAGES and "__pycache__" not in path.parts
    }


def test_only_the_product_ships(shipped: set[str]) -> None:
    assert {path.split("/")[0] for path in shipped} == set(PACKAGES)
    parts = {part for path in shipped for part in path.split("/")}
    assert not parts & {"tests", "gallery", "scenes.py", "shots.py", "conftest.py"}


def test_every_module_ships(shipped: set[str]) -> None:
    assert sources("**/*.py") - shipped == set()


@pytest.mark.parametrize("pattern", DATA)
def test_every_file_that_a_program_reads_ships(shipped: set[str], pattern: str) -> None:
    read = sources(pattern)
    assert read, "this pattern is out of date"
    assert read - shipped == set()
