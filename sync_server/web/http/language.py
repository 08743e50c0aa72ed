"""Chooses the language of a page: the one asked for in the address, or the browser's."""

from collections.abc import Sequence

from babel.core import negotiate_locale
from starlette.requests import Request


def requested_language(request: Request, languages: Sequence[str]) -> str | None:
    """The language of `?lang=`, if it is one of the store's `languages`."""
    language = request.query_params.get("lang")
    return language if language in languages else None


def browser_language(request: Request, languages: Sequence[str]) -> str:
    """The one of the store's `languages` that the browser prefers; the first if it prefers none."""
    preferences = []
    for preference in request.headers.get("accept-language", "").split(","):
        tag, _, quality = preference.strip().partition(";q=")
        try:
            preferences.append((float(quality or 1), tag))
        except ValueError:  # a header that breaks the rules: its other languages still count
            continue
    preferred = [tag for _, tag in sorted(preferences, key=lambda preference: -preference[0])]
    return negotiate_locale(preferred, languages, sep="-") or languages[0]
