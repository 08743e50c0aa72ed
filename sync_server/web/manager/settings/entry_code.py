"""The code of a new entry, made from the words that people know it by."""

import re
import unicodedata
from collections.abc import Collection

MAX_CODE = 40
_OTHER = re.compile(r"[^a-z0-9]+")


def code_from(words: str, taken: Collection[str], otherwise: str) -> str:
    """`Something doesn’t work` as `something_doesnt_work`, and with `_2` and so on where that is taken.

    `otherwise` is for words without a letter from a to z.
    """
    letters = unicodedata.normalize("NFKD", words.casefold()).encode("ascii", "ignore").decode()
    code = _OTHER.sub("_", letters).strip("_")[:MAX_CODE].rstrip("_") or otherwise
    found, number = code, 1
    while found in taken:
        number += 1
        end = f"_{number}"
        found = code[: MAX_CODE - len(end)] + end
    return found
