"""The verdicts on mutants, saved in build/mutants so that an interrupted run goes on where it was."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from .call_map import CACHE, ROOT, digest
from .mutations import Mutant


class Verdict(NamedTuple):
    """`by` is the test that noticed the mutant, "" where none did, or in brackets what else made it fail."""

    by: str
    tests: str  # the digest of the file of that test; of all tests where none noticed

    @property
    def survived(self) -> bool:
        return self.by == ""


class Results:
    """Verdicts by the mutant's key: valid as long as its function and the tests that count are the same."""

    def __init__(self, all_tests: str, fresh: bool) -> None:
        self._all_tests = all_tests
        self._path = CACHE / "results.json"
        self._digests: dict[str, str] = {}
        self._verdicts: dict[str, Verdict] = {}
        if self._path.exists() and not fresh:
            saved = json.loads(self._path.read_text("utf-8"))
            self._verdicts = {key: Verdict(*verdict) for key, verdict in saved.items()}

    def get(self, mutant: Mutant) -> Verdict | None:
        verdict = self._verdicts.get(mutant.key)
        return verdict if verdict and verdict.tests == self._tests(verdict.by) else None

    def put(self, mutant: Mutant, by: str) -> None:
        self._verdicts[mutant.key] = Verdict(by, self._tests(by))

    def save(self) -> None:
        CACHE.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(self._verdicts), "utf-8")
        new.replace(self._path)

    def _tests(self, by: str) -> str:
        if by.startswith("("):
            return ""
        if not by:
            return self._all_tests
        file = by.split("::")[0]
        if file not in self._digests:
            path = ROOT / file
            self._digests[file] = digest(path) if path.exists() else "gone"
        return self._digests[file]


class Accepted:
    """Mutants that change nothing that a test could notice: tests/mutants/equivalent.txt."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str, str], bool] = {}  # and whether it was met
        path = ROOT / "tests" / "mutants" / "equivalent.txt"
        for line in path.read_text("utf-8").splitlines() if path.exists() else ():
            if line.strip() and not line.startswith("#"):
                file, source, change, _why = (part.strip() for part in line.split(" | "))
                self._entries[file, source, change] = False

    def has(self, mutant: Mutant, source_line: str) -> bool:
        entry = (mutant.path, source_line.strip(), mutant.change)
        if entry not in self._entries:
            return False
        self._entries[entry] = True
        return True

    def unused(self, files: Iterable[str]) -> list[str]:
        """Entries of `files` that match no surviving mutant: the code or a test has changed."""
        files = set(files)
        return [" | ".join(entry) for entry, met in self._entries.items() if not met and entry[0] in files]
