"""Where in the settings a fault is, so that a page can show it beside its field."""

import re

from msgspec import Struct

# `needs "repair", text.nl: …`, `needs[3] ("repair"), icon: …`, `store.hours.mon: …`
_ENTRY = re.compile(r'(\w+)(?: "([^"]*)"|\[(\d+)\](?: \("([^"]*)"\))?)(?:, ([\w.-]+))?: (.*)', re.DOTALL)
_KEY = re.compile(r"([\w.-]+(?:\[\d+\])?)(?: and [\w.-]+)?: (.*)", re.DOTALL)
_WITH_KEY = re.compile(r"(?:the|unknown) key `([^`]+)`")


class ProblemPlace(Struct, frozen=True):
    """A fault of the settings: the path of its key (`needs.repair.text.nl`), and what is wrong with it.

    `path` is that of the table where no key is meant, and empty where the whole file is.
    """

    path: str
    reason: str


def at_key(problem: str) -> ProblemPlace:
    """A line about a fault, taken apart."""
    if entry := _ENTRY.fullmatch(problem):
        table, code, number, name, key, reason = entry.groups()
        path = f"{table}.{code or name}" if code or name else f"{table}[{number}]"
        path += f".{key}" if key else ""
    elif plain := _KEY.fullmatch(problem):
        path, reason = plain.groups()
    else:
        path, reason = "", problem
    if missing := _WITH_KEY.match(reason):
        path = f"{path}.{missing[1]}" if path else missing[1]
    return ProblemPlace(path, reason)
