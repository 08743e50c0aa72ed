"""Reads dates from a page's address, and refuses what is none."""

from datetime import date

from starlette.exceptions import HTTPException

from sync_server.days import parse_day

MAX_ECHOED = 40  # characters of a wrong date that the error page repeats


class InvalidAddress(HTTPException):
    """A wrong value in a page's address. `text_key` names the sentence that says so; it repeats the value."""

    def __init__(self, text_key: str, value: str) -> None:
        super().__init__(400, value[:MAX_ECHOED])
        self.text_key = text_key


def parse_date(text: str) -> date:
    """A date in ISO form. Raises 400, with the text as its detail, for anything else."""
    try:
        return parse_day(text)
    except ValueError:
        raise HTTPException(400, text[:MAX_ECHOED]) from None
