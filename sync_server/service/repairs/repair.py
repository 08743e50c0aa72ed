"""A repair: a finding of `welkom doctor` for a person at the manager's pages."""

from enum import StrEnum

from msgspec import Struct

from sync_server.service.upkeep.finding import Finding, FindingKind


class Severity(StrEnum):
    """URGENT stands on every page of the manager until it is mended. HINT costs nothing if left as it is."""

    URGENT = "urgent"
    SOON = "soon"
    HINT = "hint"


class RepairAction(StrEnum):
    """What a machine can do about a finding, by one button."""

    BACK_UP = "back_up"
    FREE_BACKUPS = "free_backups"
    TRUST_CLOCK = "trust_clock"
    PAIR_AGAIN = "pair_again"
    REMOVE_REPLACED = "remove_replaced"
    FIX_MODES = "fix_modes"


class Repair(Struct, frozen=True):
    """`action` is the button that mends it; None where a person has to do something elsewhere."""

    finding: Finding
    severity: Severity
    action: RepairAction | None


_URGENT = frozenset(
    {
        FindingKind.UNSOUND,
        FindingKind.SETTINGS,
        FindingKind.KEY,
        FindingKind.SPACE,
        FindingKind.BACKUP_FAILED,
        FindingKind.BACKUP_RICHER,
        FindingKind.CLOCK_DOUBT,
        FindingKind.CLOCK_UNSET,
        FindingKind.TWO_OWNERS,
    }
)
_HINTS = frozenset(
    {
        FindingKind.NO_ADDRESS,
        FindingKind.REPLACED,
        FindingKind.TIME_ZONE,
        FindingKind.UNSEEN,
        FindingKind.NO_PIN,
    }
)
_ACTIONS = {
    FindingKind.SPACE: RepairAction.FREE_BACKUPS,
    FindingKind.BACKUP_FAILED: RepairAction.BACK_UP,
    FindingKind.BACKUP_LATE: RepairAction.BACK_UP,
    FindingKind.CLOCK_DOUBT: RepairAction.TRUST_CLOCK,
    FindingKind.CLOCK_BEHIND: RepairAction.TRUST_CLOCK,
    FindingKind.CLOCK_AHEAD: RepairAction.TRUST_CLOCK,
    FindingKind.TWO_OWNERS: RepairAction.PAIR_AGAIN,
    FindingKind.REPLACED: RepairAction.REMOVE_REPLACED,
    FindingKind.MODES: RepairAction.FIX_MODES,
}


def repair_of(finding: Finding) -> Repair:
    """The repair for a finding."""
    if finding.kind in _URGENT:
        severity = Severity.URGENT
    else:
        severity = Severity.HINT if finding.kind in _HINTS else Severity.SOON
    return Repair(finding, severity, _ACTIONS.get(finding.kind))


def most_urgent_first(repairs: list[Repair]) -> list[Repair]:
    """The urgent ones, then the others, and hints last; each in the order in which they were found."""
    order = list(Severity)
    return sorted(repairs, key=lambda repair: order.index(repair.severity))
