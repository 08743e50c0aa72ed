"""`store.toml` of a running server: read, checked, written without loss, watched for changes by hand."""

import contextlib
import difflib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from sync_server.service.config.load import SettingsError, load_settings, parse_settings
from sync_server.service.config.model import Settings
from sync_server.service.storage.data_dir import DataDir, sync
from sync_server.text_files import NotText, decode, encode_like

from .settings_document import SettingsDocument

VERSIONS_KNOWN = 50  # texts kept in memory, to say what changed since a page was opened

Edit = Callable[[SettingsDocument], object]
Stamp = tuple[int, int, int]  # of a file: it changes whenever the file does


class SettingsVersion(Struct, frozen=True):
    """The settings at one time. `version` is a digest of `text`; `read_at` is when they were read, ms UTC.

    `by` is the manager who saved them; empty where they were changed in the file.
    """

    text: str
    version: str
    settings: Settings
    read_at: int
    by: str = ""


class SettingsChanged(Exception):
    """Somebody saved since the page was opened. `now` is what they saved.

    `difference` has the lines that they changed, see `difference`; empty where it is not known any more.
    """

    def __init__(self, now: SettingsVersion, lines: Sequence[str]) -> None:
        super().__init__("the settings have been changed since this page was opened")
        self.now = now
        self.difference = tuple(lines)


class NotSaved(Exception):
    """The file could not be written; it is as before. The text says why."""


class SettingsFile:
    """The settings of a store's data directory. `current` are the last ones that were right.

    `problem` is why the file cannot be used as it is now: then `current` goes on. Raises SettingsError if it
    cannot be used at the start.
    """

    def __init__(self, data_dir: DataDir, now: int = 0) -> None:
        # Of a link, the file behind it is written.
        self.path = Path(os.path.realpath(data_dir.settings))
        self._shown = data_dir.settings
        settings = load_settings(self._shown)  # it explains why a file cannot be read
        self._stamp = _stamp(self.path)
        self._content = self.path.read_bytes()
        self.problem: SettingsError | None = None
        self._texts: dict[str, str] = {}
        self.current = self._version(decode(self._content), settings, now, "")

    def look(self, now: int) -> bool:
        """Reads the file again if it has been changed by hand. Whether `current` is another one now."""
        stamp = _stamp(self.path)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            content = self.path.read_bytes()
            text = decode(content)
            settings = parse_settings(text, self._shown)
        except (OSError, NotText, SettingsError):
            self.problem = self._explained()
            return False
        self.problem, self._content = None, content
        if _digest(text) == self.current.version:
            return False
        self.current = self._version(text, settings, now, "")
        return True

    def check(self, text: str) -> Settings:
        """The settings of a text; nothing is written. Raises SettingsError."""
        return parse_settings(text, self._shown)

    def change(self, edit: Edit, base: str, by: str, now: int) -> SettingsVersion:
        """Edits the file: `edit` changes the document. `base` is the version that the manager `by` has seen.

        Raises SettingsChanged where somebody saved since, SettingsError with every fault of what was edited
        (or of the file, where a hand made it unreadable), LaidOutOtherwise, UnknownPath, and NotSaved. Then
        the file is as before.
        """
        self._require(base, now)
        if self.problem is not None:
            raise self.problem  # what a hand has begun in the file would be lost
        document = SettingsDocument(self.current.text)
        edit(document)
        return self._save(document.text, by, now)

    def replace(self, text: str, base: str, by: str, now: int) -> SettingsVersion:
        """Replaces the whole text. Raises what `change` raises.

        It also mends a file that a hand made unreadable: `base` is the version that goes on meanwhile.
        """
        self._require(base, now)
        return self._save(text.replace("\r\n", "\n").replace("\r", "\n"), by, now)

    def text_now(self) -> str:
        """What the file says at this moment, for who mends it; `current` if it is no text at all."""
        try:
            return decode(self.path.read_bytes())
        except (OSError, NotText):
            return self.current.text

    def remember(self, version: str, text: str) -> None:
        """A text of an earlier version, to compare with."""
        self._texts[version] = text
        while len(self._texts) > VERSIONS_KNOWN:
            del self._texts[next(iter(self._texts))]

    # --- inside ------------------------------------------------------------------------------------

    def _explained(self) -> SettingsError | None:
        """Why the file cannot be used. None if it can, at this moment: then it is read again."""
        try:
            load_settings(self._shown)
        except SettingsError as error:
            return error
        self._stamp = None
        return self.problem

    def _require(self, base: str, now: int) -> None:
        self.look(now)
        if base != self.current.version:
            before = self._texts.get(base)
            raise SettingsChanged(self.current, difference(before, self.current.text) if before else ())

    def _save(self, text: str, by: str, now: int) -> SettingsVersion:
        settings = self.check(text)
        if text == self.current.text and self.problem is None:
            return self.current
        content = encode_like(text, self._content)
        try:
            _write_whole(self.path, content)
            self._stamp, self._content = _stamp(self.path), content
        except OSError as error:
            raise NotSaved(f"{self._shown} cannot be written: {error.strerror}") from error
        self.problem = None
        self.current = self._version(text, settings, now, by)
        return self.current

    def _version(self, text: str, settings: Settings, now: int, by: str) -> SettingsVersion:
        version = SettingsVersion(text, _digest(text), settings, now, by)
        self.remember(version.version, text)
        return version


def difference(before: str, after: str, around: int = 1) -> list[str]:
    """The lines that differ: each begins with `-`, `+` or a blank, and with `@@` where some are left out."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=around)
    return list(lines)[2:]


def _write_whole(path: Path, content: bytes) -> None:
    """Replaces a file in one step, on the disk when this returns: whoever reads it sees the one or the other.

    Raises OSError; then the old file is there.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(OSError):
            shutil.copystat(path, name)
            os.utime(name)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    sync(path.parent)


def _stamp(path: Path) -> Stamp | None:
    """None while there is no file."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_ino, stat.st_size


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
