"""`make screenshots`: takes every screen and web page in three languages, and writes an index.

Each window size needs a process of its own, because a window keeps the size that it was created with.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

from sync_server.simulation.demo.processes import display

OUT = Path("build/screenshots")
SIZES = {
    "kiosk": ("1080x1920", "1920x1080", "800x480"),
    "staff": ("1280x800", "800x480"),
    "pairing": ("1080x1920", "1280x800", "800x480"),
}
NAME = re.compile(r"(?P<screen>.+)-(?P<language>[a-z]{2})-(?P<width>\d+)x(?P<height>\d+)\.png")


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with display("2000x2000"):
        for app, sizes in SIZES.items():
            for size in sizes:
                command = [sys.executable, "-m", "tests.gallery", app, "--out", str(OUT), "--size", size]
                subprocess.run(command, check=True)
    subprocess.run([sys.executable, "-m", "tests.gallery.web_gallery", "--out", str(OUT)], check=True)
    index = []
    for path in sorted(OUT.glob("*/*.png")):
        found = NAME.fullmatch(path.name)
        if found:
            index.append(
                {
                    "app": path.parent.name,
                    "screen": found["screen"],
                    "language": found["language"],
                    "width": int(found["width"]),
                    "height": int(found["height"]),
                    "file": path.relative_to(OUT).as_posix(),
                }
            )
    (OUT / "index.json").write_text(json.dumps(index, indent=1) + "\n", "utf-8")
    print(f"{len(index)} pictures in {OUT}, listed in {OUT / 'index.json'}")


if __name__ == "__main__":
    main()
