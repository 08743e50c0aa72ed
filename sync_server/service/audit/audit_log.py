"""Writes and reads the audit log.

A line has no word about a shopper: `about` names a device, an account, a need, a ticket, ….
"""

import sqlite3
from enum import StrEnum

from msgspec import Struct

KEEP_MS = 365 * 86_400_000
MAX_LINES = 50_000  # somebody who guesses passwords must not fill the disk
MAX_ABOUT = 200  # characters; the rest is cut off
COMMAND_LINE = "welkom"  # `who` of a change by the command line, which has no name


class AuditAction(StrEnum):
    """What was done. `manager.audit.*` in the texts says it; CHANGED is any other change of a page."""

    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    CODE_REFUSED = "code_refused"
    RECOVERY_USED = "recovery_used"
    NOT_ALLOWED = "not_allowed"
    SIGNED_OUT = "signed_out"
    CONFIRMED = "confirmed"
    CONFIRM_REFUSED = "confirm_refused"
    FIRST_PASSWORD = "first_password"
    PASSWORD_CHANGED = "password_changed"
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    INVITED = "invited"
    INVITATION_REMOVED = "invitation_removed"
    JOINED = "joined"
    ROLE_CHANGED = "role_changed"
    ACCOUNT_REMOVED = "account_removed"
    SESSION_ENDED = "session_ended"
    DEVICE_DECIDED = "device_decided"
    DEVICE_CHANGED = "device_changed"
    DEVICE_REVOKED = "device_revoked"
    WALL_CHANGED = "wall_changed"
    VISIT_CORRECTED = "visit_corrected"
    FLOOR_CHANGED = "floor_changed"
    PLAN_IMPORTED = "plan_imported"
    REPAIRED = "repaired"
    ERASED = "erased"
    BACKED_UP = "backed_up"
    BACKUP_DOWNLOADED = "backup_downloaded"
    RESTORED = "restored"
    RESTARTED = "restarted"
    DIAGNOSTICS = "diagnostics"
    LOG_DOWNLOADED = "log_downloaded"
    TOKEN_MADE = "token_made"
    TOKEN_REVOKED = "token_revoked"
    CALENDAR_CHANGED = "calendar_changed"
    SECRET_SHOWN = "secret_shown"
    MAIL_PASSWORD = "mail_password"
    SETTINGS_CHANGED = "settings_changed"
    COMMAND = "command"
    CHANGED = "changed"


class AuditLine(Struct, frozen=True):
    """One line. `at` in ms UTC; `address` of whom, and `device` their browser; both empty for a command."""

    at: int
    who: str
    action: str
    about: str = ""
    address: str = ""
    device: str = ""


def write_line(db: sqlite3.Connection, line: AuditLine) -> None:
    """Adds a line."""
    db.execute(
        "INSERT INTO audit_log (at, who, action, about, address, device) VALUES (?,?,?,?,?,?)",
        (line.at, line.who[:MAX_ABOUT], line.action, line.about[:MAX_ABOUT], line.address, line.device),
    )


def read_lines(
    db: sqlite3.Connection, limit: int, before: int | None = None, who: str = ""
) -> list[tuple[int, AuditLine]]:
    """Lines with their numbers, the latest first. `before` is a number; `who` of one person only."""
    rows = db.execute(
        "SELECT n, at, who, action, about, address, device FROM audit_log"
        " WHERE n < ? AND (? = '' OR who = ?) ORDER BY n DESC LIMIT ?",
        (before if before is not None else 1 << 62, who, who, limit),
    )
    return [(n, AuditLine(*row)) for n, *row in rows]


def remove_old(db: sqlite3.Connection, now: int) -> None:
    """Removes lines that are kept no longer. `now` in ms UTC."""
    db.execute("DELETE FROM audit_log WHERE at < ?", (now - KEEP_MS,))
    db.execute("DELETE FROM audit_log WHERE n <= (SELECT max(n) FROM audit_log) - ?", (MAX_LINES,))
