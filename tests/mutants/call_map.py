"""Which quick tests run which function, and how long each takes: measured once, saved in build/mutants."""

import hashlib
import json
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "mutants"


def digest(*paths: Path) -> str:
    """One digest of the contents of all `paths`."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:16]


class Tracer:
    """Notes the functions of `folders` that are called between `start` and `stop`."""

    def __init__(self, folders: Iterable[str]) -> None:
        self._prefixes = tuple(str(ROOT / folder) + "/" for folder in folders)
        self._names: dict[object, str | None] = {}
        self.called: set[str] = set()

    def start(self) -> None:
        self.called = set()
        threading.settrace(self._on_call)
        sys.settrace(self._on_call)

    def stop(self) -> None:
        sys.settrace(None)
        threading.settrace(None)

    def _on_call(self, frame: FrameType, _event: str, _arg: object) -> None:
        code = frame.f_code
        try:
            name = self._names[code]
        except KeyError:
            name = self._names[code] = self._name(frame)
        if name:
            self.called.add(name)

    def _name(self, frame: FrameType) -> str | None:
        code = frame.f_code
        if not code.co_filename.startswith(self._prefixes):
            return None
        path = Path(code.co_filename).relative_to(ROOT).as_posix()
        return f"{path}:{code.co_qualname.split('.<locals>')[0]}"


class CallMap:
    """What each test calls and how many seconds of processor time it takes."""

    def __init__(self, epoch: str) -> None:
        """`epoch` changes with the test helpers and the names of the functions: then all is measured."""
        self.epoch = epoch
        self.calls: dict[str, list[str]] = {}
        self.seconds: dict[str, float] = {}
        self.properties: set[str] = set()  # the hypothesis tests
        self.files: dict[str, str] = {}  # the digest of each test file that was measured

    @classmethod
    def load(cls, epoch: str) -> "CallMap":
        found = cls(epoch)
        path = CACHE / "map.json"
        if path.exists():
            saved = json.loads(path.read_text("utf-8"))
            if saved["epoch"] == epoch:
                found.calls, found.seconds, found.files = saved["calls"], saved["seconds"], saved["files"]
                found.properties = set(saved["properties"])
        return found

    def save(self) -> None:
        CACHE.mkdir(parents=True, exist_ok=True)
        saved = {"epoch": self.epoch, "calls": self.calls, "seconds": self.seconds, "files": self.files}
        saved["properties"] = sorted(self.properties)
        (CACHE / "map.json").write_text(json.dumps(saved), "utf-8")

    def forget(self, file: str) -> None:
        for test in [test for test in self.seconds if test.startswith(file + "::")]:
            del self.seconds[test]
            self.calls.pop(test, None)

    def callers(self) -> dict[str, list[str]]:
        """The tests that call each function, fastest first."""
        found: dict[str, list[str]] = {}
        for test in sorted(self.calls, key=lambda test: self.seconds[test]):
            for function in self.calls[test]:
                found.setdefault(function, []).append(test)
        return found
