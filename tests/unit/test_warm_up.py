"""What the first page needs is there before somebody asks for it: reading it would hold up the loop."""

import subprocess
import sys
from pathlib import Path

FIRST_PAGE = """
import asyncio, datetime, sys
from sync_server.web.http import templates
from sync_server.web.http.warm_up import warm_up

warm_up()
reads = []
sys.addaudithook(lambda event, about: reads.append(about) if event == "open" else None)
before = set(sys.modules)
from assets.i18n.formats import Formats
from assets.i18n.texts import Texts
from assets.ui.icons import icon

for language in ("en", "nl", "fi"):
    Texts(language).say("phone.leave_title")
    Formats(language).time(datetime.datetime.now(datetime.UTC))
icon("tool")
templates.environment.get_template("shopper/visit.html")
from starlette.staticfiles import StaticFiles

files = StaticFiles(directory="sync_server/web/static")
asyncio.run(files.check_config())
print(reads, sorted(name for name in sys.modules.keys() - before if name.startswith(("anyio", "babel"))))
"""


def test_the_first_page_reads_no_texts_formats_or_templates() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FIRST_PAGE],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    reads, imports = ended.stdout.splitlines()[-1].rsplit(" [", 1)
    assert [name for name in (".po", ".dat", ".html", ".toml") if name in reads] == []
    assert imports == "]"
