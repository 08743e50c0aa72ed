"""Renders HTML from the templates.

Each template has a context: a Struct that names the template and has a field for each value it shows.
A test compares the fields with the variables of the template.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup
from msgspec import Struct, to_builtins
from starlette.requests import Request
from starlette.responses import HTMLResponse

from assets.i18n.texts import Texts, language_name
from assets.ui.icons import icon
from sync_server.domain.catalogue.catalogue import Catalogue, StoreInfo
from sync_server.names import initials
from sync_server.service.server import Server

from . import formatting
from .app_state import server_of

TEMPLATES = Path(__file__).parents[1] / "templates"
FIRST_PLACEHOLDER = 0xE000  # Unicode's private characters begin here: no text contains them

environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,  # else each rendering asks the disk whether a template has changed
)
environment.globals.update(
    icon=lambda name: Markup('<span class="icon" aria-hidden="true">{}</span>').format(icon(name)),
    format=formatting,
    language_name=language_name,
    initials=initials,
    as_json=lambda value: htmlsafe_json_dumps(to_builtins(value)),
)


class Context(Struct, frozen=True):
    """What one template shows. The template reads the fields by their names."""

    template: ClassVar[str]  # its path below `templates/`


class SharedContext(Struct, frozen=True):
    """What every template may use, whichever page it belongs to."""

    store: StoreInfo
    language: str
    texts: Texts
    say: Callable[..., str]  # Texts.say in this language
    text: Callable[..., str]  # Texts.text in this language
    need_name: Callable[[str], str]  # a need's name from its code
    skill_names: Callable[[Iterable[str]], str]  # the names of skills from their codes


class LanguageLinks(Struct, frozen=True):
    """The same page in other languages: `in_language` gives its address from a language's code."""

    in_language: Callable[[str], str]


class MessageContext(Context, frozen=True):
    """A title, a sentence, and a link to go on with, if there is one. `link_text` is the key of its text."""

    title: str
    sentence: str
    link: str | None = None
    link_text: str = "common.again"


@cache
def texts_of(language: str) -> Texts:
    """The texts of a language."""
    return Texts(language)


def say_emphasised(
    texts: Texts, css_class: str, key: str, emphasised: Mapping[str, str], **values: Any
) -> Markup:
    """Says a text as HTML, with the values of `emphasised` in bold type and `values` as plain text."""
    placeholders: dict[str, Any] = {name: chr(FIRST_PLACEHOLDER + at) for at, name in enumerate(emphasised)}
    text = texts.say(key, **placeholders, **values)
    return formatting.emphasise(
        text, {placeholders[name]: value for name, value in emphasised.items()}, css_class
    )


def need_name(catalogue: Catalogue, code: str, texts: Texts) -> str:
    """A need's name after the name of its group, if it has one: `Help me choose · A laptop`.

    The code itself for a need that is no longer in the catalogue; older visits may have it.
    """
    needs = {need.code: need for need in (*catalogue.retired_entries.needs, *catalogue.needs)}
    need = needs.get(code)
    if need is None:
        return code
    group = needs.get(need.under) if need.under else None
    return " · ".join(texts.text(part.text) for part in (group, need) if part)


def skill_names(catalogue: Catalogue, codes: Iterable[str], texts: Texts) -> str:
    """The names of skills, in the order of the store's settings: `Repairs, Laptops`."""
    wanted = set(codes)
    return ", ".join(texts.text(skill.text, skill.code) for skill in catalogue.skills if skill.code in wanted)


def render(server: Server, language: str, context: Context, *more: Struct) -> str:
    """The HTML of the context's template in a language. `more` are contexts of its layout."""
    texts = texts_of(language)
    catalogue = server.processor.catalogue
    shared = SharedContext(
        store=catalogue.store,
        language=language,
        texts=texts,
        say=texts.say,
        text=texts.text,
        need_name=lambda code: need_name(catalogue, code, texts),
        skill_names=lambda codes: skill_names(catalogue, codes, texts),
    )
    values = {
        field: getattr(part, field) for part in (shared, *more, context) for field in part.__struct_fields__
    }
    return environment.get_template(context.template).render(values)


def html_page(request: Request, language: str, status: int, context: Context, *more: Struct) -> HTMLResponse:
    """A whole page of this store."""
    return HTMLResponse(render(server_of(request), language, context, *more), status)
