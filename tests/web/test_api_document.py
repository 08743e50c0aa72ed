"""Schemathesis asks the API what its own OpenAPI document says may be asked, and checks the answers by it."""

import subprocess
import sys
from pathlib import Path

import pytest

from sync_server.service.admin import client
from sync_server.service.auth.tokens import Scope
from sync_server.web.api import opening
from sync_server.web.api.v1 import calls
from sync_server.web.api.v1.routes import DOCUMENT, ROUTES

from .running_server import RunningServer

SEED, EXAMPLES = 7, 3
# A need or a day may have the right form and not be in the shop: that is a 400 with a sentence.
LEFT_OUT = "positive_data_acceptance"


@pytest.fixture
def without_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of these tests stands still, and so the limits of a minute would be for all of it."""
    monkeypatch.setattr(opening, "API_VISITS_PER_MINUTE", 10_000)
    monkeypatch.setattr(calls, "API_REQUESTS_PER_MINUTE", 10_000)


def test_answers_are_as_the_document_says(running: RunningServer, tmp_path: Path) -> None:
    token = client.run(running.server.data_dir, "add_token", name="all", scopes=" ".join(Scope))
    running.sign_on("maya")
    ended = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"), "run", running.address + DOCUMENT,
            "--header", f"Authorization: Bearer {token}", "--phases", "coverage,fuzzing",
            "--max-examples", str(EXAMPLES), "--seed", str(SEED), "--exclude-checks", LEFT_OUT, "--no-color",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-1000:]
    assert f"Tested: {len(ROUTES)}" in ended.stdout
