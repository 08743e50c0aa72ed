"""The tables about the people of the manager's pages, besides their accounts. See `migrations.py`."""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations


def register(migrations: Migrations) -> None:
    """Adds the steps that make these tables."""

    @migrations()
    def people_of_the_pages(db: Database) -> None:
        """Second factors, invitations, and the audit log."""
        db.table("second_factors").create(
            {"account": str, "secret": str, "since": int, "last_step": int},
            pk="account",
            not_null={"secret", "since", "last_step"},
            strict=True,
        )
        db.table("recovery_codes").create(
            {"n": int, "account": str, "code_hash": str},
            pk="n",
            not_null={"account", "code_hash"},
            strict=True,
        )
        db.table("recovery_codes").create_index(["account"])
        db.table("invitations").create(
            {
                "n": int,
                "code_hash": str,
                "name": str,
                "role": str,
                "made_by": str,
                "made_at": int,
                "until": int,
            },
            pk="n",
            not_null={"code_hash", "name", "role", "made_by", "made_at", "until"},
            strict=True,
        )
        db.table("invitations").create_index(["code_hash"], unique=True)
        db.table("audit_log").create(
            {"n": int, "at": int, "who": str, "action": str, "about": str, "address": str, "device": str},
            pk="n",
            not_null={"at", "who", "action", "about", "address", "device"},
            strict=True,
        )
        db.table("audit_log").create_index(["at"])
