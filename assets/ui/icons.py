"""Icons by name. An icon is one character of the icon font `paths.ICON_FONT`."""

import tomllib
from difflib import get_close_matches
from functools import cache

from assets import paths


@cache
def _characters() -> dict[str, str]:
    codes = tomllib.loads(paths.ICON_NAMES.read_text("utf-8"))
    return {name: chr(int(code, 16)) for name, code in codes.items()}


def icon(name: str) -> str:
    """The character of the icon `name`. Raises KeyError, whose text suggests similar names."""
    try:
        return _characters()[name]
    except KeyError:
        near = ", ".join(get_close_matches(name, _characters(), n=3, cutoff=0.5))
        hint = f"did you mean {near}?" if near else f"the names are in {paths.ICON_NAMES}"
        raise KeyError(f"no icon {name!r}; {hint}") from None


def icon_names() -> tuple[str, ...]:
    """The names of all icons, in the order of the file."""
    return tuple(_characters())
