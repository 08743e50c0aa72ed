"""Drawing pages: the templates, and what every template may call."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from assets.icon import icon
from assets.words import Words, language_name
from sync_server.domain.catalogue import Catalogue
from sync_server.service.server import Server

from . import shown

TEMPLATES = Path(__file__).parent / "templates"
MARK = "\ue000"  # the first of the private characters: no text holds them

_templates = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals.update(
    icon=lambda name: Markup('<span class="icon" aria-hidden="true">{}</span>').format(icon(name)),
    shown=shown,
    language_name=language_name,
)


@cache
def words_of(language: str) -> Words:
    return Words(language)


def mark(words: Words, kind: str, key: str, names: Mapping[str, str], **plain: Any) -> Markup:
    """Says a text with the values of `names` in strong type; `kind` is their class. Others stay `plain`."""
    stand_ins: dict[str, Any] = {name: chr(ord(MARK) + at) for at, name in enumerate(names)}
    said = words.say(key, **stand_ins, **plain)
    return shown.marked(said, {stand_ins[name]: value for name, value in names.items()}, kind)


def need_name(catalogue: Catalogue, code: str, words: Words) -> str:
    """A need as people know it, under the one it stands under: `Help me choose · A laptop`."""
    needs = {need.code: need for need in catalogue.needs}
    need = needs.get(code)
    if need is None:  # no longer in the catalogue, but visits of the past were for it
        return code
    above = needs.get(need.under) if need.under else None
    return " · ".join(words.text(part.text) for part in (above, need) if part)


def draw(server: Server, template: str, language: str, **values: Any) -> str:
    """The HTML of a template; `words`, `say`, `text` and `need_name` speak the language."""
    words = words_of(language)
    catalogue = server.shop.catalogue
    return _templates.get_template(template).render(
        store=catalogue.store,
        words=words,
        say=words.say,
        text=words.text,
        need_name=lambda code: need_name(catalogue, code, words),
        language=language,
        **values,
    )


def page(request: Request, template: str, language: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A whole page of this store."""
    return HTMLResponse(draw(request.app.state.server, template, language, **values), status)
