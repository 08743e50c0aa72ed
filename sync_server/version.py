"""The version of this program."""

from importlib import metadata


def own_version() -> str:
    """The version of the installed package; "unknown" where it runs from a folder without an installation."""
    try:
        return metadata.version("welkom")
    except metadata.PackageNotFoundError:
        return "unknown"
