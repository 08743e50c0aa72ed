"""The small store's `store.toml` with other values, and what is said of them."""

import re
from pathlib import Path

import pytest

from sync_server.service.config.load import SettingsError, load_settings
from tests.sample_store import STORE_TOML

LAST_TABLES = STORE_TOML.partition("offer_s = 15\n")[2]  # of the small store: after [server] and [times]


def with_line(line: str) -> str:
    """The small store with one more or another line in its table [store]."""
    key = line.partition("=")[0].strip()
    text = re.sub(rf"(?m)^{key} = .*\n", "", STORE_TOML.partition("[server]")[0])
    return text.replace("[store]\n", f"[store]\n{line}\n") + "[server]" + STORE_TOML.partition("[server]")[2]


def refused(path: Path, text: str) -> list[str]:
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as error:
        load_settings(path)
    return [problem.removeprefix(f"{path}: ") for problem in error.value.problems]
