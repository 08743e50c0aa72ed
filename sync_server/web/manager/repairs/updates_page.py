"""The page Updates: which Welkom this is, what is new in it, and how a newer one is installed."""

import re
from functools import cache
from pathlib import Path
from typing import ClassVar

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from sync_server.version import own_version
from sync_server.web.http.templates import Context
from sync_server.web.manager.layout import framed_page

CHANGES = Path(__file__).parents[2] / "changelog.md"
MAX_VERSIONS = 3  # of which the changes are shown


class ChangesOf(Struct, frozen=True):
    """What is new in one part of a version: its title, and a sentence or two for each change."""

    title: str
    changes: list[str]


class VersionChanges(Struct, frozen=True):
    """What is new in one version."""

    heading: str
    parts: list[ChangesOf]


class UpdatesPage(Context, frozen=True):
    """The page. `versions` are the latest ones, the newest first."""

    template: ClassVar[str] = "manager/repairs/updates.html"

    version: str
    versions: list[VersionChanges]


async def page(request: Request) -> Response:
    """The page. Nothing of it asks the internet."""
    return framed_page(request, "settings", UpdatesPage(own_version(), versions_of()[:MAX_VERSIONS]))


@cache
def versions_of(path: Path = CHANGES) -> list[VersionChanges]:
    """The versions in a changelog, without the marks of Markdown."""
    try:
        text = path.read_text("utf-8")
    except OSError:  # a Welkom that was installed without it
        return []
    found = []
    for version in re.split(r"(?m)^## ", text)[1:]:
        heading, _, rest = version.partition("\n")
        parts = [part.partition("\n") for part in re.split(r"(?m)^### ", rest)]
        changes = [ChangesOf(title.strip(), _changes(body)) for title, _, body in parts]
        found.append(VersionChanges(heading.strip(" []"), [one for one in changes if one.changes]))
    return found


def _changes(text: str) -> list[str]:
    items = re.split(r"(?m)^[-*] ", text)[1:]
    return [_plain(" ".join(item.split())) for item in items]


def _plain(markdown: str) -> str:
    return re.sub(r"[*`]{1,2}", "", re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", markdown))
