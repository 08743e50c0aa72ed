"""Reads the theme from its TOML file and checks it."""

import tomllib
from pathlib import Path

import msgspec

from assets import paths
from sync_server.text_files import NotText, read_text

from .checks import missing_fonts, weak_contrasts, wrong_colours, wrong_keys
from .model import Theme


class ThemeError(Exception):
    """The theme cannot be used. `problems` has one line for each mistake."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        self.problems = [f"{path}: {problem}" for problem in problems]
        super().__init__("\n".join(self.problems))


def load_theme(path: Path | None = None) -> Theme:
    """Reads and checks a theme, by default the package's own. Raises ThemeError."""
    path = path or paths.THEME
    try:
        raw = tomllib.loads(read_text(path))
    except FileNotFoundError:
        raise ThemeError(path, [f"not found; copy {paths.THEME} there to start from"]) from None
    except (OSError, NotText) as error:
        raise ThemeError(path, [f"cannot be read: {error}"]) from error
    except (ValueError, RecursionError) as error:
        raise ThemeError(path, [f"not valid TOML: {error}"]) from error
    problems = list(wrong_keys(raw, Theme, ""))
    if problems:
        raise ThemeError(path, problems)
    try:
        theme = msgspec.convert(raw, Theme)
    except msgspec.ValidationError as error:
        reason, _, key = str(error).partition(" - at ")
        key = key.strip("`").removeprefix("$.")
        raise ThemeError(path, [f"{key}: {reason}; see {paths.THEME} for a value that works"]) from error
    problems = [*wrong_colours(theme), *missing_fonts(theme)] or list(weak_contrasts(theme))
    if problems:
        raise ThemeError(path, problems)
    return theme
