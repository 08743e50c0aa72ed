"""Reads at the start what the first page would otherwise wait for: templates, texts, formats and icons.

The loop answers nobody while a page reads them: 0.1 s for a template, 15 ms for the first shopper's page.
"""

import importlib
from datetime import UTC, datetime

from assets.i18n.formats import Formats
from assets.i18n.translations import catalogue, known_languages
from assets.ui.icons import icon_names

from .templates import environment


def warm_up() -> None:
    """For a thread of a server that has just started."""
    importlib.import_module("anyio._backends._asyncio")  # the first static file imports it
    icon_names()
    for language in known_languages():
        catalogue(language)
        Formats(language).time(datetime.now(UTC))
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)
