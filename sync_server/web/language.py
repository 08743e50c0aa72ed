"""Which language a page speaks: the one asked for, else the one known, else the browser's."""

from collections.abc import Sequence

from babel.core import negotiate_locale
from starlette.requests import Request


def asked(request: Request, spoken: Sequence[str]) -> str | None:
    """The language of `?lang=`, if the store speaks it."""
    language = request.query_params.get("lang")
    return language if language in spoken else None


def of_browser(request: Request, spoken: Sequence[str]) -> str:
    """The language the browser prefers of those the store speaks; else the store's first."""
    wishes = []
    for wish in request.headers.get("accept-language", "").split(","):
        tag, _, quality = wish.strip().partition(";q=")
        try:
            wishes.append((float(quality or 1), tag))
        except ValueError:
            continue
    preferred = [tag for _, tag in sorted(wishes, key=lambda wish: -wish[0])]
    return negotiate_locale(preferred, spoken, sep="-") or spoken[0]
