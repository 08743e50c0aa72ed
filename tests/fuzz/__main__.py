"""`make fuzz`: atheris throws bytes at every decoder for a while.

Ends by itself with one line of JSON: how many inputs, and how many of them broke something. An input
that did is kept in build/ and shown; give it to `tests.fuzz.target.everything` in a test.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import target

OUT = Path("build")
CHILD = "--child"
LONGEST = 4096


def fuzz() -> None:
    """In a process of its own: libFuzzer ends it."""
    import atheris

    with atheris.instrument_imports(include=["sync_server.protocol", "sync_server.domain"]):
        from tests.fuzz import target as instrumented
    atheris.Setup([sys.argv[0], *sys.argv[2:]], instrumented.everything)
    atheris.Fuzz()


def words(path: Path) -> Path:
    """What messages are made of, for libFuzzer to put together."""
    found = {word for example in target.examples() for word in re.findall(rb'"\w+"', example)}
    path.write_text("".join(f'"{word.decode()[1:-1]}"\n' for word in sorted(found)), "ascii")
    return path


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    seconds = parser.parse_args().seconds
    OUT.mkdir(exist_ok=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="welkom-fuzz-") as work:
        corpus = Path(work, "corpus")
        corpus.mkdir()
        for number, example in enumerate(target.examples()):
            (corpus / str(number)).write_bytes(example)
        options = [
            f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=10", "-rss_limit_mb=2048",
            f"-dict={words(Path(work, 'words'))}", f"-artifact_prefix={OUT}/fuzz-",
        ]  # fmt: skip
        child = subprocess.run(
            [sys.executable, "-m", "tests.fuzz", CHILD, *options, str(corpus)],
            capture_output=True, text=True, check=False, errors="replace",
        )  # fmt: skip
    said = child.stdout + child.stderr
    counts = re.findall(r"^Done (\d+) runs|^#(\d+)\s", said, re.MULTILINE)
    inputs = max((int(done or so_far) for done, so_far in counts), default=0)
    broken = 0 if child.returncode == 0 and inputs else 1
    if broken:
        print(said[-4000:], file=sys.stderr)
    print(json.dumps({"inputs": inputs, "broken": broken, "seconds": round(time.monotonic() - began, 1)}))
    return broken


if __name__ == "__main__":
    sys.exit(fuzz() if CHILD in sys.argv else main())
