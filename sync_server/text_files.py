"""Reads text files that people edit or copy, as the editors of all systems save them."""

import codecs
from pathlib import Path

from assets.i18n.saying import SayingError

_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class NotText(SayingError):
    """The file holds something else, or text in an unknown encoding. The text says where, and what to do."""


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, or in UTF-16 with its mark, as Windows' Notepad may save it.

    Lines end in \\n. Raises OSError or NotText.
    """
    return decode(path.read_bytes())


def decode(content: bytes) -> str:
    """The text of a file's content, as of `read_text`. Raises NotText."""
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NotText("bad_file.not_utf8", line=line) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise NotText("bad_file.no_text", line=line)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decode_table(content: bytes) -> str:
    """The text of a table: UTF-8, UTF-16 with its mark, or what Excel writes in western Europe.

    What is no text becomes signs that a person sees are wrong.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def encode_like(text: str, before: bytes) -> bytes:
    """The content of a file with this text, in the encoding, with the mark and the line ends of `before`."""
    if before.count(b"\n") and before.count(b"\r") * 2 > before.count(b"\n"):
        text = text.replace("\n", "\r\n")
    mark = next((mark for mark in _MARKS if before.startswith(mark)), b"")
    name = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(mark, "utf-8")
    return mark + text.encode(name)
