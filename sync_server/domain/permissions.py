"""Who may do what: one table, asked wherever something is about to be done.

`docs/roles.md` shows the table, and a test holds the page to it. What the table allows may still be
refused for another reason: a kiosk may cancel a visit, but only one that it opened itself.
"""

from enum import StrEnum

from . import ops
from .ops import ActorKind


class Deed(StrEnum):
    """What can be done besides the ops: a deed of the web pages or of the conversation with a device."""

    SIGN_IN = "sign_in"  # take a tablet with an employee's PIN
    LOOK = "look"  # see the manager's pages
    MANAGE = "manage"  # change something on the manager's pages
    READ_FIGURES = "read_figures"  # those of the server, from another computer


Asked = type | Deed

_KIOSK, _STAFF, _PHONE, _API, _MANAGER, _READONLY, _SYSTEM = (
    ActorKind.KIOSK,
    ActorKind.STAFF,
    ActorKind.PHONE,
    ActorKind.API,
    ActorKind.MANAGER,
    ActorKind.READONLY,
    ActorKind.SYSTEM,
)

MAY: dict[Asked, frozenset[ActorKind]] = {
    ops.OpenVisit: frozenset({_KIOSK, _STAFF, _API}),
    ops.Cancel: frozenset({_KIOSK, _PHONE}),
    ops.Rate: frozenset({_KIOSK, _PHONE}),
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
    ops.Remove: frozenset({_STAFF}),
    ops.QuickResolution: frozenset({_STAFF}),
    ops.SignOn: frozenset({_SYSTEM}),
    Deed.SIGN_IN: frozenset({_STAFF}),
    Deed.LOOK: frozenset({_MANAGER, _READONLY}),
    Deed.MANAGE: frozenset({_MANAGER}),
    Deed.READ_FIGURES: frozenset({_API}),
}


def may(role: ActorKind, what: Asked) -> bool:
    """Whether the table allows `what` to this role. What is not in the table is allowed to nobody."""
    return role in MAY.get(what, ())


def name_of(what: Asked) -> str:
    """What the page and the protocol call it."""
    return what.value if isinstance(what, Deed) else str(getattr(what, "__struct_config__").tag)  # noqa: B009
