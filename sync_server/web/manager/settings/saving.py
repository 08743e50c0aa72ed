"""Saves what a form of settings says: one change of the file, or a sentence about why there was none.

Where two managers changed the same, it says who saved the other value, and when.
"""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace
from starlette.requests import Request

from sync_server.service.config.load import SettingsError
from sync_server.service.settings.live_settings import Saved
from sync_server.service.settings.settings_document import LaidOutOtherwise, SettingsDocument, UnknownPath
from sync_server.service.settings.settings_file import NotSaved, SettingsChanged
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import texts_of
from sync_server.web.manager.layout import manager_language

from .filled_form import FilledForm, FormPlace

SETTINGS = "/manager/settings"


class SaveResult(Struct, frozen=True):
    """What became of a change. `error` are the problems of what was to be saved; `key` is a text's that says
    why it could not be saved, empty if it could.
    """

    saved: Saved | None = None
    error: SettingsError | None = None
    key: str = ""

    def sentences(self, request: Request) -> list[str]:
        """What is wrong and where, each fault in a line."""
        texts = texts_of(manager_language(request))
        return [fault.line(texts) for fault in self.error.faults] if self.error else []


async def save(request: Request, edit: Callable[[SettingsDocument], None], base: str) -> SaveResult:
    """Edits the settings as the manager who is signed in; `base` is the version that `edit` was made for."""
    try:
        saved = await server_of(request).live_settings.change(edit, base, request.state.account.name)
    except SettingsError as error:
        return SaveResult(error=error)
    except SettingsChanged:
        return SaveResult(key="manager.settings.changed")
    except UnknownPath:
        return SaveResult(key="manager.settings.gone")
    except LaidOutOtherwise:
        return SaveResult(key="manager.settings.laid_out")
    except NotSaved:
        return SaveResult(key="manager.settings.not_saved")
    return SaveResult(saved=saved)


async def meanwhile(request: Request, path: str, value: str) -> str:
    """Who has saved the value that a path has now, and when."""
    server, texts = server_of(request), texts_of(manager_language(request))
    saved = await server.live_settings.last_change(path) if path else None
    if saved is None:
        return texts.say("manager.settings.meanwhile", value=value)
    when = texts.moment(server.processor.catalogue.local(saved.at))
    if not saved.by:
        return texts.say("manager.settings.meanwhile_by_hand", when=when, value=value)
    return texts.say("manager.settings.meanwhile_by", who=saved.by, when=when, value=value)


async def with_savers(request: Request, place: FormPlace, filled: FilledForm) -> FilledForm:
    """The form; what others saved meanwhile is a sentence that says who did, and when."""
    is_new = bool(place.table) and not place.name  # its values are nobody's yet
    fields = [
        replace(
            shown,
            meanwhile=await meanwhile(request, "" if is_new else place.path(shown.field), shown.meanwhile),
        )
        if shown.meanwhile
        else shown
        for shown in filled.fields
    ]
    return replace(filled, fields=tuple(fields))
