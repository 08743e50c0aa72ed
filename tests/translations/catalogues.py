"""The catalogues as the translators' tools see them: a template in English, and one .po for each language.

In these, an entry's context is the text's key and its msgid is the English text, so that a changed
English text makes its translations fuzzy.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import denormalize, read_po, write_po

from assets import paths
from assets.i18n.translations import ENGLISH, catalogue_path

Forms = str | list[str] | tuple[str, ...] | None  # a text or its plural forms, as Babel has them
TEMPLATE = paths.LOCALE / "welkom.pot"
TEMPLATE_COMMENT = (
    "# The texts to translate. `make texts` writes this file from en.po; changes made here are lost."
)
HEADER = """\
Project-Id-Version: welkom
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit
"""


def read_catalogue(path: Path, language: str | None) -> Catalog:
    """A catalogue from its file. Raises PoFileError, with the line, for a file that is damaged."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    for message in catalogue:
        _restore_previous(message)
    return catalogue


def read_english() -> Catalog:
    """The source of all English texts, where a text's msgid is its key."""
    return read_catalogue(catalogue_path(ENGLISH), ENGLISH)


def make_template(english: Catalog, files: dict[str, list[str]]) -> Catalog:
    """What is there to translate, in the order of the English catalogue. `files` use each key."""
    template = Catalog(header_comment=TEMPLATE_COMMENT)
    for message in english:
        if message.id:
            key = key_of(message)
            template.add(
                message.string or "",
                locations=[(file, 1) for file in files.get(key, [])],
                auto_comments=message.auto_comments,
                context=key,
            )
    return template


def update(catalogue: Catalog, template: Catalog) -> None:
    """Brings a language up to date with the template.

    A translation stays with its key: if the English text of the key has changed, the translation becomes
    fuzzy. A new key gets the translation of the English text most like it, fuzzy as well.
    """
    wanted = {message.context: message for message in template if message.id}
    changed: dict[str | None, Message] = {}
    for old in [message for message in catalogue if message.id]:
        new = wanted.get(old.context)
        if new is not None and new.id != old.id and any(forms(old.string)):
            changed[old.context] = old
            catalogue.delete(old.id, context=old.context)
            catalogue.add(
                new.id,
                _in_shape_of(new.id, old.string, catalogue.num_plurals),
                flags={*old.flags, "fuzzy"},
                user_comments=old.user_comments,
                context=old.context,
            )
    previous = {message.context: message.previous_id for message in catalogue}
    catalogue.update(template, update_creation_date=False)
    for message in catalogue:
        if message.fuzzy and message.context in changed:
            message.previous_id = list(forms(changed[message.context].id))
        elif message.fuzzy and not message.previous_id:
            message.previous_id = previous.get(message.context, [])


def new_catalogue(language: str, template: Catalog) -> Catalog:
    """A catalogue for a new language, with everything still to translate."""
    catalogue = Catalog(locale=language)
    catalogue.update(template)
    return catalogue


def po_text(catalogue: Catalog, path: Path | None = None) -> str:
    """The catalogue as a .po file. The header is the one in the file at `path`, or a new one.

    Nothing in it depends on the time or on Babel's version, so that the same texts give the same file.
    """
    kept = path.read_text("utf-8").partition("\n\n")[0] + "\n\n" if path and path.is_file() else ""
    body = BytesIO()
    write_po(
        body,
        catalogue,
        width=0,
        omit_header=True,
        ignore_obsolete=True,
        include_previous=True,
        include_lineno=False,
    )
    return (kept or _header(catalogue)) + body.getvalue().decode("utf-8").rstrip("\n") + "\n"


def problems(catalogue: Catalog, template: Catalog, name: str) -> Iterator[str]:
    """What is missing or out of date in a translation, one line each."""
    wanted = {message.context: message for message in template if message.id}
    found = {message.context: message for message in catalogue if message.id}
    for key in wanted.keys() - found.keys():
        yield f"{name}: {key} is missing; run `make texts`, then translate it"
    for key in found.keys() - wanted.keys():
        yield f"{name}: {key} is not used any more; run `make texts`"
    for key in (key for key in found if key in wanted):
        message, english = found[key], wanted[key]
        if message.id != english.id:
            yield f"{name}: the English text of {key} has changed; run `make texts`"
        elif message.fuzzy:
            yield f"{name}: {key} is fuzzy; check it and take the mark away"
        elif not all(forms(message.string)):
            yield f"{name}: {key} is not translated"
        elif _placeholders(message.string) != _placeholders(english.id):
            yield f"{name}: {key} must fill in {sorted(_placeholders(english.id))}, as the English text does"
    expected = Catalog(locale=catalogue.locale)
    if (catalogue.num_plurals, catalogue.plural_expr) != (expected.num_plurals, expected.plural_expr):
        yield f"{name}: the header must have Plural-Forms: {expected.plural_forms}"


def key_of(message: Message) -> str:
    """The key of an entry of the English catalogue."""
    return message.id if isinstance(message.id, str) else message.id[0]


def forms(text: Forms) -> tuple[str, ...]:
    """A text as a tuple, with plural forms or without."""
    return (text,) if isinstance(text, str) else tuple(text or ())


def _header(catalogue: Catalog) -> str:
    language = catalogue.locale_identifier
    fields = HEADER
    if language:
        fields += f"Language: {language}\nPlural-Forms: {catalogue.plural_forms}\n"
    lines = "".join(f'"{field}\\n"\n' for field in fields.splitlines())
    comment = f"# {catalogue.locale.english_name}." if language else TEMPLATE_COMMENT
    return f'{comment}\nmsgid ""\nmsgstr ""\n{lines}\n'


def _in_shape_of(english: Forms, text: Forms, plurals: int) -> str | tuple[str, ...]:
    """A translation whose English text became one with plural forms, or one without."""
    if isinstance(english, str):
        return forms(text)[-1]
    return forms(text) if not isinstance(text, str) else (text,) + ("",) * (plurals - 1)


def _placeholders(text: Forms) -> set[str]:
    """What all forms of a text fill in together: one of them may leave the number out ("a minute")."""
    return {name for form in forms(text) for _, name, _, _ in Formatter().parse(form) if name is not None}


def _restore_previous(message: Message) -> None:
    """Reads the former English text of a fuzzy entry, which Babel writes but takes for a comment."""
    marks = ("| msgid ", "| msgid_plural ")
    lines = [comment for comment in message.user_comments if comment.startswith(marks)]
    message.user_comments = [comment for comment in message.user_comments if not comment.startswith("|")]
    message.previous_id = [denormalize(line.partition('"')[1] + line.partition('"')[2]) for line in lines]
