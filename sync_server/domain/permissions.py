"""The permission table: which role may do which op or other action.

A test checks `docs/reference/roles.md` against the table. An allowed op may still be refused for another
reason: a kiosk may cancel a visit, but only one that it opened itself.
"""

from enum import StrEnum

from . import ops
from .ops import ActorKind


class Permission(StrEnum):
    """What can be allowed besides the ops: actions of the web pages and of the device protocol."""

    SIGN_IN = "sign_in"  # take a tablet with an employee's PIN
    LOOK = "look"  # see the manager's pages
    MANAGE = "manage"  # change something on the manager's pages
    READ_FIGURES = "read_figures"  # the metrics of the server, from another computer
    READ_STORE = "read_store"  # visits, floor, report and catalogue, as another program of the shop
    COUNT_ARRIVALS = "count_arrivals"  # say how many people came through a door


Action = type | Permission  # the class of an op, or a permission

_KIOSK, _STAFF, _PHONE, _API, _MANAGER, _READONLY, _SYSTEM = (
    ActorKind.KIOSK,
    ActorKind.STAFF,
    ActorKind.PHONE,
    ActorKind.API,
    ActorKind.MANAGER,
    ActorKind.READONLY,
    ActorKind.SYSTEM,
)

ALLOWED: dict[Action, frozenset[ActorKind]] = {
    ops.OpenVisit: frozenset({_KIOSK, _STAFF, _PHONE, _API}),
    ops.Cancel: frozenset({_KIOSK, _PHONE, _API}),
    ops.Rate: frozenset({_KIOSK, _PHONE}),
    ops.CountSession: frozenset({_KIOSK}),
    ops.SetPresence: frozenset({_STAFF}),
    ops.Accept: frozenset({_STAFF}),
    ops.Decline: frozenset({_STAFF}),
    ops.Claim: frozenset({_STAFF}),
    ops.Recall: frozenset({_STAFF}),
    ops.Start: frozenset({_STAFF}),
    ops.Hold: frozenset({_STAFF}),
    ops.Resume: frozenset({_STAFF}),
    ops.HandOver: frozenset({_STAFF}),
    ops.AddNote: frozenset({_STAFF}),
    ops.Complete: frozenset({_STAFF}),
    ops.MarkNoShow: frozenset({_STAFF}),
    ops.Remove: frozenset({_STAFF, _MANAGER}),
    ops.QuickResolution: frozenset({_STAFF}),
    ops.Undo: frozenset({_STAFF}),
    ops.AskForHelp: frozenset({_STAFF}),
    ops.AnswerHelp: frozenset({_STAFF, _MANAGER}),
    ops.AskAgain: frozenset({_MANAGER}),
    ops.Correct: frozenset({_MANAGER}),
    ops.LookInto: frozenset({_MANAGER}),
    ops.OfferTo: frozenset({_MANAGER}),
    ops.SetPresenceOf: frozenset({_MANAGER}),
    ops.CloseNeed: frozenset({_MANAGER}),
    ops.ReopenNeed: frozenset({_MANAGER}),
    ops.Announce: frozenset({_MANAGER}),
    ops.PutAway: frozenset({_MANAGER}),
    ops.SignOn: frozenset({_SYSTEM}),
    ops.SignOff: frozenset({_SYSTEM}),
    Permission.SIGN_IN: frozenset({_STAFF}),
    Permission.LOOK: frozenset({_MANAGER, _READONLY}),
    Permission.MANAGE: frozenset({_MANAGER}),
    Permission.READ_FIGURES: frozenset({_API}),
    Permission.READ_STORE: frozenset({_API}),
    Permission.COUNT_ARRIVALS: frozenset({_API}),
}


def is_allowed(role: ActorKind, action: Action) -> bool:
    """Whether this role may do `action`. An action that is not in the table is allowed to nobody."""
    return role in ALLOWED.get(action, ())


def name_of(action: Action) -> str:
    """Its name in docs/reference/roles.md and in the protocol."""
    return action.value if isinstance(action, Permission) else str(getattr(action, "__struct_config__").tag)  # noqa: B009
