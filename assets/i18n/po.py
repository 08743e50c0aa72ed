"""Reads a gettext catalogue (.po), with what a running program needs of it and no more.

Babel reads the same files for the translators' tools. It takes long to import, and a kiosk must show
its first screen soon. A contract test compares the two readers on every catalogue.
"""

import gettext
import re
from collections.abc import Callable
from typing import NamedTuple

Text = str | tuple[str, ...]  # a text, or its plural forms in the order of the catalogue's rule

_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_RULE = re.compile(r"\bplural\s*=\s*([^;\n]+)")
_ENGLISH_RULE = "n != 1"


class TextCatalogue(NamedTuple):
    """The texts of one language by their keys. `plural_form` gives the index of the form for a number."""

    texts: dict[str, Text]
    plural_form: Callable[[int], int]


def parse_po(source: str) -> TextCatalogue:
    """The texts of a catalogue. A text's key is its context, or its msgid where it has no context.

    Fuzzy and untranslated entries are left out, as gettext does. Nothing raises: a line that is no
    part of an entry is passed over. `make texts` finds such lines.
    """
    texts: dict[str, Text] = {}
    header = ""
    entry: dict[str, str] = {}  # the fields read so far, such as msgctxt, msgid, msgstr[0]
    field = ""
    fuzzy = False
    for line in [*source.split("\n"), ""]:
        if line.startswith('"'):  # a field's text goes on
            if field:
                entry[field] += _unquote(line)
            continue
        complete = "msgstr" in entry or "msgstr[0]" in entry
        if complete and not line.startswith(("msgstr", "msgid_plural")):
            key = entry.get("msgctxt") or entry.get("msgid", "")
            text = _translation(entry)
            if not key:
                header = entry.get("msgstr", "")
            elif text and not fuzzy:
                texts[key] = text
            entry, field, fuzzy = {}, "", False
        if line.startswith("#,"):
            fuzzy = "fuzzy" in line
        elif line.startswith("msg"):
            field, _, quoted = line.partition(" ")
            entry[field] = _unquote(quoted)
    rule = _RULE.search(header)
    return TextCatalogue(texts, gettext.c2py(rule[1].strip() if rule else _ENGLISH_RULE))


def _translation(entry: dict[str, str]) -> Text:
    """The translated text, or all its plural forms; empty where one of them is."""
    if "msgstr" in entry:
        return entry["msgstr"]
    forms = tuple(text for field, text in entry.items() if field.startswith("msgstr["))
    return forms if all(forms) else ""


def _unquote(quoted: str) -> str:
    text = quoted.strip()[1:-1]
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text) if "\\" in text else text
