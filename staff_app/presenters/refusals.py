"""The texts about refused ops."""

from assets.i18n.texts import Texts
from staff_app.snapshot import TabletSnapshot
from sync_server.domain import ops
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.visit.visit import IN_HAND, State
from sync_server.protocol.messages import Submit
from sync_server.protocol.rows import VisitRow

from . import names

STATES = frozenset(State)


def refused_op_text(snapshot: TabletSnapshot, texts: Texts, submit: Submit, refusal: Refusal) -> str:
    """What was not done, why, and what to do."""
    op = submit.op
    visit = snapshot.view.visits.get(getattr(op, "visit_id", ""))
    if isinstance(op, ops.QuickResolution | ops.OpenVisit):
        ticket = op.ticket
    else:
        ticket = visit.ticket if visit else ""
    if isinstance(op, ops.AnswerHelp) and refusal.code is Code.ALREADY_TAKEN:
        return texts.say("staff.help.taken", name=names.employee_name(snapshot, refusal.about))
    if isinstance(op, ops.AnswerHelp) and refusal.code in (Code.WRONG_STATE, Code.UNKNOWN_VISIT):
        return texts.say("staff.help.over")
    if refusal.code is Code.ALREADY_TAKEN and ticket:
        name = names.employee_name(snapshot, refusal.about)
        return texts.say("staff.op.taken", name=name, ticket=ticket)
    what = names.dotted(texts.say(f"staff.op.{op_tag(submit)}"), ticket)
    if isinstance(op, ops.Undo) and refusal.code in (Code.STALE_REV, Code.WRONG_STATE, Code.UNKNOWN_VISIT):
        why = texts.say("refusal.undo")
    elif visit is not None and refusal.code in (Code.STALE_REV, Code.WRONG_STATE):
        why = visit_now_text(snapshot, texts, visit, refusal)
    else:
        why = refusal_text(snapshot, texts, refusal, ticket)
    return texts.say("staff.op.refused", what=what, why=why)


def refusal_text(snapshot: TabletSnapshot, texts: Texts, refusal: Refusal, ticket: str = "") -> str:
    """Why an op was refused. Codes and ids are replaced by names."""
    about = refusal.about
    if refusal.code is Code.OVER_GOODWILL_LIMIT:
        about = names.money(snapshot, texts, int(about) if about.isdigit() else 0)
    elif snapshot.catalogue is not None and snapshot.catalogue.employee(about):
        about = names.employee_name(snapshot, about)
    elif refusal.code is Code.UNKNOWN_VISIT:
        about = ticket
    return texts.say(f"refusal.{refusal.code.value}", about=about)


def visit_now_text(snapshot: TabletSnapshot, texts: Texts, visit: VisitRow, refusal: Refusal) -> str:
    """What happened to the visit that an employee saw as it was before: who has it now, or how it ended."""
    state = refusal.about if refusal.code is Code.WRONG_STATE and refusal.about in STATES else visit.state
    me = snapshot.me
    if state in IN_HAND and me is not None and visit.employee == me.id:
        return texts.say("refusal.now.yours", ticket=visit.ticket)
    name = names.employee_name(snapshot, visit.employee) or texts.say("staff.somebody")
    return texts.say(f"refusal.now.{state}", ticket=visit.ticket, name=name)


def op_tag(submit: Submit) -> str:
    """The op's name on the wire: `accept`, `set_presence`."""
    return str(submit.op.__struct_config__.tag)
