"""The demo, as `make demo` runs it for a fixed time: all its programs, and the figures at its end."""

import json
import subprocess
from pathlib import Path

from tests.integration.process import WELKOM


def test_a_timed_demo_ends_with_its_figures_and_pictures(tmp_path: Path) -> None:
    data, pictures = tmp_path / "store", tmp_path / "pictures"
    command = [*WELKOM, "demo", "--seconds", "45", "--data", str(data), "--pictures", str(pictures)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    assert "30 times as fast as life" in done.stdout
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["lost"] == 0
    assert figures["visits"] >= 1
    assert figures["past_visits"] > 4000
    assert 0.7 <= figures["quote_coverage"] <= 0.95
    assert {path.stem for path in pictures.glob("*.png")} >= {"kiosk", "maya", "sam"}
