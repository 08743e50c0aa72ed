"""Visits in the API: open one, read it, cancel it."""

from http import HTTPStatus
from secrets import token_hex

from sync_server.domain import ops
from sync_server.domain.refusal import Code
from sync_server.domain.visit.visit import Visit
from sync_server.service.processing.processor import Unavailable
from sync_server.service.visit_states import VisitState, visit_state
from sync_server.web.api.opening import PROGRAM, NotOpened, WantedVisit, open_for_program, page_link
from sync_server.web.http.server_tickets import derived_id

from .calls import ApiCall
from .models import OpenedVisit, VisitRequest
from .problems import ApiProblem, ProblemCode
from .visit_reading import read_visit_of

_PROBLEM = {
    HTTPStatus.BAD_REQUEST: ProblemCode.INVALID_BODY,
    HTTPStatus.CONFLICT: ProblemCode.KEY_REUSED,
    HTTPStatus.UNPROCESSABLE_ENTITY: ProblemCode.KEY_REUSED,
    HTTPStatus.TOO_MANY_REQUESTS: ProblemCode.TOO_MANY,
    HTTPStatus.SERVICE_UNAVAILABLE: ProblemCode.UNAVAILABLE,
}


async def open_visit(call: ApiCall) -> OpenedVisit:
    """Puts a shopper in line."""
    body: VisitRequest = call.body
    wanted = WantedVisit(body.need, body.language, body.alias, body.colour, body.place, body.party_size)
    try:
        op = await open_for_program(call.request, call.token.name, call.idempotency_key(), wanted)
    except NotOpened as error:
        code = (
            ProblemCode.NEED_CLOSED if error.code is Code.NEED_CLOSED else _PROBLEM[HTTPStatus(error.status)]
        )
        text = str(error)
        field = text.partition(":")[0]
        parameter = field if field in VisitRequest.__struct_fields__ else None
        raise ApiProblem(code, text, parameter, error.retry_after_s) from error
    return OpenedVisit(op.visit_id, op.ticket, page_link(call.server, op))


async def get_visit(call: ApiCall) -> VisitState:
    """One visit, whether it is open or has ended."""
    return visit_state(await _find(call), call.may_read_words())


async def cancel_visit(call: ApiCall) -> VisitState:
    """The shopper does not come or wait any more. A visit that was cancelled before stays so."""
    visit = await _find(call)
    if visit.state != "cancelled":
        op = ops.Cancel(visit.visit_id)
        try:
            refusal = await call.server.processor.submit(derived_id(token_hex(16)), op, PROGRAM)
        except Unavailable as error:
            raise ApiProblem(
                ProblemCode.UNAVAILABLE, f"nothing was done: {error}", retry_after_s=5
            ) from error
        if refusal is not None:
            raise _not_cancelled(visit, refusal.code)
    return visit_state(await _find(call), call.may_read_words())


def _not_cancelled(visit: Visit, code: Code) -> ApiProblem:
    if code is Code.NOT_YOUR_VISIT:
        return ApiProblem(
            ProblemCode.NOT_POSSIBLE,
            f"{visit.ticket} was not opened by a program; its shopper or a colleague can end it",
        )
    return ApiProblem(
        ProblemCode.NOT_POSSIBLE, f"{visit.ticket} is {visit.state} and cannot be cancelled any more"
    )


async def _find(call: ApiCall) -> Visit:
    visit = await read_visit_of(call.server, call.path["visit_id"])
    if visit is None:
        raise ApiProblem(ProblemCode.NOT_FOUND, "there is no visit with this id")
    return visit
