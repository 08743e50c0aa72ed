"""The op that a tap submits; None if the tap means nothing any more.

Each op carries the rev of the row that the person saw. The rows of a snapshot contain the unanswered
ops, so several taps made without a connection all carry the right revs.
"""

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import IN_LINE, State
from sync_server.protocol.rows import VisitRow

from .snapshot import TabletSnapshot

MAX_NOTE_LENGTH = 500


# --- presence ------------------------------------------------------------------------------------


def set_presence(snapshot: TabletSnapshot, presence: Presence) -> ops.SetPresence | None:
    """Becomes available, or takes a break."""
    changes = snapshot.me and snapshot.me.presence != presence
    return ops.SetPresence(presence) if changes else None


def sign_off(snapshot: TabletSnapshot) -> ops.SetPresence | None:
    """Leaves the floor; None while the employee still has a visit."""
    free = snapshot.me and not snapshot.on_hold and not snapshot.in_hand
    return ops.SetPresence(Presence.OFF_FLOOR) if free else None


# --- taking a visit ------------------------------------------------------------------------------


def accept(snapshot: TabletSnapshot) -> ops.Accept | None:
    return ops.Accept(snapshot.offer.visit_id, snapshot.offer.rev) if snapshot.offer else None


def decline(snapshot: TabletSnapshot) -> ops.Decline | None:
    return ops.Decline(snapshot.offer.visit_id, snapshot.offer.rev) if snapshot.offer else None


def claim(snapshot: TabletSnapshot, visit_id: str) -> ops.Claim | None:
    """Takes a visit out of turn."""
    visit = snapshot.view.visits.get(visit_id)
    if snapshot.me is None or snapshot.in_hand or visit is None or visit.state not in IN_LINE:
        return None
    return ops.Claim(visit_id, visit.rev)


def resume(snapshot: TabletSnapshot, visit_id: str) -> ops.Resume | None:
    visit = next((v for v in snapshot.on_hold if v.visit_id == visit_id), None)
    return ops.Resume(visit_id, visit.rev) if visit and not snapshot.in_hand else None


def quick_resolution(
    snapshot: TabletSnapshot,
    need: str | None,
    resolution: Resolution,
    visit_id: str,
    ticket: str,
    language: str,
    minutes: int | None = None,
) -> ops.QuickResolution | None:
    """Opens and completes a visit in one step, with a new id and a ticket of this tablet.

    `minutes` is how long it took, None if the employee does not say.
    """
    if snapshot.me is None or snapshot.in_hand or need is None or snapshot.need(need) is None:
        return None
    service_s = None if minutes is None else minutes * 60
    return ops.QuickResolution(visit_id, ticket, need, language, resolution, service_s=service_s)


# --- walking to a shopper ------------------------------------------------------------------------


def start(snapshot: TabletSnapshot) -> ops.Start | None:
    visit = _in_hand(snapshot, State.ACCEPTED)
    return ops.Start(visit.visit_id, visit.rev) if visit else None


def recall(snapshot: TabletSnapshot) -> ops.Recall | None:
    visit = _in_hand(snapshot, State.ACCEPTED)
    return ops.Recall(visit.visit_id, visit.rev) if visit else None


def mark_no_show(snapshot: TabletSnapshot) -> ops.MarkNoShow | None:
    """The shopper did not come, although their ticket was called again."""
    visit = _in_hand(snapshot, State.ACCEPTED)
    return ops.MarkNoShow(visit.visit_id, visit.rev) if visit and visit.recalled_at else None


def give_back(snapshot: TabletSnapshot) -> ops.HandOver | None:
    """Puts the visit back in line unchanged, to be offered to a colleague."""
    visit = _in_hand(snapshot, State.ACCEPTED)
    return ops.HandOver(visit.visit_id, visit.rev) if visit else None


def remove(snapshot: TabletSnapshot) -> ops.Remove | None:
    """Removes a visit that was opened by mistake."""
    visit = _in_hand(snapshot, State.ACCEPTED)
    return ops.Remove(visit.visit_id, visit.rev) if visit else None


# --- with a shopper ------------------------------------------------------------------------------


def hold(snapshot: TabletSnapshot) -> ops.Hold | None:
    visit = _in_hand(snapshot, State.SERVING)
    return ops.Hold(visit.visit_id, visit.rev) if visit else None


def ask_for_help(snapshot: TabletSnapshot) -> ops.AskForHelp | None:
    """Asks for help; a second time takes that back."""
    visit, me = _in_hand(snapshot, State.SERVING), snapshot.me
    if visit is None or me is None or not snapshot.view.helps:
        return None
    return ops.AskForHelp(visit.visit_id, visit.rev, wanted=me.help_visit != visit.visit_id)


def answer_help(snapshot: TabletSnapshot) -> ops.AnswerHelp | None:
    """Goes to the colleague who asks for help."""
    asked = snapshot.asks_for_help
    return ops.AnswerHelp(asked[1].visit_id) if asked is not None else None


def add_note(snapshot: TabletSnapshot, note: str) -> ops.AddNote | None:
    visit, note = _in_hand(snapshot, State.SERVING), note.strip()[:MAX_NOTE_LENGTH]
    return ops.AddNote(visit.visit_id, visit.rev, note) if visit and note else None


def hand_over(snapshot: TabletSnapshot, note: str, need: str | None = None) -> ops.HandOver | None:
    """Hands the visit over to somebody who can help with `need`; None for the visit's own need."""
    visit = _in_hand(snapshot, State.SERVING)
    if visit is None:
        return None
    return ops.HandOver(visit.visit_id, visit.rev, note, need if need != visit.need else None)


def complete(
    snapshot: TabletSnapshot,
    resolution: Resolution,
    tip: str | None = None,
    gift: str | None = None,
    goodwill_cents: int = 0,
) -> ops.Complete | None:
    visit = _in_hand(snapshot, State.SERVING)
    if visit is None:
        return None
    return ops.Complete(
        visit.visit_id, visit.rev, resolution, tip=tip, gift=gift, goodwill_cents=goodwill_cents
    )


def _in_hand(snapshot: TabletSnapshot, state: State) -> VisitRow | None:
    visit = snapshot.in_hand
    return visit if visit is not None and visit.state == state else None
