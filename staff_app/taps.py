"""What a tap asks of the floor: an op to submit, or None where it means nothing any more. Pure.

Each op carries the rev of the row the person saw. The rows of a `Seen` hold the ops not answered
yet, so a chain of taps made without a connection still carries the right revs.
"""

from sync_server.domain import ops
from sync_server.domain.events import Presence, Resolution
from sync_server.domain.visit import IN_LINE, State
from sync_server.protocol.rows import VisitRow

from .seen import Seen

LONGEST_NOTE = 500


# --- me ------------------------------------------------------------------------------------------


def be(seen: Seen, presence: Presence) -> ops.SetPresence | None:
    """Available, or on a break."""
    return ops.SetPresence(presence) if seen.me and seen.me.presence != presence else None


def sign_off(seen: Seen) -> ops.SetPresence | None:
    """Leaves the floor; None while a visit is still mine."""
    free = seen.me and not seen.holding and not seen.in_hand
    return ops.SetPresence(Presence.OFF_FLOOR) if free else None


# --- taking a visit ------------------------------------------------------------------------------


def coming(seen: Seen) -> ops.Accept | None:
    return ops.Accept(seen.offer.visit_id, seen.offer.rev) if seen.offer else None


def not_now(seen: Seen) -> ops.Decline | None:
    return ops.Decline(seen.offer.visit_id, seen.offer.rev) if seen.offer else None


def take(seen: Seen, visit_id: str) -> ops.Claim | None:
    """Takes a visit out of turn."""
    visit = seen.view.visits.get(visit_id)
    if seen.me is None or seen.in_hand or visit is None or visit.state not in IN_LINE:
        return None
    return ops.Claim(visit_id, visit.rev)


def resume(seen: Seen, visit_id: str) -> ops.Resume | None:
    visit = next((v for v in seen.holding if v.visit_id == visit_id), None)
    return ops.Resume(visit_id, visit.rev) if visit and not seen.in_hand else None


def quick(
    seen: Seen, need: str | None, resolution: Resolution, visit_id: str, ticket: str, language: str
) -> ops.QuickResolution | None:
    """A visit opened and ended in one step, under a fresh id and ticket of this tablet."""
    if seen.me is None or seen.in_hand or need is None or seen.need(need) is None:
        return None
    return ops.QuickResolution(visit_id, ticket, need, language, resolution)


# --- walking to a shopper ------------------------------------------------------------------------


def with_them(seen: Seen) -> ops.Start | None:
    visit = _in_hand(seen, State.ACCEPTED)
    return ops.Start(visit.visit_id, visit.rev) if visit else None


def call_again(seen: Seen) -> ops.Recall | None:
    visit = _in_hand(seen, State.ACCEPTED)
    return ops.Recall(visit.visit_id, visit.rev) if visit else None


def not_here(seen: Seen) -> ops.MarkNoShow | None:
    """Nobody came although the ticket was called again."""
    visit = _in_hand(seen, State.ACCEPTED)
    return ops.MarkNoShow(visit.visit_id, visit.rev) if visit and visit.recalled_at else None


def give_back(seen: Seen) -> ops.HandOver | None:
    """Back to the line as it is; a colleague is asked."""
    visit = _in_hand(seen, State.ACCEPTED)
    return ops.HandOver(visit.visit_id, visit.rev) if visit else None


def by_mistake(seen: Seen) -> ops.Remove | None:
    """Out of the line: nobody is waiting there."""
    visit = _in_hand(seen, State.ACCEPTED)
    return ops.Remove(visit.visit_id, visit.rev) if visit else None


# --- with a shopper ------------------------------------------------------------------------------


def hold(seen: Seen) -> ops.Hold | None:
    visit = _in_hand(seen, State.SERVING)
    return ops.Hold(visit.visit_id, visit.rev) if visit else None


def add_note(seen: Seen, note: str) -> ops.AddNote | None:
    visit, note = _in_hand(seen, State.SERVING), note.strip()[:LONGEST_NOTE]
    return ops.AddNote(visit.visit_id, visit.rev, note) if visit and note else None


def hand_over(seen: Seen, story: str, need: str | None = None) -> ops.HandOver | None:
    """To whoever can help with `need`; None for the need it is already known by."""
    visit = _in_hand(seen, State.SERVING)
    if visit is None:
        return None
    return ops.HandOver(visit.visit_id, visit.rev, story, need if need != visit.need else None)


def complete(
    seen: Seen, resolution: Resolution, tip: str | None = None, gift: str | None = None, cents: int = 0
) -> ops.Complete | None:
    visit = _in_hand(seen, State.SERVING)
    if visit is None:
        return None
    return ops.Complete(visit.visit_id, visit.rev, resolution, tip=tip, gift=gift, goodwill_cents=cents)


def _in_hand(seen: Seen, state: State) -> VisitRow | None:
    visit = seen.in_hand
    return visit if visit is not None and visit.state == state else None
