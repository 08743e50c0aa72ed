"""All catalogues of the product together: writes them anew, and finds what is wrong with them."""

from pathlib import Path

from assets.i18n.translations import ENGLISH, catalogue_path, known_languages

from .catalogues import (
    TEMPLATE,
    forms,
    key_of,
    make_template,
    new_catalogue,
    po_text,
    problems,
    read_catalogue,
    read_english,
    update,
)
from .used_keys import ROOT, used_keys


def write_all(new: str | None = None) -> None:
    """Writes the template and every translation anew."""
    english = read_english()
    files, _ = used_keys([key_of(message) for message in english if message.id])
    template = make_template(english, files)
    TEMPLATE.write_text(po_text(template), "utf-8")
    for language in known_languages()[1:]:
        path = catalogue_path(language)
        catalogue = read_catalogue(path, language)
        update(catalogue, template)
        path.write_text(po_text(catalogue, path), "utf-8")
    if new:
        path = catalogue_path(new)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(po_text(new_catalogue(new, template)), "utf-8")


def all_problems() -> list[str]:
    """What is missing, fuzzy, unused or out of date, one line each; nothing if all is well."""
    english = read_english()
    files, found = used_keys([key_of(message) for message in english if message.id])
    name = _name(catalogue_path(ENGLISH))
    found += [f"{name}: {key} is not used" for key, used_in in files.items() if not used_in]
    found += [
        f"{name}: {key_of(message)} has no text"
        for message in english
        if message.id and not all(forms(message.string))
    ]
    template = make_template(english, files)
    written = {message.context: message.id for message in read_catalogue(TEMPLATE, None) if message.id}
    if written != {message.context: message.id for message in template if message.id}:
        found.append(f"{_name(TEMPLATE)} is out of date; run `make texts`")
    for language in known_languages()[1:]:
        path = catalogue_path(language)
        found += problems(read_catalogue(path, language), template, _name(path))
    return found


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
