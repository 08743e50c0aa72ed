"""Forms with a token, so that another site's form does nothing (CSRF)."""

import hmac
import secrets

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from sync_server.web.http.security import is_cross_site

MAX_NAME_LENGTH = 200  # characters that are looked at; the rest is cut off


class StaleForm(HTTPException):
    """A form from before the session of now, or of another site."""

    def __init__(self) -> None:
        super().__init__(403)


def form_token(request: Request) -> str:
    """The session's token, which every form carries in its field `token`. Another site cannot know it."""
    if "token" not in request.session:
        request.session["token"] = secrets.token_urlsafe(16)
    return str(request.session["token"])


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form. Raises 403: StaleForm for a form that was not made for this session."""
    form = await _checked_form(request)
    return {field: str(value) for field, value in form.items()}


async def read_form_data(request: Request) -> FormData:
    """The fields of a form, each with all its values. Raises 403 like `read_form`."""
    return await _checked_form(request)


async def read_file(request: Request, field: str) -> tuple[str, bytes, dict[str, str]]:
    """The name and the content of a file in a form, both empty without one, and the form's other fields.

    Raises 403 like `read_form`.
    """
    form = await _checked_form(request)
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    file = form.get(field)
    if not isinstance(file, UploadFile):
        return "", b"", fields
    return file.filename or "", await file.read(), fields


async def _checked_form(request: Request) -> FormData:
    form = await request.form(max_files=1)
    expected = str(request.session.get("token", ""))
    given = str(form.get("token"))
    if is_cross_site(request):
        raise HTTPException(403)
    if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
        raise StaleForm
    return form
