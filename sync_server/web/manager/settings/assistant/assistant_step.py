"""What the pages of the assistant share: which step comes next, and the frame of a step."""

from typing import ClassVar

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.settings import first_steps
from sync_server.service.settings.first_steps import STEPS
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context
from sync_server.web.manager.layout import framed_page
from sync_server.web.manager.settings.saving import SETTINGS

START = f"{SETTINGS}/start"


class StepFrame(Struct, frozen=True):
    """The frame of a step: `step` of `steps`, and which are `left`."""

    step: str
    steps: tuple[str, ...]
    left: tuple[str, ...]


class ReadyPage(Context, frozen=True):
    """All steps are done."""

    template: ClassVar[str] = "manager/settings/start_ready.html"


def step_page(request: Request, step: str, context: Context, status: int = 200) -> Response:
    """The page of a step."""
    left = first_steps.remaining(server_of(request).data_dir)
    return framed_page(request, "settings", context, status, StepFrame(step, STEPS, left))


def after(request: Request, step: str) -> Response:
    """Marks a step as done and leads to the next one that is left, or to the end."""
    data_dir = server_of(request).data_dir
    first_steps.finish(data_dir, step)
    return RedirectResponse(address_after(request, step), 303)


def address_after(request: Request, step: str) -> str:
    """The page after a step: the next one that is left, else the next one in the order, else the end."""
    left = first_steps.remaining(server_of(request).data_dir)
    later = STEPS[STEPS.index(step) + 1 :]
    following = next((one for one in later if one in left), None) or (
        None if left else next(iter(later), None)
    )
    return f"{START}/{following or next(iter(left), 'ready')}"


async def start_page(request: Request) -> Response:
    """Leads to the first step that is left."""
    left = first_steps.remaining(server_of(request).data_dir)
    return RedirectResponse(f"{START}/{left[0] if left else STEPS[0]}", 303)


async def ready_page(request: Request) -> Response:
    """The end."""
    return step_page(request, "ready", ReadyPage())
